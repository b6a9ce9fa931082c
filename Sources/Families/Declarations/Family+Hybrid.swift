import Architecture
import JSON
import Symbolic

/// Models that put attention and state-space mixers into one stack.
extension Family {
  static let hybrid: [Family] = [jamba, bamba, falconH1, nemotronH, graniteMoeHybrid]

  private static let mamba2Keys = (
    heads: "mamba_n_heads", size: "mamba_d_head", state: "mamba_d_state", kernel: "mamba_d_conv",
    groups: "mamba_n_groups"
  )
  private static let finalNorm = FrameNames(norm: "model.final_layernorm")

  static let jamba = Family(
    "jamba",
    spelling: "num_local_experts=num_experts",
    defaults: """
      vocab_size=65536 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=8
      num_experts_per_tok=2 num_experts=16 expert_layer_period=2 expert_layer_offset=1
      attn_layer_period=8 attn_layer_offset=4 mamba_d_state=16 mamba_d_conv=4 mamba_expand=2
      mamba_dt_rank="auto" mamba_conv_bias=true mamba_proj_bias=false tie_word_embeddings=false
      """
  ) { keys in
    let attends = try keys.phase("attn_layer_period", "attn_layer_offset")
    let routes = try keys.phase("expert_layer_period", "expert_layer_offset")
    let mixes = try keys.number(keys.size(.experts, "num_local_experts")) != 1
    let groups = try keys.layers(kind: { [attends($0), mixes && routes($0)] }) { kind in
      let mixer =
        kind[0]
        ? try keys.attention()
        : try keys.mamba(
          keys.expanded("mamba_expand", inner: "mamba_intermediate_size"),
          keys: ("mamba_d_state", "mamba_d_conv", "mamba_dt_rank"),
          bias: keys.flag("mamba_proj_bias"), convolutionBias: keys.flag("mamba_conv_bias"),
          norms: .weighted)
      let feedForward =
        kind[1]
        ? try keys.experts(keys.expertCounts("num_local_experts"), keys.gated(), gate: "router")
        : .feedForward(try keys.gated())
      return try keys.hybridLayer(mixer, feedForward, path: kind[0] ? "self_attn" : "mamba")
    }
    return try keys.decoder(groups, finalNorm)
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

  static let falconH1 = Family(
    "falcon_h1",
    defaults: """
      vocab_size=128000 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=8
      mamba_d_ssm=1024 mamba_n_heads=128 mamba_d_head="auto" mamba_n_groups=1 mamba_d_state=256
      mamba_d_conv=4 mamba_expand=2 mamba_conv_bias=true mamba_proj_bias=false
      mamba_chunk_size=256 mamba_rms_norm=false projectors_bias=false attention_bias=false mlp_bias=false
      tie_word_embeddings=false
      embedding_multiplier=1.0 lm_head_multiplier=1.0 mlp_multipliers=[1.0,1.0] key_multiplier=1.0
      attention_in_multiplier=1.0 attention_out_multiplier=1.0 ssm_in_multiplier=1.0
      ssm_out_multiplier=1.0 ssm_multipliers=[1.0,1.0,1.0,1.0,1.0] mamba_norm_before_gate=true
      """
  ) { keys in
    let inner =
      try keys.optional(.innerSize, "mamba_d_ssm")
      ?? keys.expanded("mamba_expand", inner: "mamba_d_ssm")
    var mixer = try keys.mamba2(
      inner, keys: mamba2Keys,
      biases: (keys.flag("mamba_proj_bias"), keys.flag("projectors_bias")),
      convolutionBias: keys.flag("mamba_conv_bias"), normed: keys.flag("mamba_rms_norm"),
      chunk: "mamba_chunk_size")
    let multipliers = try keys.multipliers("ssm_multipliers", count: 5)
    mixer.scales = DualStateSpace.Scales(
      gate: multipliers[0], values: multipliers[1], inputs: multipliers[2],
      outputs: multipliers[3], steps: multipliers[4])
    mixer.normPrecedesGate = try keys.flag("mamba_norm_before_gate")
    let keyScale = try keys.setting("key_multiplier")
    let attention = try keys.attention(bias: keys.flag("attention_bias") ? .all : [])
      .attending { $0.keyScale = keyScale }
    var feedForward = try keys.gated(bias: keys.flag("mlp_bias"))
    let scales = try keys.multipliers("mlp_multipliers", count: 2)
    feedForward.gateScale = scales[0]
    func branch(
      _ path: String, _ module: Module, _ input: Constant?, _ output: Constant?
    ) -> Branch {
      var branch = Branch(path, module)
      (branch.inputScale, branch.outputScale) = (input, output)
      return branch
    }
    let layer = Layer([
      Block(
        [try keys.norm("input_layernorm")],
        [
          branch(
            "mamba", .recurrent(.duality(mixer)), try keys.setting("ssm_in_multiplier"),
            try keys.setting("ssm_out_multiplier")),
          branch(
            "self_attn", attention, try keys.setting("attention_in_multiplier"),
            try keys.setting("attention_out_multiplier")),
        ]),
      Block(
        [try keys.norm("pre_ff_layernorm")],
        [branch("feed_forward", .feedForward(feedForward), nil, scales[1])]),
    ])
    var model = try keys.decoder(keys.uniform(layer), finalNorm)
    model.logits.scale = try keys.setting("lm_head_multiplier")
    return model
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
    let groups = try keys.layers(kind: { types[$0] == "full_attention" }) { attends in
      let mixer =
        attends
        ? try keys.attention(bias: keys.flag("attention_bias") ? .all : [])
        : try keys.expandedMamba2(mamba2Keys)
      return Layer([
        Block(
          [try keys.norm("input_layernorm")], [Branch(attends ? "self_attn" : "mamba", mixer)]),
        Block([try keys.norm("post_attention_layernorm")], [feedForward]),
      ])
    }
    return try keys.decoder(groups)
  }
}

// MARK: - Parts

extension Keys {
  /// A list of `count` multipliers; null means ones.
  fileprivate func multipliers(_ key: String, count: Int) throws -> [Constant] {
    guard let list = try list(key) else {
      return [Constant](repeating: .one, count: count)
    }
    guard list.count == count else {
      throw DescriptionError.wrongLength(key: spelled(key), count: list.count, expected: count)
    }
    return try list.map { entry in
      guard case .number(let text) = entry else {
        throw DescriptionError.wrongType(
          key: spelled(key), found: entry.kind, expected: "numbers")
      }
      return .decimal(text)
    }
  }

  /// Whether a layer's index has the offset of a period.
  fileprivate func phase(_ period: String, _ offset: String) throws -> (Int) -> Bool {
    let length = try self.period(period)
    let first = try integer(offset) ?? 0
    try require(Formula(Int128(first + 1)), offset, atMost: Formula(Int128(length)), period)
    return { $0 % length == first }
  }

  /// A mixer or attention, then a feed-forward layer, each behind a norm.
  fileprivate func hybridLayer(
    _ mixer: Module, _ feedForward: Module, path: String
  ) throws -> Layer {
    try layer(
      mixer, feedForward, norms: ("input_layernorm", "pre_ff_layernorm"),
      paths: (path, "feed_forward"))
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
