/// How llama.cpp names the tensors of an architecture, in the names of `transformers`.
///
/// - Source: `gguf-py/gguf/tensor_mapping.py` of llama.cpp.
package struct GGUFNames: Sendable {
  /// The stems inside a layer, which stand between `blk.N.` and `.weight` or `.bias`.
  private let layer: [String: String]
  private let outside: [String: String]

  /// The names of an architecture; nil for one that has no table here.
  package init?(_ architecture: String) {
    guard let variant = Self.variants[architecture] else { return nil }
    var layer = Self.common
    for (name, other) in variant { layer[name] = other }
    self.layer = layer
    outside = [
      "token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head",
    ]
  }

  /// The name of `transformers`, or the same name where the table has none.
  package func translated(_ name: String) -> String {
    guard let dot = name.lastIndex(of: ".") else { return name }
    let (stem, suffix) = (String(name[..<dot]), name[dot...])
    guard stem.hasPrefix("blk.") else { return outside[stem].map { $0 + suffix } ?? name }
    let parts = stem.split(separator: ".", maxSplits: 2)
    guard parts.count == 3, let inner = layer[String(parts[2])] else { return name }
    // Sinks and corrections are stored with a suffix, and have none in the library.
    let bare = inner.hasSuffix(".sinks") || inner.hasSuffix("e_score_correction_bias")
    return "model.layers.\(parts[1]).\(inner)\(bare ? "" : String(suffix))"
  }

  private static let common = [
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj", "attn_qkv": "self_attn.qkv_proj",
    "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm",
    "attn_q_a": "self_attn.q_a_proj", "attn_q_b": "self_attn.q_b_proj",
    "attn_q_a_norm": "self_attn.q_a_layernorm",
    "attn_kv_a_mqa": "self_attn.kv_a_proj_with_mqa", "attn_kv_b": "self_attn.kv_b_proj",
    "attn_kv_a_norm": "self_attn.kv_a_layernorm", "attn_sinks": "self_attn.sinks",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
    "ffn_gate_inp": "mlp.gate", "exp_probs_b": "mlp.gate.e_score_correction_bias",
    "ffn_gate_exps": "mlp.experts.gate_proj", "ffn_up_exps": "mlp.experts.up_proj",
    "ffn_down_exps": "mlp.experts.down_proj",
    "ffn_gate_shexp": "mlp.shared_expert.gate_proj", "ffn_up_shexp": "mlp.shared_expert.up_proj",
    "ffn_down_shexp": "mlp.shared_expert.down_proj",
    "ffn_gate_inp_shexp": "mlp.shared_expert_gate",
  ]

  private static let norms = [
    "post_attention_norm": "post_attention_layernorm", "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
  ]

  private static let variants: [String: [String: String]] = [
    "llama": [:], "qwen2": [:], "qwen2moe": [:], "qwen3": [:], "qwen3moe": [:], "gemma": [:],
    "gemma2": norms, "gemma3": norms, "phi3": ["ffn_up": "mlp.gate_up_proj"], "granite": [:],
    "smollm3": [:], "command-r": [:], "olmoe": [:],
    "olmo2": [
      "post_attention_norm": "post_attention_layernorm",
      "post_ffw_norm": "post_feedforward_layernorm",
    ],
    "glm4": [
      "ffn_up": "mlp.gate_up_proj", "post_attention_norm": "post_self_attn_layernorm",
      "post_ffw_norm": "post_mlp_layernorm",
    ],
    "deepseek2": [
      "ffn_gate_shexp": "mlp.shared_experts.gate_proj",
      "ffn_up_shexp": "mlp.shared_experts.up_proj",
      "ffn_down_shexp": "mlp.shared_experts.down_proj",
    ],
    "gpt-oss": [
      "post_attention_norm": "post_attention_layernorm", "ffn_gate_inp": "mlp.router",
    ],
    "starcoder2": ["ffn_up": "mlp.c_fc", "ffn_down": "mlp.c_proj"],
  ]
}
