import Architecture
import JSON
import Symbolic

/// Mixtures of experts whose attention is built like no other.
extension Family {
  static let mixed: [Family] = [jetmoe, laguna, zaya]

  static let jetmoe = Family(
    "jetmoe",
    spelling: "head_dim=kv_channels num_experts:num_local_experts hidden_act:activation_function",
    defaults: """
      vocab_size=32000 activation_function="silu" num_key_value_heads=16 kv_channels=128 intermediate_size=5632
      num_local_experts=8 num_experts_per_tok=2 tie_word_embeddings=true
      """
  ) { keys in
    let mixture = try keys.jetmoeExperts()
    var layer = try keys.layer(
      keys.routedAttention(), mixture, paths: ("self_attention", "mlp"))
    // The norms of a layer are made without the configuration's ε, the last one is not.
    for block in layer.blocks.indices { layer.blocks[block].inputNorms[0].epsilon = "1e-6" }
    return try keys.decoder(keys.uniform(layer))
  }

  static let laguna = Family(
    "laguna",
    defaults: """
      vocab_size=100352 intermediate_size=8192 num_attention_heads=48 num_key_value_heads=8
      sliding_window=512 moe_intermediate_size=512 shared_expert_intermediate_size=512
      num_experts_per_tok=8 num_experts=256 layer_types=null head_dim=128 attention_bias=false
      gating=true num_attention_heads_per_layer=null mlp_layer_types=null
      tie_word_embeddings=false moe_routed_scaling_factor=1.0 moe_router_logit_softcapping=0.0
      """
  ) { keys in
    let types = try keys.layerKinds(known: ["full_attention", "sliding_attention"]) { _ in
      "full_attention"
    }
    let forms = try keys.layerKinds("mlp_layer_types", known: ["dense", "sparse"]) {
      $0 == 0 ? "dense" : "sparse"
    }
    let heads = try keys.headsPerLayer(types.count)
    let groups = try keys.layers(kind: {
      LagunaLayer(type: types[$0], heads: heads?[$0], routes: forms[$0] == "sparse")
    }) { kind in
      try keys.layer(
        keys.lagunaAttention(kind),
        kind.routes ? keys.lagunaExperts() : .feedForward(keys.gated()))
    }
    return try keys.decoder(groups)
  }

  static let zaya = Family(
    "zaya",
    defaults: """
      vocab_size=262272 num_attention_heads=8 num_key_value_heads=2 sliding_window=null
      moe_intermediate_size=2048 num_experts_per_tok=1 num_experts=16 layer_types=null head_dim=128
      attention_bias=false lm_head_bias=false router_hidden_size=256 cca_time0=2 cca_time1=2
      tie_word_embeddings=true
      """
  ) { keys in
    let types = try keys.layerKinds(known: ["hybrid", "hybrid_sliding"]) { _ in "hybrid" }
    let groups = try keys.layers(kind: { ZayaLayer(type: types[$0], isFirst: $0 == 0) }) { kind in
      var layer = try keys.layer(keys.convolvedAttention(kind), keys.zayaExperts(kind))
      for (block, name) in ["attention", "mlp"].enumerated() {
        let path = "post_\(name)_residual_scale"
        layer.blocks[block].answerFactor = try keys.zayaScale("\(path).hidden_states")
        layer.blocks[block].streamFactor = try keys.zayaScale("\(path).residual")
      }
      return layer
    }
    return try keys.decoder(
      groups, after: [Branch("model", .stream(.scale(keys.zayaScale("input_hidden_states"))))],
      headBias: keys.flag("lm_head_bias"))
  }
}

// MARK: - JetMoE

extension Keys {
  /// Attention whose queries and outputs go through experts; keys and values are shared by them.
  ///
  /// - Source: Shen et al. 2024 (JetMoE), §2.2, <https://arxiv.org/abs/2404.07413>.
  fileprivate func routedAttention() throws -> Module {
    let d = try size(.hidden)
    let (g, headSize) = (try size(.keyValueHeads), try size(.headSize))
    let width = g * headSize
    let counts = try expertCounts()
    let routed = RoutedQueries(
      router: Linear("experts.router.layer", d, counts.all), active: counts.active,
      map: Linear("experts.input_linear", d, width),
      maps: Weight("experts.input_linear.weight", [counts.all, width, d], .attention),
      outputs: Weight("experts.output_linear.weight", [counts.all, d, width], .attention),
      bias: Weight("experts.bias", [d], .attention))
    var attention = SelfAttention(
      heads: counts.active * g, keyValueHeads: g, headSize: headSize,
      inputs: [Linear("kv_proj", d, 2 * width)], layout: InputLayout([[.keys, .values]]),
      output: Linear("experts.output_linear", width, d),
      vectors: routed.vectors, position: try rotary(headSize))
    attention.routedQueries = routed
    return .selfAttention(attention)
  }

  fileprivate func jetmoeExperts() throws -> Module {
    let (d, f) = (try size(.hidden), try feedForwardWidth())
    let counts = try expertCounts()
    let stacks = [
      Weight("input_linear.weight", [counts.all, 2 * f, d], .routedExperts),
      Weight("output_linear.weight", [counts.all, d, f], .routedExperts),
    ]
    let router = Router([Linear("router.layer", d, counts.all)])
    var mixture = MixtureOfExperts(
      router: chosenFirst(router), experts: counts.all, active: counts.active,
      expert: try fusedGated(f, "input_linear", "output_linear"), layout: .stacked(stacks))
    mixture.bias = Weight("bias", [d], .denseFeedForward)
    return .mixtureOfExperts(mixture)
  }
}

// MARK: - Laguna

private struct LagunaLayer: Hashable {
  var type: String
  /// The query heads, where each layer has a number of its own.
  var heads: Int128?
  var routes: Bool
}

extension Keys {
  fileprivate func headsPerLayer(_ count: Int) throws -> [Int128]? {
    let key = "num_attention_heads_per_layer"
    guard let list = try list(key) else { return nil }
    guard list.count == count else {
      throw DescriptionError.wrongLength(key: key, count: list.count, expected: count)
    }
    return try list.map { entry in
      guard let heads = entry.integer, heads > 0 else {
        throw DescriptionError.notASize(key: key, found: entry.line)
      }
      return heads
    }
  }

  /// Attention with a gate for each head, or for each of its outputs.
  fileprivate func lagunaAttention(_ kind: LagunaLayer) throws -> Module {
    let d = try size(.hidden)
    let h = try kind.heads.map { Formula($0) } ?? size(.heads)
    let heads = Heads(query: h, keyValue: try size(.keyValueHeads), size: try size(.headSize))
    try require(
      h, "num_attention_heads", multipleOf: heads.keyValue, "num_key_value_heads")
    let gating = try reading("gating")?.value
    let isPerHead = gating == .boolean(true) || gating == .string("per-head")
    let gate = Linear("g_proj", d, isPerHead ? h : h * heads.size)
    return try attention(
      heads, bias: flag("attention_bias") ? .all : [], norm: .eachHead, extra: [gate],
      reach: window(ofType: kind.type),
      position: rotary(
        heads.size, table: kind.type == "full_attention" ? "" : "sliding", of: kind.type,
        isPartial: true)
    ).attending {
      $0.gate = isPerHead ? .heads : .elements
      $0.gateFunction = .softplus
    }
  }

  fileprivate func lagunaExperts() throws -> Module {
    let counts = try expertCounts()
    let score = scoreCorrection(
      counts.all, "experts.e_score_correction_bias", isBuffer: false)
    // The class refuses it too.
    try refuse("moe_apply_router_weight_on_input")
    let cap = try setting("moe_router_logit_softcapping")
    let scale = try setting("moe_routed_scaling_factor")
    return try experts(
      counts, gated(size(.expertSize)), correction: score, shared: gated(size(.sharedSize)),
      sharedPath: "shared_expert", normalizes: true
    ).mixing {
      $0.router.cap = cap
      $0.scale = scale
    }
  }
}

// MARK: - Zaya

private struct ZayaLayer: Hashable {
  var type: String
  /// The first layer's router has no state of an earlier one to scale.
  var isFirst: Bool
}

extension Size {
  static let routerWidth = Size("d_o", "router_hidden_size", "inner width of the router")
  static let channelKernel = Size("k_0", "cca_time0", "width of the convolution of each channel")
  static let headKernel = Size("k_1", "cca_time1", "width of the convolution of each head")
}

extension Keys {
  /// A bias, and a scale of the sum.
  fileprivate func zayaScale(_ name: String) throws -> LearnedScale {
    let d = try size(.hidden)
    return LearnedScale(
      Weight("\(name)_scale", [d], .mixer), shift: Weight("\(name)_bias", [d], .mixer))
  }

  /// The share of a head that is rotated is half of it, unless the configuration says otherwise.
  fileprivate func zayaRotary(_ type: String, _ width: Formula) throws -> PositionScheme {
    let table = type == "hybrid" ? "" : "sliding"
    guard let parameters = try object("rope_parameters") else {
      return .rotary(try angles(.floor(width / 2), table: table, of: type))
    }
    let own = parameters[type]?.object?["partial_rotary_factor"]
    guard case .number(let text) = own, let share = Rational(decimal: text) else {
      return .rotary(try angles(width, table: table, of: type))
    }
    return .rotary(try angles(.floor(Formula(share) * width), table: table, of: type))
  }

  /// Attention whose queries and keys are convolved, and whose values come half from the token
  /// before.
  ///
  /// - Source: Figliolia et al. 2025 (CCA), <https://arxiv.org/abs/2510.04476>.
  fileprivate func convolvedAttention(_ kind: ZayaLayer) throws -> Module {
    let (d, bias) = (try size(.hidden), try flag("attention_bias"))
    let h = try size(.heads)
    let g = try size(.keyValueHeads)
    let width = try size(.headSize)
    try require(h, "num_attention_heads", multipleOf: g, "num_key_value_heads")
    let (q, kv) = (h * width, g * width)
    let (half, channels) = (Formula.floor(kv / 2), q + kv)
    let window = try kind.type == "hybrid_sliding" ? self.window() : .all
    let prefix = "qkv_proj."
    func convolution(_ name: String, _ shape: [Formula]) -> (Weight, Weight) {
      (
        Weight("\(prefix)\(name).weight", shape, .attention),
        Weight("\(prefix)\(name).bias", [channels], .attention)
      )
    }
    let (channelKernel, headKernel) = (try size(.channelKernel), try size(.headKernel))
    let single = convolution("conv_qk_depthwise", [channels, 1, channelKernel])
    let grouped = convolution("conv_qk_grouped", [channels, width, headKernel])
    let heads = ConvolvedHeads(
      heads: h, keyValueHeads: g, headSize: width,
      queries: Linear(prefix + "q_proj", d, q, bias: bias),
      keys: Linear(prefix + "k_proj", d, kv, bias: bias),
      current: Linear(prefix + "v_proj_current", d, half, bias: bias),
      delayed: Linear(prefix + "v_proj_delayed", d, half, bias: bias),
      channelKernel: channelKernel, channelWeight: single.0, channelBias: single.1,
      headKernel: headKernel, headWeight: grouped.0, headBias: grouped.1,
      keyScale: Weight("qk_norm.temp", [g], .attention))
    var attention = SelfAttention(
      heads: h, keyValueHeads: g, headSize: width, inputs: heads.maps,
      layout: InputLayout([[.queries], [.keys], [.values], [.values]]),
      output: Linear("o_proj", q, d, bias: bias), vectors: heads.vectors, reach: window,
      position: try zayaRotary(kind.type, width))
    attention.convolution = heads
    return .selfAttention(attention)
  }

  /// Experts behind a router that is a small network.
  ///
  /// One more class than experts does nothing.
  fileprivate func zayaExperts(_ kind: ZayaLayer) throws -> Module {
    let counts = try expertCounts()
    let (d, f, r) = (try size(.hidden), try size(.expertSize), try size(.routerWidth))
    let classes = counts.all + 1
    let path = "gate.router_mlp"
    let network = RouterNetwork(
      down: Linear("gate.down_proj", d, r, bias: true),
      stateScale: kind.isFirst ? nil : Weight("gate.router_states_scale", [r], .router),
      norm: Normalization("\(path).norm", [r]),
      maps: ["fc1", "fc2"].map { Linear("\(path).\($0)", r, r, bias: true) }, activation: .gelu)
    let biases = Weight("gate.balancing_biases", [classes], .router, isBuffer: true)
    let stacks = [
      Weight("experts.gate_up_proj", [counts.all, 2 * f, d], .routedExperts),
      Weight("experts.down_proj", [counts.all, d, f], .routedExperts),
    ]
    var router = Router([Linear("\(path).out_proj", r, classes)], correction: biases)
    router.network = network
    var mixture = MixtureOfExperts(
      router: router, experts: counts.all, active: counts.active,
      expert: try fusedGated(f), layout: .stacked(stacks))
    mixture.idle = 1
    return .mixtureOfExperts(mixture)
  }
}
