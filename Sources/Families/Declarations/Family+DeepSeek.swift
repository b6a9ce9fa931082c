import Architecture
import JSON
import Symbolic

/// DeepSeekMoE and its kin: fine-grained experts, shared experts, leading dense layers; latent
/// attention.
extension Family {
  static let ofDeepSeek: [Family] = [
    deepSeekMoE, deepSeekV2, deepSeekV3, deepSeekV32, deepSeekOCR2, unlimitedOCR,
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
    fixed: "rotates_neighbours=true",
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
    predictors: .deepSeek,
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

  static let deepSeekV32 = Family(
    "deepseek_v32", spelling: "num_local_experts=n_routed_experts num_experts=n_routed_experts",
    fixed: "rotates_neighbours=true indexes_halves=true",
    predictors: .deepSeek,
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

  /// DeepSeekMoE with attention of plain heads, as in DeepSeek-OCR 2.
  static let deepSeekOCR2 = Family(
    "deepseek_ocr2_text", spelling: "num_experts=n_routed_experts",
    defaults: """
      vocab_size=102400 intermediate_size=11008 moe_intermediate_size=1407 num_attention_heads=32
      num_key_value_heads=null n_shared_experts=2 n_routed_experts=64
      num_experts_per_tok=null first_k_dense_replace=1 mlp_layer_types=null attention_bias=false
      mlp_bias=false tie_word_embeddings=false
      topk_method="greedy" n_group=null topk_group=null routed_scaling_factor=1.0
      """
  ) { keys in
    try keys.decoder(keys.ocrLayers())
  }

  static let unlimitedOCR = Family(
    "unlimited_ocr_text", spelling: deepSeekOCR2.spelling,
    defaults: """
      vocab_size=129280 intermediate_size=6848 moe_intermediate_size=896 num_attention_heads=10
      num_key_value_heads=10 n_shared_experts=2 n_routed_experts=64
      num_experts_per_tok=6 first_k_dense_replace=1 mlp_layer_types=null attention_bias=false
      mlp_bias=false tie_word_embeddings=false
      topk_method="greedy" n_group=null topk_group=null routed_scaling_factor=1.0
      sliding_window=128 layer_types=null
      """
  ) { keys in
    let size = try keys.optional(.window, "sliding_window", least: 0)
    let reach = size.map { keys.number($0) == 0 ? Reach.all : .windowBehindPrompt($0) } ?? .all
    return try keys.decoder(
      keys.sliding(keys.ocrLayers(), reach, type: "reference_sliding_attention") { _ in true })
  }
}

extension Keys {
  /// The layers of DeepSeek-OCR, dense or sparse.
  fileprivate func ocrLayers() throws -> [LayerGroup] {
    // The class computes the width of a head, whatever a file says.
    passOver("head_dim")
    let attention = try attention(heads(explicit: false), bias: biases(.all))
    let bias = try flag("mlp_bias")
    return try denseOrSparse(
      leading: size(.leadingDense, least: 0),
      dense: layer(attention, .feedForward(gated(bias: bias))),
      sparse: layer(attention, fineGrainedExperts(sharedBias: bias)))
  }

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
}
