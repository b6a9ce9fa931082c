import Architecture
import JSON
import Symbolic

extension Size {
  fileprivate static let before = Size(
    "W_b", "sliding_window_size", "positions before its own that a sliding layer sees")
}

/// Mixtures of separate experts of 2024 and later.
extension Family {
  static let expertsLike: [Family] = [
    ernie45MoE, hunyuanMoE, mimoV2Flash, mellum, afmoe, exaoneMoE, solarOpen, hyV3, kolibri1,
    flint, beam, cohere2MoE, doge,
  ]

  static let ernie45MoE = Family(
    "ernie4_5_moe", spelling: "num_experts=moe_num_experts num_experts_per_tok=moe_k",
    defaults: """
      vocab_size=103424 intermediate_size=12288 num_attention_heads=20 num_key_value_heads=4
      use_bias=false moe_intermediate_size=1536 moe_k=6 moe_num_experts=64
      moe_num_shared_experts=2 moe_layer_start_index=1 moe_layer_end_index=-1
      moe_layer_interval=1 tie_word_embeddings=true
      """
  ) { keys in
    let bias = try keys.flag("use_bias")
    let attention = try keys.attention(bias: bias ? .all : [])
    let start = try keys.integer("moe_layer_start_index") ?? 0
    let interval = try keys.integer("moe_layer_interval", least: 1) ?? 1
    // A last index of -1 means the last layer.
    let end = try keys.integer("moe_layer_end_index", least: -1) ?? -1
    let groups = try keys.layers(kind: { index in
      (index + 1).isMultiple(of: interval) && index >= start && (end == -1 || index <= end)
    }) { isSparse in
      try keys.layer(
        attention,
        isSparse ? keys.ernieExperts(bias: bias) : .feedForward(keys.gated(bias: bias)))
    }
    return try keys.decoder(groups, headBias: bias)
  }

  static let hunyuanMoE = Family(
    "hunyuan_v1_moe", spelling: "num_experts_per_tok=moe_topk num_local_experts=num_experts",
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

  /// Sliding layers have twice the key-value heads, and attention sinks.
  static let mimoV2Flash = Family(
    "mimo_v2_flash", spelling: "num_local_experts=n_routed_experts",
    defaults: """
      vocab_size=152576 intermediate_size=16384 num_attention_heads=64 num_key_value_heads=4
      head_dim=192 v_head_dim=128 attention_bias=false moe_intermediate_size=2048
      num_experts_per_tok=8 n_routed_experts=256 layer_types=null mlp_layer_types=null
      tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=1.0 n_group=1 topk_group=1
      sliding_window=129 attention_value_scale=0.707
      """
  ) { keys in
    let types = try keys.layerTypes(known: ["full_attention", "sliding_attention"]) { index in
      index == 0 || (index + 1).isMultiple(of: 6) ? "full_attention" : "sliding_attention"
    }
    let sparse = try keys.sparseLayers()
    let groups = try keys.layers(kind: { index in
      LayerKind(attention: types[index], isSparse: sparse?[index] ?? (index > 0))
    }) { kind in
      let attention = try keys.mimoAttention(slides: kind.attention == "sliding_attention")
      guard kind.isSparse else { return try keys.layer(attention, .feedForward(keys.gated())) }
      let counts = try keys.expertCounts("num_local_experts")
      return try keys.layer(
        attention,
        keys.experts(
          counts, keys.gated(keys.size(.expertSize)), correction: keys.scoreCorrection(counts.all)))
    }
    return try keys.decoder(groups)
  }

  static let mellum = Family(
    "mellum", spelling: "num_local_experts=num_experts",
    defaults: """
      vocab_size=98304 intermediate_size=7168 num_attention_heads=32 num_key_value_heads=4
      head_dim=128 attention_bias=false moe_intermediate_size=896 num_experts_per_tok=8
      num_experts=64 mlp_layer_types=null tie_word_embeddings=false
      norm_topk_prob=true
      sliding_window=1024 layer_types=null
      """
  ) { keys in
    let heads = try keys.heads()
    let attention = try keys.attention(
      heads, bias: keys.biases(.all), norm: .eachHead,
      position: keys.rotary(heads.size, of: "full_attention", isPartial: true))
    let groups = try keys.denseOrSparse(
      leading: 0, dense: keys.layer(attention, .feedForward(keys.gated())),
      sparse: keys.layer(
        attention,
        keys.experts(
          keys.expertCounts("num_local_experts"), keys.gated(keys.size(.expertSize)))))
    guard try keys.list("layer_types") != nil else { return try keys.decoder(groups) }
    let near = try keys.rotary(
      heads.size, table: "sliding", of: "sliding_attention", isPartial: true)
    return try keys.decoder(keys.sliding(groups, near: near) { _ in false })
  }

  static let afmoe = Family(
    "afmoe",
    defaults: """
      vocab_size=200192 intermediate_size=6144 num_attention_heads=16 num_key_value_heads=null
      head_dim=128 attention_bias=false moe_intermediate_size=1408 num_dense_layers=1
      num_experts=64 num_experts_per_tok=6 num_shared_experts=2 tie_word_embeddings=false
      sliding_window=1024 global_attn_every_n_layers=4 layer_types=null route_norm=true
      route_scale=1.0 mup_enabled=false
      """
  ) { keys in
    let norms = [
      "input_layernorm", "post_attention_layernorm", "pre_mlp_layernorm", "post_mlp_layernorm",
    ]
    let d = try keys.size(.hidden)
    let heads = try keys.heads()
    let attention = try keys.attention(
      heads, bias: keys.biases(.all), norm: .eachHead,
      extra: [Linear("gate_proj", d, heads.query * heads.size)]
    ).attending { $0.gate = .elements }
    let groups = try keys.leading(
      "num_dense_layers",
      keys.sandwichLayer(attention, .feedForward(keys.gated()), norms: norms),
      then: keys.sandwichLayer(attention, keys.afmoeExperts(), norms: norms))
    let period = try keys.period("global_attn_every_n_layers")
    return try keys.decoder(
      keys.sliding(groups, whole: PositionScheme.none) { !($0 + 1).isMultiple(of: period) },
      scaled: keys.isSet("mup_enabled"))
  }

  static let exaoneMoE = Family(
    "exaone_moe",
    defaults: """
      vocab_size=102400 intermediate_size=16384 num_attention_heads=32 num_key_value_heads=32
      mlp_layer_types=null first_k_dense_replace=1 moe_intermediate_size=1024 num_experts=64
      num_experts_per_tok=8 num_shared_experts=1 tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=2.5 n_group=1 topk_group=1
      sliding_window=4096 sliding_window_pattern=4 layer_types=null
      """
  ) { keys in
    let attention = try keys.attention(norm: .eachHead)
    func sparse() throws -> Layer {
      let counts = try keys.expertCounts()
      let width = try keys.size(.expertSize)
      return try keys.layer(
        attention,
        keys.experts(
          counts, keys.gated(width),
          correction: keys.scoreCorrection(counts.all, "e_score_correction_bias"),
          shared: keys.sharedExperts("num_shared_experts", width: width)))
    }
    return try keys.decoder(
      keys.exaoneSliding(
        keys.denseOrSparse(
          leading: keys.size(.leadingDense, least: 0),
          dense: keys.layer(attention, .feedForward(keys.gated())), sparse: sparse())))
  }

  static let solarOpen = Family(
    "solar_open", spelling: "num_local_experts=n_routed_experts",
    defaults: """
      vocab_size=196608 num_attention_heads=64 num_key_value_heads=8 head_dim=128
      attention_bias=false moe_intermediate_size=1280 num_experts_per_tok=8 n_shared_experts=1
      n_routed_experts=128 tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=1.0 n_group=1 topk_group=1
      """
  ) { keys in
    let counts = try keys.expertCounts("num_local_experts")
    let width = try keys.size(.expertSize)
    return try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(bias: keys.biases(.inputs)),
          keys.experts(
            counts, keys.gated(width), correction: keys.scoreCorrection(counts.all),
            shared: keys.sharedExperts(width: width)))))
  }

  static let hyV3 = Family(
    "hy_v3", spelling: "num_local_experts=num_experts",
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
}

// MARK: - Their modules

extension Keys {
  /// Keys of Hunyuan's own code that the class does not have, where they would require other experts
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

  fileprivate func ernieExperts(bias: Bool) throws -> Module {
    let counts = try expertCounts()
    let width = try size(.expertSize)
    let least = try constant("moe_norm_min")
    return try experts(
      counts, gated(width),
      correction: Weight("moe_statics.e_score_correction_bias", [1, counts.all], .router),
      shared: sharedExperts(
        "moe_num_shared_experts", width: width, bias: bias, zeroIsNone: true),
      scoring: .softmax, normalizes: true
    ).routing { $0.leastSum = least }
  }

  fileprivate func afmoeExperts() throws -> Module {
    let counts = try expertCounts()
    let width = try size(.expertSize)
    return try experts(
      counts, gated(width), gate: "router.gate",
      correction: scoreCorrection(counts.all, "expert_bias", isBuffer: false),
      shared: sharedExperts("num_shared_experts", width: width), normalizes: true
    ).routing { $0.scale = try setting("route_scale") }
  }

  fileprivate func mimoAttention(slides: Bool) throws -> Module {
    let d = try size(.hidden)
    let given = try heads()
    let v = try size(.valueSize)
    let groups = slides ? 2 * given.keyValue : given.keyValue
    let bias = try flag("attention_bias")
    let sinks = slides ? Weight("attention_sink_bias", [given.query], .attention) : nil
    var attention = SelfAttention(
      heads: given.query, keyValueHeads: groups, headSize: given.size, valueSize: v,
      inputs: [
        Linear("q_proj", d, given.query * given.size, bias: bias),
        Linear("k_proj", d, groups * given.size, bias: bias),
        Linear("v_proj", d, groups * v, bias: bias),
      ],
      output: Linear("o_proj", given.query * v, d), vectors: [sinks].compactMap(\.self),
      reach: try slides ? mimoWindow() : .all,
      position: try rotary(
        given.size, table: slides ? "sliding" : "",
        of: slides ? "sliding_attention" : "full_attention", isPartial: true))
    attention.sinks = sinks
    attention.valueScale = try setting("attention_value_scale")
    return .selfAttention(attention)
  }

  /// The window of MiMo; `sliding_window_size` leaves the query's own position out, and wins.
  private func mimoWindow() throws -> Reach {
    guard let before = try optional(.before, least: 0) else { return try window() }
    return .window(derived(.window, before + 1, "sliding_window_size + 1"))
  }
}
