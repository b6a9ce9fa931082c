import Architecture
import JSON
import Symbolic

extension Size {
  fileprivate static let slidingHeads = Size(
    "h_w", "swa_num_attention_heads", "query heads of sliding layers")
  fileprivate static let slidingKeyValueHeads = Size(
    "g_w", "swa_num_key_value_heads", "key-value heads of sliding layers")
  fileprivate static let slidingHeadSize = Size(
    "d_w", "swa_head_dim", "width of one head of sliding layers")
  fileprivate static let relativeSize = Size("d_p", "d_rel", "width of a relative position")
  fileprivate static let relativeExtent = Size("n_p", "rel_extent", "relative positions")
}

/// Inkling: relative positions, short convolutions around every module.
extension Family {
  static let ofInkling: [Family] = [inkling, inkling2]

  static let inkling = Family(
    "inkling_text",
    spelling: """
      sliding_window=sliding_window_size num_local_experts=n_routed_experts
      sconv_kernel_size=conv_kernel_size
      """,
    traits: [.doesNotRotate],
    defaults: """
      vocab_size=201024 num_attention_heads=64 num_key_value_heads=8 head_dim=128
      swa_num_attention_heads=64 swa_num_key_value_heads=16 swa_head_dim=128
      sliding_window_size=512 d_rel=16 rel_extent=1024 local_layer_ids=null layer_types=null
      conv_kernel_size=4 mlp_layer_types=null dense_mlp_idx=0 intermediate_size=24576
      dense_intermediate_size=null moe_intermediate_size=3072 n_routed_experts=256
      num_experts_per_tok=6 n_shared_experts=2 log_scaling_n_floor=null unpadded_vocab_size=null
      """
  ) { keys in
    let local = try keys.list("local_layer_ids")?.compactMap(\.integer)
    let types = try keys.inklingTypes { index in
      local?.contains(Int128(index)) ?? !(index + 1).isMultiple(of: 6)
    }
    let sparse = try keys.sparseLayers()
    let dense = sparse == nil ? try keys.integer("dense_mlp_idx") ?? 0 : 0
    let groups = try keys.layers(kind: { index in
      LayerKind(attention: types[index], isSparse: sparse?[index] ?? (index >= dense))
    }) { kind in
      let slides = kind.attention == "hybrid_sliding"
      return try keys.layer(
        keys.inklingAttention(slides: slides),
        kind.isSparse ? keys.inklingExperts() : keys.inklingDense()
      ).convolving(["attn_sconv.conv1d", "mlp_sconv.conv1d"]) {
        try keys.skipConvolution($0, keys.size(.hidden))
      }
    }
    let norm = Branch("", .normalization(try keys.norm("model.embed_tokens.embed_norm")))
    var model = try keys.decoder(groups, after: [norm], untieable: true)
    model.logits.divisor = try keys.required("logits_mup_width_multiplier")
    model.logits.kept = try keys.unpaddedVocabulary()
    return model
  }

  /// The residual stream is read through attention over the states of earlier blocks.
  static let inkling2 = Family(
    "inkling2_text",
    spelling: """
      sliding_window=sliding_window_size num_local_experts=n_routed_experts
      sconv_kernel_size=conv_kernel_size intermediate_size=moe_intermediate_size
      """,
    traits: [.doesNotRotate],
    defaults: """
      vocab_size=201024 num_attention_heads=48 num_key_value_heads=8 head_dim=128
      swa_num_attention_heads=48 swa_num_key_value_heads=8 swa_head_dim=128
      sliding_window_size=1024 d_rel=16 rel_extent=1024 layer_types=null conv_kernel_size=4
      moe_intermediate_size=2304 n_routed_experts=384 num_experts_per_tok=8
      final_logit_softcapping=30.0 log_scaling_n_floor=128000 n_layers_per_attn_res_block=6
      unpadded_vocab_size=200058 scoring_func="sigmoid"
      """
  ) { keys in
    let types = try keys.inklingTypes { !($0 + 1).isMultiple(of: 6) }
    let block = try keys.period("n_layers_per_attn_res_block")
    let groups = try keys.layers(kind: { index in
      Inkling2Kind(
        slides: types[index] == "hybrid_sliding", isFirst: index == 0,
        leaves: index.isMultiple(of: block), states: (index + block - 1) / block)
    }) { kind in
      try keys.inkling2Layer(kind)
    }
    let d = try keys.size(.hidden)
    // One query for each module after the first attention, three for a layer of full attention.
    var queries = [Weight("output_query", [d], .mixer)]
    for (index, type) in types.enumerated() {
      queries.append(Weight("mlp_queries.\(index)", [d], .mixer))
      guard index > 0 else { continue }
      let shape = type == "hybrid_sliding" ? [d] : [3, d]
      queries.append(Weight("attn_queries.\(index - 1)", shape, .mixer))
    }
    let names = FrameNames(
      token: "model.llm.embed", layers: "model.llm.layers", norm: nil, head: "model.llm.unembed")
    let norm = Branch("", .normalization(try keys.norm("model.llm.embed_norm")))
    let last = DepthReading(
      "output_query", states: (types.count + block - 1) / block, width: d)
    let reader = DepthReader(queries: queries, last: last)
    var model = try keys.decoder(
      groups, names, after: [norm],
      before: [
        Branch("model.llm.attn_res", .stream(.depth(reader))),
        Branch("", .normalization(keys.norm("model.llm.norm"))),
      ], untieable: true)
    model.logits.kept = try keys.unpaddedVocabulary()
    return model
  }
}

/// What tells one layer of Inkling 2 from another.
private struct Inkling2Kind: Hashable {
  var slides: Bool
  /// The first layer reads the stream itself.
  var isFirst: Bool
  /// Whether it leaves the stream and begins another.
  var leaves: Bool
  /// How many streams were left before.
  var states: Int
}

extension Layer {
  /// The layer with a convolution of what its first branch returns, and of what its second does.
  fileprivate func convolving(
    _ names: [String], _ build: (String) throws -> SkipConvolution
  ) rethrows -> Layer {
    var layer = self
    for (block, name) in names.enumerated() {
      layer.blocks[block].branches[0].convolution = try build(name)
    }
    return layer
  }
}

// MARK: - Their modules

extension Keys {
  fileprivate func inklingTypes(slides: (Int) -> Bool) throws -> [String] {
    // transformers takes every name but one for full attention.
    try layerTypes(
      known: ["hybrid", "hybrid_sliding", "full_attention", "sliding_attention"]
    ) { slides($0) ? "hybrid_sliding" : "hybrid" }
  }

  /// How many scores are returned, where a padded head gives more.
  fileprivate func unpaddedVocabulary() throws -> Formula? {
    guard let count = try integer("unpadded_vocab_size", least: 1) else { return nil }
    return .minimum(Formula(Int128(count)), try size(.vocabulary))
  }

  /// A causal convolution of each channel, `[channels, 1, k]`, to which its input is added.
  ///
  /// - `averages`: whether the sum is divided by √(k + 1).
  fileprivate func skipConvolution(
    _ name: String, _ channels: Formula, averages: Bool = false
  ) throws -> SkipConvolution {
    let convolution = try convolution(channels, "sconv_kernel_size", name: name, bias: false)
    return SkipConvolution(
      .fixed(convolution), divisor: averages ? .root(convolution.kernel + 1) : nil)
  }

  fileprivate func inklingHeads(slides: Bool) throws -> Heads {
    guard slides else {
      return Heads(
        query: try size(.heads), keyValue: try size(.keyValueHeads), size: try size(.headSize))
    }
    return Heads(
      query: try size(.slidingHeads), keyValue: try size(.slidingKeyValueHeads),
      size: try size(.slidingHeadSize))
  }

  /// The distances that have a score of their own.
  private func relativeReach(slides: Bool) throws -> Formula {
    try slides ? size(.window) : size(.relativeExtent)
  }

  /// How a layer knows positions, and how far it sees.
  private func place(
    _ attention: inout SelfAttention, slides: Bool, _ scores: RelativeScores
  ) throws {
    attention.position = .relative(scores)
    attention.reach = slides ? .window(try size(.window)) : .all
    guard !slides, let floor = try setting("log_scaling_n_floor") else { return }
    attention.positionScale = .logarithm(
      weight: try required("log_scaling_alpha"), floor: floor)
  }

  fileprivate func inklingAttention(slides: Bool) throws -> Module {
    let heads = try inklingHeads(slides: slides)
    let width = try size(.relativeSize)
    let module = try attention(
      heads, norm: .eachHead, extra: [Linear("r_proj", size(.hidden), heads.query * width)])
    return try module.attending { attention in
      attention.layout = InputLayout([[.queries], [.keys], [.values], [.distances]])
      // Queries and keys are normalized, so that scores are divided by the width and not its root.
      attention.scale = .size(1 / heads.size)
      for (piece, name) in [(InputPiece.keys, "k_sconv"), (.values, "v_sconv")] {
        attention.skipConvolutions[piece] = try skipConvolution(
          "\(name).conv1d", heads.keyValue * heads.size)
      }
      try place(
        &attention, slides: slides,
        RelativeScores(
          "rel_logits_proj.proj", heads: heads.query, width: width,
          extent: relativeReach(slides: slides)))
    }
  }

  /// Where a dense width of its own is given, `intermediate_size` is that of the experts.
  private func inklingWidths() throws -> (dense: Formula, expert: Formula) {
    guard isGiven("dense_intermediate_size"), try integer("dense_intermediate_size") != nil else {
      return (try size(.intermediate), try size(.expertSize))
    }
    return (
      try size(.intermediate, "dense_intermediate_size"),
      try size(.expertSize, "intermediate_size")
    )
  }

  fileprivate func inklingDense() throws -> Module {
    var dense = try gated(inklingWidths().dense)
    dense.outputFactor = Weight("global_scale", [1], .denseFeedForward)
    return .feedForward(dense)
  }

  /// The gate also scores the shared experts, whose weights are divided by the same sum.
  fileprivate func inklingExperts() throws -> Module {
    let d = try size(.hidden)
    let f = try inklingWidths().expert
    let counts = try expertCounts("num_local_experts")
    let shared = try size(.sharedExperts, "n_shared_experts", least: 0)
    let factor = Weight("gate.global_scale", [1], .router)
    var router = Router(
      [Linear("gate", d, counts.all + shared)], correction: scoreCorrection(counts.all))
    router.scoring = .sigmoid
    router.normalizes = true
    router.divisor = .sumOfLogarithms
    router.scale = try required("route_scale")
    router.factor = factor
    let stack = [
      Weight("gate_proj", [shared, f, d], .sharedExperts),
      Weight("up_proj", [shared, f, d], .sharedExperts),
      Weight("down_proj", [shared, d, f], .sharedExperts),
    ]
    return try stackedExperts(counts, fusedGated(f), router: router, outputFirst: true)
      .mixing {
        $0.always = MixtureOfExperts.Always(
          "shared_experts", try gated(f), count: shared, stack: stack)
      }
  }

  fileprivate func inkling2Layer(_ kind: Inkling2Kind) throws -> Layer {
    let slides = kind.slides
    let d = try size(.hidden)
    let (query, key, value) = ("q_input_norm", "k_input_norm", "v_input_norm")
    var first = Block(
      [try norm(slides ? "attn_norm" : query)],
      [Branch("attn", try inkling2Attention(slides: slides))])
    if !slides { (first.keyNorm, first.valueNorm) = (try norm(key), try norm(value)) }
    if !kind.isFirst {
      first.depth = DepthReading(
        "attn_queries.#", from: 1, isSplit: !slides, states: kind.states, width: d)
    }
    if kind.leaves { first.leavesStream = kind.states }
    var second = Block([try norm("mlp_norm")], [Branch("mlp", try inkling2Experts())])
    second.depth = DepthReading(
      "mlp_queries.#", states: kind.states + (kind.leaves ? 1 : 0), width: d)
    return try Layer([first, second]).convolving(["attn_sconv", "mlp_sconv"]) {
      try skipConvolution($0, d, averages: true)
    }
  }

  private func inkling2Experts() throws -> Module {
    if let name = try text("scoring_func"), name != "sigmoid" {
      throw DescriptionError.unsupported(
        key: "scoring_func", found: "\"\(name)\"", supported: "sigmoid")
    }
    let counts = try expertCounts("num_local_experts")
    var router = Router(
      [Linear("gate", try size(.hidden), counts.all)],
      correction: scoreCorrection(counts.all, "gate.bias"))
    router.scoring = .sigmoid
    router.normalizes = true
    router.scale = try constant("routed_scaling_factor") ?? required("route_scale")
    var expert = try fusedGated()
    expert.fusion = .alternating
    expert.factorCaps = FeedForward.FactorCaps(
      gate: try required("mlp_gate_softcap"), factor: try required("mlp_up_softcap"))
    return try stackedExperts(
      counts, expert, router: router,
      names: ("experts.w13_weight", "experts.w2_weight"), outputFirst: true)
  }

  /// The convolution of keys or values, whose kernel depends on the token in full attention.
  private func inkling2Convolution(_ name: String, slides: Bool) throws -> SkipConvolution {
    let heads = try inklingHeads(slides: slides)
    let channels = heads.keyValue * heads.size
    guard !slides else { return try skipConvolution(name, channels, averages: true) }
    let kernel = try size(.kernelSize, "sconv_kernel_size")
    return SkipConvolution(
      .dynamic(
        DynamicConvolution(
          name, of: try size(.hidden), heads: heads.keyValue, channels: channels, kernel: kernel)),
      divisor: .root(2 * kernel + 1))
  }

  private func inkling2Attention(slides: Bool) throws -> Module {
    let d = try size(.hidden)
    let heads = try inklingHeads(slides: slides)
    let (q, kv) = (heads.query * heads.size, heads.keyValue * heads.size)
    let width = try size(.relativeSize)
    let vectors = [
      Weight("q_l2_clip.scale", [heads.query, heads.size], .attention),
      Weight("rel_l2_clip.scale", [heads.query, width], .attention),
    ]
    var attention = SelfAttention(
      heads: heads.query, keyValueHeads: heads.keyValue, headSize: heads.size,
      inputs: [
        Linear("wq_du", d, q), Linear("wk_dv", d, kv), Linear("wv_dv", d, kv),
        Linear("wr_du", d, heads.query * width), Linear("gate_attn", d, q),
        Linear("attn_sink_proj", d, heads.query),
      ],
      layout: InputLayout([[.queries], [.keys], [.values], [.distances], [.gate], [.sinks]]),
      output: Linear("wo_ud", q, d),
      norms: [
        Normalization(
          "v_norm", [heads.size], weight: false, vectors: heads.keyValue, of: .values)
      ],
      vectors: vectors)
    attention.gate = .elements
    for (piece, name) in [(InputPiece.keys, "k_sconv"), (.values, "v_sconv")] {
      attention.skipConvolutions[piece] = try inkling2Convolution(name, slides: slides)
    }
    let limit = try required("qk_l2_clip_threshold")
    attention.lengthBounds = [
      .queries: LengthBound(
        "q_l2_clip", vectors: heads.query, width: heads.size, limit: limit, scale: vectors[0]),
      .keys: LengthBound(
        "k_l2_clip", vectors: heads.keyValue, width: heads.size, limit: limit),
    ]
    var scores = RelativeScores(
      "rel_logits_proj.proj", heads: heads.query, width: width,
      extent: try relativeReach(slides: slides),
      bound: LengthBound(
        "rel_l2_clip", vectors: heads.query, width: width,
        limit: try required("rel_l2_clip_threshold"), scale: vectors[1]))
    scores.scaled = .vectors
    try place(&attention, slides: slides, scores)
    return .selfAttention(attention)
  }
}
