import Architecture
import JSON
import Symbolic

/// IBM's Granite, dense and with experts, with and without windows.
extension Family {
  static let graniteLike: [Family] = [
    granite, graniteMoE, graniteMoEShared, graniteWindowed, graniteMoEWindowed,
  ]

  static let granite = Family(
    "granite", like: llama,
    defaults: """
      vocab_size=32000 intermediate_size=11008 num_attention_heads=32 num_key_value_heads=null
      attention_bias=false mlp_bias=false tie_word_embeddings=false
      logits_scaling=1.0 embedding_multiplier=1.0 residual_multiplier=1.0
      """)

  private static let mixtureDefaults = """
    vocab_size=32000 intermediate_size=11008 num_attention_heads=32 num_key_value_heads=null
    num_local_experts=8 num_experts_per_tok=2 attention_bias=false tie_word_embeddings=false
    logits_scaling=1.0 embedding_multiplier=1.0 residual_multiplier=1.0
    """

  static let graniteMoE = Family("granitemoe", defaults: mixtureDefaults) { keys in
    try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(bias: keys.biases(.all)), keys.graniteExperts(.granite),
          paths: ("self_attn", ""))))
  }

  static let graniteMoEShared = Family(
    "granitemoeshared", defaults: mixtureDefaults + " shared_intermediate_size=0"
  ) { keys in
    try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(bias: keys.biases(.all)),
          keys.graniteExperts(.granite, shared: keys.graniteShared()), paths: ("self_attn", ""))))
  }

  static let graniteWindowed = Family(
    "granite_swa",
    defaults: """
      vocab_size=100352 intermediate_size=8192 num_attention_heads=20 num_key_value_heads=4
      attention_bias=false mlp_bias=false sliding_window=128 layer_types=null
      tie_word_embeddings=true layer_rope_theta=null
      logits_scaling=1.0 embedding_multiplier=1.0 residual_multiplier=1.0
      """
  ) { keys in
    let feedForward = Module.feedForward(try keys.gated(bias: keys.flag("mlp_bias")))
    return try keys.decoder(keys.graniteWindows { try keys.layer($0, feedForward) })
  }

  static let graniteMoEWindowed = Family(
    "granitemoe_swa",
    defaults: mixtureDefaults
      + """
       shared_intermediate_size=0 sliding_window=128 layer_types=null layer_rope_theta=null
      """
  ) { keys in
    let experts = try keys.graniteExperts(.plain, shared: keys.graniteShared())
    return try keys.decoder(
      keys.graniteWindows { try keys.layer($0, experts, paths: ("self_attn", "")) })
  }
}

/// What tells the layers of a Granite with windows apart.
private struct GraniteLayer: Hashable {
  var type: String
  /// The base of its angles, where it has one of its own.
  var base: String?
}

/// What Granite's mixtures call their router and the two stacks of experts.
private struct StackNames {
  var router: String
  var input: String
  var output: String

  static let granite = StackNames(
    router: "router.layer", input: "input_linear.weight", output: "output_linear.weight")
  static let plain = StackNames(
    router: "router", input: "experts.gate_up_proj", output: "experts.down_proj")
}

extension Keys {
  /// Layers of attention with a learned sink for each head; one in four sees all.
  ///
  /// Each may rotate by a base of its own, and one with a base of zero does not rotate.
  fileprivate func graniteWindows(_ build: (Module) throws -> Layer) throws -> [LayerGroup] {
    let types = try layerTypes(known: ["full_attention", "sliding_attention"]) {
      $0 % 4 == 0 ? "full_attention" : "sliding_attention"
    }
    let bases = try layerBases(types.count)
    return try layers(kind: { GraniteLayer(type: types[$0], base: bases?[$0]) }) { kind in
      let heads = try heads()
      var position = try rotary(heads.size)
      if let base = kind.base, case .rotary(var angles) = position {
        angles.base = .decimal(base)
        position = Rational(decimal: base) == .zero ? .none : .rotary(angles)
      }
      return try build(
        attention(
          heads, bias: biases(.all), sinks: Weight("sinks", [heads.query], .attention),
          reach: window(ofType: kind.type), position: position))
    }
  }

  private func layerBases(_ count: Int) throws -> [String]? {
    let key = "layer_rope_theta"
    guard let list = try list(key) else { return nil }
    guard list.count == count else {
      throw DescriptionError.wrongLength(key: key, count: list.count, expected: count)
    }
    return try list.map { entry in
      guard case .number(let text) = entry else {
        throw DescriptionError.wrongType(
          key: key, found: entry.kind, expected: "a list of numbers")
      }
      return text
    }
  }

  /// The feed-forward layer beside the experts; a width of zero means none.
  fileprivate func graniteShared() throws -> FeedForward? {
    let key = "shared_intermediate_size"
    guard let width = try optional(.sharedSize, key, least: 0), number(width) != 0 else {
      return nil
    }
    return try fusedGated(width, "input_linear", "output_linear")
  }

  /// Experts of which one tensor holds all gates and maps up, and another all maps down.
  fileprivate func graniteExperts(
    _ names: StackNames, shared: FeedForward? = nil
  ) throws -> Module {
    let (all, active) = try expertCounts("num_local_experts")
    let d = try size(.hidden)
    let expert = try fusedGated()
    let stacks = [
      Weight(names.input, [all, 2 * expert.width, d], .routedExperts),
      Weight(names.output, [all, d, expert.width], .routedExperts),
    ]
    let path = "block_sparse_moe"
    return .mixtureOfExperts(
      MixtureOfExperts(
        router: chosenFirst(Router([Linear("\(path).\(names.router)", d, all)])), experts: all,
        active: active,
        expert: expert, layout: .stacked(stacks.map { $0.within(path) }), shared: shared,
        sharedPath: "shared_mlp"))
  }
}
