import Architecture
import JSON
import Symbolic

/// Zyphra's Zaya.
extension Family {
  static let ofZaya: [Family] = [zaya]

  static let zaya = Family(
    "zaya",
    fixed: "has_own_base=true",
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
