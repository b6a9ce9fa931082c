import Architecture
import JSON
import Symbolic

/// Tencent's Hunyuan, dense, with experts and with images.
extension Family {
  static let ofHunyuan: [Family] = [hunyuanDense, hunyuanMoE, hunyuanVL, hyV3, hyV4]

  static let hunyuanDense = Family(
    "hunyuan_v1_dense",
    fixed: "reads_alpha=true",
    defaults: """
      vocab_size=290943 intermediate_size=11008 num_attention_heads=32 num_key_value_heads=null
      head_dim=null attention_bias=false tie_word_embeddings=false
      """
  ) { keys in
    try keys.decoder(
      keys.uniform(keys.layer(keys.hunyuanAttention(), .feedForward(keys.gated()))))
  }

  static let hunyuanMoE = Family(
    "hunyuan_v1_moe", spelling: "num_experts_per_tok=moe_topk num_local_experts=num_experts",
    fixed: "reads_alpha=true",
    defaults: """
      vocab_size=290943 intermediate_size=11008 num_attention_heads=32 num_key_value_heads=null
      head_dim=null attention_bias=false num_experts=1 moe_topk=1 tie_word_embeddings=false
      """
  ) { keys in
    try keys.refuseOtherExperts()
    let attention = try keys.hunyuanAttention()
    let experts = try keys.size(.experts, "num_local_experts")
    func layer(_ active: Formula) throws -> Layer {
      try keys.layer(
        attention,
        keys.experts(
          (experts, active), keys.gated(), gate: "gate.wg", shared: keys.gated(),
          sharedPath: "shared_mlp", normalizes: true))
    }
    // Published files write the number of active experts once for each layer.
    guard let list = try keys.reading("num_experts_per_tok")?.value.array else {
      let counts = try keys.expertCounts("num_local_experts")
      return try keys.decoder(keys.uniform(layer(counts.active)))
    }
    let active = list.compactMap { $0.integer.map { Formula($0) } }
    guard active.count == list.count, try active.count == keys.listedLayerCount() else {
      throw DescriptionError.wrongLength(
        key: "moe_topk", count: active.count, expected: try keys.listedLayerCount())
    }
    return try keys.decoder(keys.layers(kind: { active[$0] }) { try layer($0) })
  }

  static let hunyuanVL = Family(
    "hunyuan_vl_text", like: hunyuanDense, spelling: "attention_head_dim=head_dim",
    defaults: """
      vocab_size=290943 intermediate_size=11008 num_attention_heads=32 num_key_value_heads=null
      head_dim=null attention_bias=false tie_word_embeddings=true
      """)

  static let hyV3 = Family(
    "hy_v3", spelling: "num_local_experts=num_experts", predictors: .withFinalNorm,
    defaults: """
      vocab_size=120832 intermediate_size=13312 num_attention_heads=64 num_key_value_heads=8
      head_dim=128 attention_bias=false mlp_bias=false num_experts=192 num_experts_per_tok=8
      num_shared_experts=1 moe_intermediate_size=1536 mlp_layer_types=null
      tie_word_embeddings=false router_scaling_factor=2.826
      """
  ) { keys in
    let bias = try keys.flag("mlp_bias")
    let attention = try keys.attention(bias: keys.biases(.all), norm: .eachHead)
    let scale = try keys.setting("router_scaling_factor")
    func sparse() throws -> Layer {
      let counts = try keys.expertCounts("num_local_experts")
      let width = try keys.size(.expertSize)
      return try keys.layer(
        attention,
        keys.experts(
          counts, keys.gated(width), gate: "router.gate",
          correction: keys.scoreCorrection(counts.all, "expert_bias"),
          shared: keys.sharedExperts(
            "num_shared_experts", width: width, bias: bias, zeroIsNone: true)
            ?? keys.gated(bias: bias), sharedPath: "shared_mlp", normalizes: true
        ).routing { $0.scale = scale })
    }
    return try keys.decoder(
      keys.denseOrSparse(
        dense: keys.layer(attention, .feedForward(keys.gated(bias: bias))), sparse: sparse()))
  }

  /// Four residual streams, and an indexer that every fourth layer recomputes.
  static let hyV4 = Family(
    "hy_v4", spelling: "num_local_experts=n_routed_experts",
    defaults: """
      vocab_size=120832 intermediate_size=6912 moe_intermediate_size=768 num_attention_heads=32
      attention_bias=false n_routed_experts=256 n_shared_experts=1 num_experts_per_tok=8
      q_lora_rank=1536 kv_lora_rank=512 qk_nope_head_dim=192 qk_rope_head_dim=64 v_head_dim=256
      mlp_layer_types=null index_head_dim=128 index_n_heads=16 indexer_types=null hc_mult=4
      tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=2.827 n_group=1 topk_group=1 index_topk=2048
      """
  ) { keys in
    let indexers = try keys.layerTypes("indexer_types", known: ["full", "shared"]) { index in
      index == 0 || (index - 1).isMultiple(of: 4) ? "full" : "shared"
    }
    let sparse = try keys.sparseLayers()
    let groups = try keys.layers(kind: { index in
      LayerKind(attention: indexers[index], isSparse: sparse?[index] ?? (index > 0))
    }) { kind in
      let names = GatedNames(gate: "linear_gate")
      let layer = try keys.layer(
        .latentAttention(keys.hyV4Attention(chooses: kind.attention == "full" ? .own : .before)),
        kind.isSparse
          ? keys.hyV4Experts(names) : .feedForward(keys.gated(names: names)))
      return try layer.connected(
        ["hc_pre.hc_attn_layer.hc_", "hc_pre.hc_mlp_layer.hc_"].map {
          try keys.hyperConnection($0, .residual, normsOutput: true)
        })
    }
    let head = try keys.hyperConnection(
      "model.hc_pre.hc_head.hc_head_", .head, normsOutput: true)
    return try keys.collapsed(keys.decoder(groups), by: head)
  }
}

extension Keys {
  /// Attention with the norms of queries and keys as Hunyuan names them.
  func hunyuanAttention() throws -> Module {
    try attention(
      bias: biases(.all), norm: .eachHead, normNames: ("query_layernorm", "key_layernorm")
    ).attending { $0.normsFollowRotation = true }
  }

  /// Keys of Hunyuan's own code that the class does not have, where they would ask for other experts
  /// than one shared one beside routed ones of the same width.
  fileprivate func refuseOtherExperts() throws {
    let width = try number(size(.intermediate))
    for (key, expected) in [("num_shared_expert", 1), ("moe_intermediate_size", width)] {
      guard let value = try reading(key)?.value else { continue }
      let numbers = (value.array ?? [value]).map(\.integer)
      guard let expected, !numbers.allSatisfy({ $0 == expected }) else { continue }
      throw DescriptionError.unsupported(key: key, found: value.line, supported: "\(expected)")
    }
  }

  fileprivate func hyV4Attention(chooses: IndexerPlace) throws -> LatentAttention {
    let d = try size(.hidden)
    var attention = try latentAttention(bias: flag("attention_bias"), chooses: chooses)
    attention.gateMap = Linear("linear_gate", d, attention.heads * attention.valueSize)
    attention.sinks = Weight("learnable_sink_param", [attention.heads], .attention)
    attention.gate = .elements
    if case .own(var indexer) = attention.chooses {
      indexer.rotatesEnd = true
      indexer.scalesWeights = true
      // The class gives this norm the ε of the others.
      indexer.keyNorm.epsilon = nil
      attention.chooses = .own(indexer)
    }
    return attention
  }

  fileprivate func hyV4Experts(_ names: GatedNames) throws -> Module {
    let d = try size(.hidden)
    let counts = try expertCounts("num_local_experts")
    let width = try size(.expertSize)
    let shared = try size(.sharedExperts, "n_shared_experts", least: 0)
    var router = Router([Linear("gate", d, counts.all)], correction: scoreCorrection(counts.all))
    router.scoring = .sigmoid
    var expert = try fusedGated(width)
    expert.clip = try constant("swiglu_limit")
    expert.clipsBeforeFunction = true
    return try stackedExperts(
      counts, expert, router: routed(router), outputFirst: true,
      shared: gated(shared * width, names: names))
  }
}
