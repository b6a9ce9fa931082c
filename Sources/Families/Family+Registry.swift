extension Family {
  /// Every family, by `model_type`.
  package static let named: [String: Family] = Dictionary(
    all.map { ($0.modelType, $0) }, uniquingKeysWith: { first, _ in first })

  /// Every family, in the order of the documentation.
  package static let all: [Family] = [
    llamaLike, recurrent, hybrid, delta, lfm, zambas, receptance, kimis, mixed, perLayer, qwen4,
  ].flatMap { $0 }

  /// Configurations that nest a text model under `text_config`, and the type of that model.
  static let wrappers: [String: String] = [
    "gemma3": "gemma3_text",
    "llama4": "llama4_text",
    "qwen3_5": "qwen3_5_text",
    "qwen3_5_moe": "qwen3_5_moe_text",
    "qwen4_exp": "qwen4_exp_text",
    "gemma3n": "gemma3n_text",
    "gemma4": "gemma4_text",
  ]
}
