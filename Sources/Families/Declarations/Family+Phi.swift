import Architecture
import JSON
import Symbolic

/// Microsoft's Phi.
extension Family {
  static let ofPhi: [Family] = [phi, phi3, phiMoE, phi4Multimodal]

  static let phi = Family(
    "phi",
    defaults: """
      vocab_size=51200 intermediate_size=8192 num_attention_heads=32 num_key_value_heads=null
      qk_layernorm=false hidden_act="gelu_new" tie_word_embeddings=false
      partial_rotary_factor=0.5
      """
  ) { keys in
    let heads = try keys.heads()
    let width = try Formula.floor(keys.size(.hidden) / heads.query)
    let norms: [(String, Formula, Normalization.Subject)] =
      try keys.flag("qk_layernorm")
      ? [("q_layernorm", heads.query, .queries), ("k_layernorm", heads.keyValue, .keys)] : []
    let attention = try keys.attention(
      heads, bias: .all, names: .dense,
      norms: norms.map { Normalization($0, [width], .layer, bias: true, vectors: $1, of: $2) })
    let layer = try keys.parallelLayer(
      attention, .feedForward(keys.plain(nil, "fc1", "fc2")),
      norms: [keys.norm("input_layernorm", .layer)])
    return try keys.decoder(
      keys.uniform(layer), FrameNames(norm: "model.final_layernorm"), norm: .layer, headBias: true)
  }

  static let phi3 = Family(
    "phi3",
    defaults: """
      vocab_size=32064 intermediate_size=8192 num_attention_heads=32 num_key_value_heads=null
      sliding_window=null tie_word_embeddings=false
      partial_rotary_factor=1.0
      """
  ) { keys in
    let attention = try keys.fusedAttention(
      nil, "qkv_proj", "o_proj", inputBias: false, outputBias: false, reach: keys.window())
    return try keys.decoder(
      keys.uniform(keys.layer(attention, .feedForward(keys.fusedGated()))))
  }

  static let phiMoE = Family(
    "phimoe",
    fixed: "states_rotary_magnitudes=true",
    defaults: """
      vocab_size=32064 intermediate_size=6400 num_attention_heads=32 num_key_value_heads=8
      num_local_experts=16 num_experts_per_tok=2 attention_bias=false lm_head_bias=false
      sliding_window=null tie_word_embeddings=false router_jitter_noise=0.01
      """
  ) { keys in
    let jitter = try keys.given("router_jitter_noise") ?? "0.01"
    let experts = try keys.experts(
      keys.phiMoECounts(), keys.gated(names: .numbered), scoring: .oneByOne(bound: "2" * jitter))
    let attention = try keys.attention(bias: keys.biases(.all), reach: keys.window())
    return try keys.decoder(
      keys.uniform(
        keys.layer(attention, experts, norm: .layer, paths: ("self_attn", "block_sparse_moe"))),
      norm: .layer, headBias: keys.flag("lm_head_bias"))
  }

  /// The text model of Phi-4-multimodal, without the adapters and towers beside it.
  static let phi4Multimodal = Family(
    "phi4_multimodal", like: phi3,
    defaults: """
      vocab_size=200064 intermediate_size=8192 num_attention_heads=32 num_key_value_heads=8
      sliding_window=null tie_word_embeddings=false
      partial_rotary_factor=1.0
      """)
}

extension Keys {
  /// Two experts run for each token, whatever the key says.
  ///
  /// - Source: `sparsemixer` of transformers 5.23.0.
  fileprivate func phiMoECounts() throws -> (all: Formula, active: Formula) {
    let key = "num_experts_per_tok"
    let all = try size(.experts, "num_local_experts")
    if let given = try reading(key), given.value.integer != 2 {
      note(
        "\(key) is \(given.value.line), but \(modelType) runs two experts for each token, as in"
          + " transformers.")
    }
    let active = derived(.activeExperts, key: key, 2, "always two in \(modelType)")
    try require(active, key, atMost: all, "num_local_experts")
    return (all, active)
  }
}
