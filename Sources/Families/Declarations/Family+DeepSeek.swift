import Architecture
import JSON
import Symbolic

/// DeepSeekMoE and its kin: fine-grained experts, shared experts, leading dense layers.
extension Family {
  static let deepSeek: [Family] = [
    deepSeekMoE, deepSeekV2, deepSeekV3, kimiK2, deepSeekV32, glmMoEDSA, dots1, glm4MoE,
    glm4MoELite,
  ]

  /// DeepSeekMoE as its repository on the hub builds it; no type of `transformers`.
  ///
  /// - Source: deepseek-ai/deepseek-moe-16b-base, `modeling_deepseek.py`. The value `hash` of
  ///   `scoring_func` is ours: a fixed hash chooses the expert, so there is no gate to learn.
  static let deepSeekMoE = Family(
    "deepseek", spelling: "num_experts=n_routed_experts",
    defaults: """
      vocab_size=102400 intermediate_size=11008 moe_intermediate_size=1407 num_attention_heads=32
      num_key_value_heads=null n_shared_experts=null n_routed_experts=null num_experts_per_tok=null
      moe_layer_freq=1 first_k_dense_replace=0 attention_bias=false scoring_func="softmax"
      norm_topk_prob=false tie_word_embeddings=false
      """
  ) { keys in
    let bias = try keys.biases(.all)
    let heads = try keys.heads(explicit: false)
    let attention = try keys.attention(heads, bias: bias)
    let dense = try keys.layer(attention, .feedForward(keys.gated()))
    guard try keys.reading("num_experts") != nil else {
      return try keys.decoder(keys.uniform(dense))
    }
    var sparse = try keys.layer(attention, keys.fineGrainedExperts())
    switch try keys.text("scoring_func") {
    case "hash": sparse = try keys.layer(attention, keys.fineGrainedExperts(isHashed: true))
    case "softmax", "sigmoid", nil: break
    case let other?:
      throw DescriptionError.unsupported(
        key: "scoring_func", found: "\"\(other)\"", supported: "softmax, sigmoid, hash")
    }
    let step = try keys.integer("moe_layer_freq", least: 1) ?? 1
    guard step > 1 else {
      return try keys.decoder(keys.leading("first_k_dense_replace", dense, then: sparse))
    }
    let first = try keys.integer("first_k_dense_replace") ?? 0
    let layer = sparse
    return try keys.decoder(
      keys.layers {
        $0 >= first && $0.isMultiple(of: step)
      } _: {
        $0 ? layer : dense
      })
  }

  static let deepSeekV2 = Family(
    "deepseek_v2", spelling: "num_experts=n_routed_experts",
    defaults: """
      vocab_size=102400 intermediate_size=11008 num_attention_heads=32 attention_bias=false
      mlp_bias=false first_k_dense_replace=0 kv_lora_rank=512 q_lora_rank=1536 n_routed_experts=64
      n_shared_experts=2 qk_nope_head_dim=128 qk_rope_head_dim=64 v_head_dim=128
      num_experts_per_tok=null moe_intermediate_size=1407 tie_word_embeddings=false
      topk_method="greedy" n_group=null topk_group=null routed_scaling_factor=1.0
      """
  ) { keys in
    try keys.noteIgnoredFrequency()
    // The class never divides the weights of the chosen by their sum, whatever a file says.
    keys.passOver("norm_topk_prob")
    let attention = try Module.latentAttention(
      keys.latentAttention(bias: keys.flag("attention_bias")))
    let bias = try keys.flag("mlp_bias")
    return try keys.decoder(
      keys.leading(
        "first_k_dense_replace", keys.layer(attention, .feedForward(keys.gated(bias: bias))),
        then: keys.layer(attention, keys.fineGrainedExperts(sharedBias: bias))))
  }

  static let deepSeekV3 = Family(
    "deepseek_v3", spelling: "num_local_experts=n_routed_experts num_experts:n_routed_experts",
    defaults: """
      vocab_size=129280 intermediate_size=18432 moe_intermediate_size=2048 num_attention_heads=128
      n_shared_experts=1 n_routed_experts=256 num_experts_per_tok=8 first_k_dense_replace=3
      kv_lora_rank=512 q_lora_rank=1536 qk_rope_head_dim=64 v_head_dim=128 qk_nope_head_dim=128
      attention_bias=false tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=2.5 n_group=8 topk_group=4
      """
  ) { keys in
    try keys.noteIgnoredFrequency()
    let attention = try Module.latentAttention(
      keys.latentAttention(bias: keys.flag("attention_bias")))
    return try keys.decoder(
      keys.leading(
        "first_k_dense_replace", keys.layer(attention, .feedForward(keys.gated())),
        then: keys.layer(attention, keys.fineGrainedExperts(isCorrected: true))))
  }

  /// Kimi K2 is DeepSeek-V3 with other sizes; its files carry every one of them.
  static let kimiK2 = Family("kimi_k2", like: deepSeekV3, defaults: deepSeekV3.defaults)

  static let deepSeekV32 = Family(
    "deepseek_v32", spelling: "num_local_experts=n_routed_experts num_experts=n_routed_experts",
    defaults: """
      vocab_size=129280 intermediate_size=18432 moe_intermediate_size=2048 num_attention_heads=128
      n_shared_experts=1 n_routed_experts=256 num_experts_per_tok=8 first_k_dense_replace=3
      kv_lora_rank=512 q_lora_rank=1536 qk_rope_head_dim=64 v_head_dim=128 qk_nope_head_dim=128
      index_head_dim=128 index_n_heads=64 index_topk=2048 mlp_layer_types=null attention_bias=false
      tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=2.5 n_group=8 topk_group=4
      """
  ) { keys in
    let attention = try Module.latentAttention(
      keys.latentAttention(bias: keys.flag("attention_bias"), chooses: .own))
    return try keys.decoder(
      keys.denseOrSparse(
        leading: keys.size(.leadingDense, least: 0),
        dense: keys.layer(attention, .feedForward(keys.gated())),
        sparse: keys.layer(attention, keys.fineGrainedExperts(isCorrected: true))))
  }

  /// GLM-5: some layers reuse the indexer of the layer before.
  static let glmMoEDSA = Family(
    "glm_moe_dsa", spelling: "num_local_experts=n_routed_experts num_experts=n_routed_experts",
    defaults: """
      vocab_size=154880 intermediate_size=12288 moe_intermediate_size=2048 num_attention_heads=64
      n_shared_experts=1 n_routed_experts=256 num_experts_per_tok=8 first_k_dense_replace=3
      kv_lora_rank=512 q_lora_rank=2048 qk_rope_head_dim=64 v_head_dim=256 qk_nope_head_dim=192
      index_head_dim=128 index_n_heads=32 index_topk=2048 mlp_layer_types=null indexer_types=null
      index_topk_pattern=null index_topk_freq=1 index_skip_topk_offset=2 attention_bias=false
      tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=2.5 n_group=1 topk_group=1
      """
  ) { keys in
    let bias = try keys.flag("attention_bias")
    let first = try keys.integer("first_k_dense_replace") ?? 0
    let sparse = try keys.sparseLayers()
    let indexed = try keys.indexedLayers()
    return try keys.decoder(
      keys.layers {
        LayerKind(isSparse: sparse?[$0] ?? ($0 >= first), isIndexed: indexed[$0])
      } _: { kind in
        let attention = try Module.latentAttention(
          keys.latentAttention(bias: bias, chooses: kind.isIndexed ? .own : .before))
        return kind.isSparse
          ? try keys.layer(attention, keys.fineGrainedExperts(isCorrected: true))
          : try keys.layer(attention, .feedForward(keys.gated()))
      })
  }

  private struct LayerKind: Hashable {
    let isSparse: Bool
    let isIndexed: Bool
  }

  static let dots1 = Family(
    "dots1", spelling: deepSeekV3.spelling,
    defaults: """
      vocab_size=152064 intermediate_size=10944 moe_intermediate_size=1408 num_attention_heads=32
      num_key_value_heads=32 n_shared_experts=null n_routed_experts=null num_experts_per_tok=null
      first_k_dense_replace=0 attention_bias=false tie_word_embeddings=false
      norm_topk_prob=false routed_scaling_factor=1.0 n_group=1 topk_group=1
      sliding_window=4096 max_window_layers=62 layer_types=null
      """
  ) { keys in
    try keys.noteIgnoredFrequency()
    let bias = try keys.biases(.all)
    let attention = try keys.attention(bias: bias, norm: .eachHead)
    let groups = try keys.leading(
      "first_k_dense_replace", keys.layer(attention, .feedForward(keys.gated())),
      then: keys.layer(attention, keys.fineGrainedExperts(isCorrected: true)))
    // Where no layer lies behind the last one without a window, their number may be free.
    let first = try keys.integer("max_window_layers") ?? 62
    let count = try keys.fixed(
      keys.size(.layers), "num_hidden_layers", "layers from max_window_layers on have a window")
    guard try keys.list("layer_types") != nil || count > Int128(first) else {
      return try keys.decoder(groups)
    }
    return try keys.decoder(keys.sliding(groups) { $0 >= first })
  }

  static let glm4MoE = Family(
    "glm4_moe", spelling: deepSeekV3.spelling,
    defaults: """
      vocab_size=151552 intermediate_size=10944 moe_intermediate_size=1408 num_attention_heads=96
      num_key_value_heads=8 n_shared_experts=1 n_routed_experts=128 num_experts_per_tok=8
      first_k_dense_replace=1 use_qk_norm=false attention_bias=false tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=1.0 n_group=1 topk_group=1 partial_rotary_factor=0.5
      """
  ) { keys in
    let bias = try keys.biases(.inputs)
    let attention = try keys.attention(bias: bias, norm: keys.flag("use_qk_norm") ? .eachHead : nil)
    return try keys.decoder(
      keys.leading(
        "first_k_dense_replace", keys.layer(attention, .feedForward(keys.gated())),
        then: keys.layer(attention, keys.fineGrainedExperts(isCorrected: true))))
  }

  static let glm4MoELite = Family(
    "glm4_moe_lite", spelling: "\(deepSeekV3.spelling) head_dim=qk_rope_head_dim",
    defaults: """
      vocab_size=154880 intermediate_size=10240 moe_intermediate_size=1536 num_attention_heads=20
      n_shared_experts=1 n_routed_experts=64 num_experts_per_tok=4 first_k_dense_replace=1
      kv_lora_rank=512 q_lora_rank=768 qk_rope_head_dim=64 v_head_dim=256 qk_nope_head_dim=192
      mlp_layer_types=null attention_bias=false tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=1.8 n_group=1 topk_group=1
      """
  ) { keys in
    let attention = try Module.latentAttention(
      keys.latentAttention(bias: keys.flag("attention_bias")))
    return try keys.decoder(
      keys.denseOrSparse(
        leading: keys.size(.leadingDense, least: 0),
        dense: keys.layer(attention, .feedForward(keys.gated())),
        sparse: keys.layer(attention, keys.fineGrainedExperts(isCorrected: true))))
  }
}

extension Keys {
  /// Fine-grained routed experts, and shared experts merged into one feed-forward layer.
  ///
  /// - `isCorrected`: whether a score-correction bias is stored beside the gate.
  /// - `isHashed`: whether a hash chooses, so that there is no gate.
  /// - `sharedBias`: whether the maps of the shared experts have biases.
  func fineGrainedExperts(
    isCorrected: Bool = false, isHashed: Bool = false, sharedBias: Bool = false
  ) throws -> Module {
    let counts = try expertCounts()
    let width = try size(.expertSize)
    let shared = try sharedExperts(width: width, bias: sharedBias)
    guard !isHashed else {
      return try .mixtureOfExperts(
        MixtureOfExperts(
          router: Router([], rule: .hash), experts: counts.all, active: counts.active,
          expert: gated(width), shared: shared))
    }
    return try experts(
      counts, gated(width), correction: isCorrected ? scoreCorrection(counts.all) : nil,
      shared: shared)
  }

  /// `transformers` builds every layer behind the dense ones as sparse, whatever the file says.
  func noteIgnoredFrequency() throws {
    guard let step = try integer("moe_layer_freq"), step != 1 else { return }
    note(
      "moe_layer_freq is \(step), which transformers ignores for \(modelType); so does the count.")
  }

  /// Which layers have an indexer of their own.
  fileprivate func indexedLayers() throws -> [Bool] {
    let step = max(try integer("index_topk_freq") ?? 1, 1)
    let offset = try integer("index_skip_topk_offset") ?? 2
    let count = try listedLayerCount()
    if case .string(let pattern) = try reading("index_topk_pattern")?.value,
      try reading("indexer_types") == nil
    {
      guard pattern.count == count, pattern.allSatisfy({ "FS".contains($0) }) else {
        throw DescriptionError.unsupported(
          key: "index_topk_pattern", found: "\"\(pattern)\"",
          supported: "one letter F or S for each of \(count) layers")
      }
      return pattern.map { $0 == "F" }
    }
    let key = try reading("indexer_types") == nil ? "index_topk_pattern" : "indexer_types"
    return try layerTypes(key, known: ["full", "shared"]) {
      max($0 - offset + 1, 0).isMultiple(of: step) ? "full" : "shared"
    }.map { $0 == "full" }
  }
}
