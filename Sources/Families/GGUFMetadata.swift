package import JSON

/// What a file of llama.cpp says of its model, in the keys of `transformers`.
///
/// - Source: `gguf-py/gguf/constants.py` and `convert_hf_to_gguf.py` of llama.cpp.
package struct GGUFMetadata {
  /// The configuration in the keys of `transformers`.
  package let configuration: JSONObject

  /// The architectures that are read.
  package static var architectures: [String] { Array(forms.keys).sorted() }

  /// - `metadata`: the keys of the file.
  /// - `shape`: the extents of a tensor by the name that the file gives it, outermost first.
  /// - Returns: nil for an architecture that is not read.
  package init?(_ metadata: JSONObject, shape: (String) -> [Int]?) {
    guard let architecture = metadata["general.architecture"]?.string,
      let form = Self.forms[architecture]
    else { return nil }
    func value(_ key: String) -> JSONValue? { metadata["\(architecture).\(key)"] }
    func integer(_ key: String) -> Int128? { value(key)?.integer }
    var result = JSONObject([("model_type", .string(form.type(metadata, shape)))])
    for (key, name) in Self.common + form.names {
      guard let found = value(key) else { continue }
      // A list has a value for each layer; where all agree it is one.
      if let list = found.array, let first = list.first, list.allSatisfy({ $0 == first }) {
        result[name] = first
      } else {
        result[name] = found
      }
    }
    if let rows = shape("token_embd.weight")?.first { result["vocab_size"] = .integer(rows) }
    result["tie_word_embeddings"] = .boolean(shape("output.weight") == nil)
    let type = form.type(metadata, shape)
    for (tensor, key) in form.biases where type != "mixtral" {
      result[key] = .boolean(shape("blk.0.\(tensor).bias") != nil)
    }
    if architecture == "deepseek2" { Self.addLatents(to: &result, value, metadata) }
    configuration = result
  }

  /// The widths of latent attention, which newer files give for one shared head of keys.
  private static func addLatents(
    to result: inout JSONObject, _ value: (String) -> JSONValue?, _ metadata: JSONObject
  ) {
    let keys = (value("attention.key_length_mla") ?? value("attention.key_length"))?.integer
    let values = (value("attention.value_length_mla") ?? value("attention.value_length"))?.integer
    let rotated = value("rope.dimension_count")?.integer
    if let keys, let rotated { result["qk_nope_head_dim"] = .integer(keys - rotated) }
    if let rotated { result["qk_rope_head_dim"] = .integer(rotated) }
    if let values { result["v_head_dim"] = .integer(values) }
    // The library's key counts every head of keys.
    result["num_key_value_heads"] = result["num_attention_heads"]
    if result["q_lora_rank"] == nil { result["q_lora_rank"] = .null }
  }

  /// Keys that mean the same in every architecture.
  private static let common = [
    ("embedding_length", "hidden_size"), ("block_count", "num_hidden_layers"),
    ("feed_forward_length", "intermediate_size"),
    ("attention.head_count", "num_attention_heads"),
    ("attention.head_count_kv", "num_key_value_heads"),
    ("context_length", "max_position_embeddings"), ("rope.freq_base", "rope_theta"),
    ("expert_used_count", "num_experts_per_tok"),
  ]

  /// How the metadata of one architecture are read.
  fileprivate struct Form: Sendable {
    var type: @Sendable (JSONObject, (String) -> [Int]?) -> String
    var names: [(String, String)] = []
    /// Tensors of the first layer whose bias a key states.
    var biases: [(String, String)] = []

    init(
      _ type: String, _ names: [(String, String)] = [], biases: [(String, String)] = []
    ) {
      self.type = { _, _ in type }
      self.names = names
      self.biases = biases
    }
  }
}

extension GGUFMetadata {
  private static let epsilon = [("attention.layer_norm_rms_epsilon", "rms_norm_eps")]
  private static let head = [("attention.key_length", "head_dim")]
  private static let window = [("attention.sliding_window", "sliding_window")]

  private static let llama: Form = {
    var form = Form(
      "llama", epsilon + head + [("expert_count", "num_local_experts")],
      biases: [("attn_q", "attention_bias"), ("ffn_up", "mlp_bias")])
    form.type = { metadata, _ in
      (metadata["llama.expert_count"]?.integer ?? 0) > 0 ? "mixtral" : "llama"
    }
    return form
  }()

  private static let deepSeek: Form = {
    var form = Form(
      "deepseek_v2",
      epsilon + [
        ("attention.q_lora_rank", "q_lora_rank"), ("attention.kv_lora_rank", "kv_lora_rank"),
        ("leading_dense_block_count", "first_k_dense_replace"),
        ("expert_count", "n_routed_experts"), ("expert_shared_count", "n_shared_experts"),
        ("expert_feed_forward_length", "moe_intermediate_size"),
        ("expert_weights_scale", "routed_scaling_factor"),
        ("expert_weights_norm", "norm_topk_prob"), ("expert_group_count", "n_group"),
        ("expert_group_used_count", "topk_group"),
      ])
    form.type = { metadata, shape in
      // 2 is the sigmoid, with which the correction came.
      metadata["deepseek2.expert_gating_func"]?.integer == 2 ? "deepseek_v3" : "deepseek_v2"
    }
    return form
  }()

  private static let forms: [String: Form] = [
    "llama": llama,
    "qwen2": Form("qwen2", epsilon),
    "qwen2moe": Form(
      "qwen2_moe",
      epsilon + [
        ("expert_count", "num_experts"), ("expert_feed_forward_length", "moe_intermediate_size"),
        ("expert_shared_feed_forward_length", "shared_expert_intermediate_size"),
      ]),
    "qwen3": Form("qwen3", epsilon + head, biases: [("attn_q", "attention_bias")]),
    "qwen3moe": Form(
      "qwen3_moe",
      epsilon + head + [
        ("expert_count", "num_experts"), ("expert_feed_forward_length", "moe_intermediate_size"),
      ], biases: [("attn_q", "attention_bias")]),
    "gemma": Form("gemma", epsilon + head),
    "gemma2": Form(
      "gemma2",
      epsilon + head + window + [
        ("attn_logit_softcapping", "attn_logit_softcapping"),
        ("final_logit_softcapping", "final_logit_softcapping"),
      ]),
    "gemma3": Form("gemma3_text", epsilon + head + window),
    "phi3": Form("phi3", epsilon),
    "deepseek2": deepSeek,
    "gpt-oss": Form(
      "gpt_oss",
      epsilon + head + window + [
        ("expert_count", "num_local_experts"),
        ("expert_feed_forward_length", "intermediate_size"),
      ]),
    "olmo2": Form("olmo2", epsilon),
    "olmoe": Form("olmoe", epsilon + [("expert_count", "num_experts")]),
    "granite": Form(
      "granite", epsilon, biases: [("attn_q", "attention_bias"), ("ffn_up", "mlp_bias")]),
    "smollm3": Form(
      "smollm3", epsilon, biases: [("attn_q", "attention_bias"), ("ffn_up", "mlp_bias")]),
    "command-r": Form("cohere", [("attention.layer_norm_epsilon", "layer_norm_eps")]),
    "glm4": Form("glm4", epsilon + head, biases: [("attn_q", "attention_bias")]),
    "starcoder2": Form("starcoder2", [("attention.layer_norm_epsilon", "norm_epsilon")]),
  ]
}
