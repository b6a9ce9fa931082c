import Architecture
import JSON
import Symbolic

/// Mixtral, the sparse Qwens and others: attention, and experts that a linear gate chooses.
extension Family {
  static let sparse: [Family] = [mixtral, qwen2MoE, qwen3MoE, minimaxM2, grok1]

  static let mixtral = Family(
    "mixtral", spelling: "num_experts=num_local_experts",
    defaults: """
      vocab_size=32000 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=8
      head_dim=null num_local_experts=8 num_experts_per_tok=2 tie_word_embeddings=false
      sliding_window=null
      """
  ) { keys in
    let experts = try keys.experts(
      keys.expertCounts(), keys.gated(names: .numbered), normalizes: true)
    return try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(reach: keys.window()), experts, paths: ("self_attn", "block_sparse_moe"))))
  }

  static let qwen2MoE = Family(
    "qwen2_moe",
    defaults: """
      vocab_size=151936 intermediate_size=5632 num_attention_heads=16 num_key_value_heads=16
      moe_intermediate_size=1408 shared_expert_intermediate_size=5632 num_experts=60
      num_experts_per_tok=4 decoder_sparse_step=1 mlp_only_layers=null qkv_bias=true
      tie_word_embeddings=false
      norm_topk_prob=false
      use_sliding_window=false sliding_window=4096 max_window_layers=28 layer_types=null
      """
  ) { keys in
    let bias = try keys.biases(.inputs, if: "qkv_bias")
    let attention = try keys.attention(bias: bias)
    let groups = try keys.sparseSteps { isSparse in
      guard isSparse else {
        return try keys.layer(attention, .feedForward(keys.gated()))
      }
      let experts = try keys.experts(
        keys.expertCounts(), keys.gated(keys.size(.expertSize)),
        shared: keys.gated(keys.size(.sharedSize)), sharedPath: "shared_expert",
        sharedGate: "shared_expert_gate")
      return try keys.layer(attention, experts)
    }
    guard try keys.isSet("use_sliding_window") else { return try keys.decoder(groups) }
    let first = try keys.integer("max_window_layers") ?? 0
    return try keys.decoder(keys.sliding(groups) { $0.isMultiple(of: 2) && $0 < first })
  }

  static let qwen3MoE = Family(
    "qwen3_moe", spelling: "num_local_experts=num_experts",
    defaults: """
      vocab_size=151936 intermediate_size=6144 num_attention_heads=32 num_key_value_heads=4
      moe_intermediate_size=768 num_experts=128 num_experts_per_tok=8 decoder_sparse_step=1
      mlp_only_layers=null attention_bias=false tie_word_embeddings=false
      norm_topk_prob=false
      use_sliding_window=false sliding_window=4096
      """
  ) { keys in
    let bias = try keys.biases(.all)
    let attention = try keys.attention(
      bias: bias, norm: .eachHead,
      reach: keys.isSet("use_sliding_window") ? keys.window() : .all)
    return try keys.decoder(
      keys.sparseSteps { isSparse in
        guard isSparse else {
          return try keys.layer(attention, .feedForward(keys.gated()))
        }
        return try keys.layer(
          attention, keys.experts(keys.expertCounts(), keys.gated(keys.size(.expertSize))))
      })
  }

  static let minimaxM2 = Family(
    "minimax_m2", spelling: "num_experts=num_local_experts",
    defaults: """
      vocab_size=200064 intermediate_size=1536 num_attention_heads=48 num_key_value_heads=8
      head_dim=128 num_local_experts=256 num_experts_per_tok=8 tie_word_embeddings=false
      rotary_dim=null
      """
  ) { keys in
    let counts = try keys.expertCounts()
    let experts = try keys.experts(
      counts, keys.gated(names: .numbered),
      correction: keys.scoreCorrection(counts.all, "e_score_correction_bias"), normalizes: true)
    // Without `rotary_dim` the rules of the angles say which part of a head is rotated.
    let heads = try keys.heads()
    let position =
      try keys.reading("rotary_dim") == nil
      ? PositionScheme.rotary(
        keys.angles(
          keys.rotaryShare(of: nil).map { .floor(Formula($0) * heads.size) } ?? heads.size))
      : keys.rotary(heads.size)
    return try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(heads, norm: .allHeads, position: position), experts,
          paths: ("self_attn", "block_sparse_moe"))))
  }

  /// Grok-1, with the keys of Llama: there is no `model_type` of `transformers`.
  ///
  /// - Source: xai-org/grok-1, `run.py` and `model.py`; four norms a layer, a tied head.
  static let grok1 = Family(
    "grok-1",
    defaults: """
      vocab_size=131072 intermediate_size=32768 num_attention_heads=48 num_key_value_heads=8
      head_dim=128 num_experts=8 num_experts_per_tok=2 tie_word_embeddings=true
      """
  ) { keys in
    let expert = try keys.gated(names: GatedNames(gate: "linear", up: "linear_v", down: "linear_1"))
    return try keys.decoder(
      keys.uniform(
        keys.sandwichLayer(
          keys.attention(), keys.experts(keys.expertCounts(), expert),
          norms: ["pre_attn_norm", "post_attn_norm", "pre_moe_norm", "post_moe_norm"],
          paths: ("attn", "moe_block"))))
  }
}

extension Keys {
  /// Layers of which every `decoder_sparse_step`-th has experts, without `mlp_only_layers`.
  func sparseSteps(_ build: (Bool) throws -> Layer) throws -> [LayerGroup] {
    let step = try integer("decoder_sparse_step", least: 1) ?? 1
    let dense = try list("mlp_only_layers") ?? []
    // Without experts every layer is dense, as in transformers.
    let hasExperts = try integer("num_experts") != 0
    guard hasExperts else { return try uniform(build(false)) }
    if step == 1 && dense.isEmpty { return try uniform(build(true)) }
    return try layers { index in
      (index + 1).isMultiple(of: step) && !dense.contains(.integer(index))
    } _: { isSparse in
      try build(isSparse)
    }
  }
}
