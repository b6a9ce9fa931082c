import Architecture
import JSON
import Symbolic

/// IBM's Granite, dense and with experts, with windows, with state spaces, with images; and Bamba.
extension Family {
  static let ofGranite: [Family] = [
    granite, graniteMoE, graniteMoEShared, graniteWindowed, graniteMoEWindowed, graniteMoeHybrid,
    bamba, granite4Vision, graniteDocling,
  ]

  static let granite = Family(
    "granite", like: llama,
    defaults: """
      vocab_size=32000 intermediate_size=11008 num_attention_heads=32 num_key_value_heads=null
      attention_bias=false mlp_bias=false tie_word_embeddings=false
      logits_scaling=1.0 embedding_multiplier=1.0 residual_multiplier=1.0
      """)

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

  static let graniteMoeHybrid = Family(
    "granitemoehybrid",
    spelling: "layers_block_type=layer_types num_experts:num_local_experts",
    defaults: """
      vocab_size=32000 intermediate_size=11008 num_attention_heads=32 num_key_value_heads=null
      attention_bias=false num_local_experts=8 num_experts_per_tok=2
      shared_intermediate_size=1024 layer_types=null mamba_n_heads=128 mamba_n_groups=1
      mamba_d_state=256 mamba_d_head="auto" mamba_d_conv=4 mamba_expand=2 mamba_conv_bias=true
      mamba_chunk_size=256 mamba_proj_bias=false tie_word_embeddings=false
      logits_scaling=1.0 embedding_multiplier=1.0 residual_multiplier=1.0
      """
  ) { keys in
    let types = try keys.layerKinds("layers_block_type") { _ in "linear_attention" }
    let feedForward = try keys.graniteFeedForward()
    let rotates = try keys.text("position_embedding_type") == "rope"
    let groups = try keys.layers(kind: { types[$0] == "full_attention" }) { attends in
      let mixer =
        attends
        ? try keys.attention(
          bias: keys.flag("attention_bias") ? .all : [],
          position: rotates ? nil : PositionScheme.none)
        : try keys.expandedMamba2(mamba2Keys)
      return Layer([
        Block(
          [try keys.norm("input_layernorm")], [Branch(attends ? "self_attn" : "mamba", mixer)]),
        Block([try keys.norm("post_attention_layernorm")], [feedForward]),
      ])
    }
    return try keys.decoder(groups)
  }

  static let bamba = Family(
    "bamba",
    defaults: """
      vocab_size=128000 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=8
      attn_layer_indices=null mamba_n_heads=128 mamba_d_head="auto" mamba_n_groups=1
      mamba_d_state=256 mamba_d_conv=4 mamba_expand=2 mamba_conv_bias=true mamba_proj_bias=false
      mamba_chunk_size=256 attention_bias=false mlp_bias=false tie_word_embeddings=false
      partial_rotary_factor=0.5
      """
  ) { keys in
    let attending = try keys.indices("attn_layer_indices") ?? []
    let feedForward = Module.feedForward(try keys.gated(bias: keys.flag("mlp_bias")))
    let groups = try keys.layers(kind: attending.contains) { attends in
      let mixer =
        attends
        ? try keys.attention(bias: keys.flag("attention_bias") ? .all : [])
        : try keys.expandedMamba2(mamba2Keys)
      return try keys.hybridLayer(mixer, feedForward, path: attends ? "self_attn" : "mamba")
    }
    return try keys.decoder(groups, finalNorm)
  }

  static let granite4Vision = Family(
    "granite4_vision_text", like: granite, defaults: granite.defaults)

  static let graniteDocling = Family(
    "granite_docling_text", like: llama,
    defaults: """
      vocab_size=133800 intermediate_size=2048 num_attention_heads=16 num_key_value_heads=4
      attention_bias=false mlp_bias=false tie_word_embeddings=true
      logits_scaling=4.0 embedding_multiplier=12.0 residual_multiplier=0.263
      """)

  private static let mixtureDefaults = """
    vocab_size=32000 intermediate_size=11008 num_attention_heads=32 num_key_value_heads=null
    num_local_experts=8 num_experts_per_tok=2 attention_bias=false tie_word_embeddings=false
    logits_scaling=1.0 embedding_multiplier=1.0 residual_multiplier=1.0
    """
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
          reach: window(ofType: kind.type), position: position
        ).attending { $0.sinksGateOutputs = true })
    }
  }

  /// The base of the angles of each layer, from a list in which zero says that it does not rotate.
  func layerBases(_ count: Int) throws -> [String]? {
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

  /// A state space whose inner width is a multiple of the model's.
  fileprivate func expandedMamba2(
    _ keys: (heads: String, size: String, state: String, kernel: String, groups: String)
  ) throws -> Module {
    let bias = try flag("mamba_proj_bias")
    return .recurrent(
      .duality(
        try mamba2(
          expanded("mamba_expand", inner: "mamba_intermediate_size"), keys: keys,
          biases: (bias, bias), convolutionBias: flag("mamba_conv_bias"),
          chunk: "mamba_chunk_size")))
  }

  /// Granite's dense layer, which is the shared expert where there are routed ones.
  ///
  /// A model without routed experts says so with a zero.
  fileprivate func graniteFeedForward() throws -> Branch {
    let width = try size(.sharedSize, "shared_intermediate_size")
    let shared = try fusedGated(width, "input_linear", "output_linear")
    let all = try optional(.experts, least: 0)
    guard let all, number(all) != 0 else { return Branch("shared_mlp", .feedForward(shared)) }
    let counts = try expertCounts()
    let d = try size(.hidden)
    let f = try feedForwardWidth()
    let path = "block_sparse_moe"
    let stacks = [
      Weight("\(path).input_linear.weight", [all, 2 * f, d], .routedExperts),
      Weight("\(path).output_linear.weight", [all, d, f], .routedExperts),
    ]
    return Branch(
      "",
      .mixtureOfExperts(
        MixtureOfExperts(
          router: chosenFirst(Router([Linear("\(path).router.layer", d, all)])), experts: all,
          active: counts.active, expert: try fusedGated(f, "input_linear", "output_linear"),
          layout: .stacked(stacks), shared: shared, sharedPath: "shared_mlp")))
  }
}
