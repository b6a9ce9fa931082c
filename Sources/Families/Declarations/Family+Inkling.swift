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
  static let inkling = Family(
    "inkling_text",
    spelling: """
      sliding_window=sliding_window_size num_local_experts=n_routed_experts
      sconv_kernel_size=conv_kernel_size
      """,
    defaults: """
      vocab_size=201024 num_attention_heads=64 num_key_value_heads=8 head_dim=128
      swa_num_attention_heads=64 swa_num_key_value_heads=16 swa_head_dim=128
      sliding_window_size=512 d_rel=16 rel_extent=1024 local_layer_ids=null layer_types=null
      conv_kernel_size=4 mlp_layer_types=null dense_mlp_idx=0 intermediate_size=24576
      dense_intermediate_size=null moe_intermediate_size=3072 n_routed_experts=256
      num_experts_per_tok=6 n_shared_experts=2 log_scaling_n_floor=null
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
      let d = try keys.size(.hidden)
      var layer = try keys.layer(
        keys.inklingAttention(slides: slides),
        kind.isSparse ? keys.inklingExperts() : keys.inklingDense())
      layer.extras.append(
        kind.isSparse
          ? try keys.inklingSharedExperts()
          : Branch("mlp", .mixer(Mixer(.scale(width: d, divides: false)))))
      let heads = try keys.inklingHeads(slides: slides)
      layer.extras += try ["k_sconv", "v_sconv"].flatMap {
        try keys.shortConvolution("\($0).conv1d", heads.keyValue * heads.size, .attention)
          .map { $0.within("self_attn") }
      }
      layer.extras += try ["attn_sconv", "mlp_sconv"].flatMap {
        try keys.shortConvolution("\($0).conv1d", d, .mixer)
      }
      return layer
    }
    let norm = Branch("", .normalization(try keys.norm("model.embed_tokens.embed_norm")))
    let scale = Mixer(.scale(width: try keys.size(.hidden), divides: true))
    return try keys.decoder(
      groups, after: [norm], before: [Branch("logits", .mixer(scale))], untieable: true)
  }

  /// The residual stream is read through attention over the states of earlier blocks.
  static let inkling2 = Family(
    "inkling2_text",
    spelling: """
      sliding_window=sliding_window_size num_local_experts=n_routed_experts
      sconv_kernel_size=conv_kernel_size intermediate_size=moe_intermediate_size
      """,
    defaults: """
      vocab_size=201024 num_attention_heads=48 num_key_value_heads=8 head_dim=128
      swa_num_attention_heads=48 swa_num_key_value_heads=8 swa_head_dim=128
      sliding_window_size=1024 d_rel=16 rel_extent=1024 layer_types=null conv_kernel_size=4
      moe_intermediate_size=2304 n_routed_experts=384 num_experts_per_tok=8
      final_logit_softcapping=30.0 log_scaling_n_floor=128000 n_layers_per_attn_res_block=6
      """
  ) { keys in
    let types = try keys.inklingTypes { !($0 + 1).isMultiple(of: 6) }
    let block = try keys.period("n_layers_per_attn_res_block")
    let groups = try keys.layers(kind: { index in
      Inkling2Kind(
        slides: types[index] == "hybrid_sliding", isFirst: index == 0,
        before: (index + block - 1) / block, after: index / block + 1)
    }) { kind in
      try keys.inkling2Layer(kind)
    }
    let last = Formula(Int128((types.count + block - 1) / block + 1))
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
      token: "model.llm.embed", layers: "model.llm.layers", norm: "model.llm.norm",
      head: "model.llm.unembed")
    let norm = Branch("", .normalization(try keys.norm("model.llm.embed_norm")))
    var residual = Mixer(.other, linears: [], vectors: queries)
    residual.procedure = .depthAttention(queries: 1, states: last, width: d)
    return try keys.decoder(
      groups, names, after: [norm], before: [Branch("model.llm.attn_res", .mixer(residual))],
      untieable: true)
  }
}

/// What tells one layer of Inkling 2 from another.
private struct Inkling2Kind: Hashable {
  var slides: Bool
  /// The first layer reads the stream itself.
  var isFirst: Bool
  /// The states of whole blocks that its attention reads.
  var before: Int
  /// Those that its experts read.
  var after: Int
}

// MARK: - Their modules

extension Keys {
  fileprivate func inklingTypes(slides: (Int) -> Bool) throws -> [String] {
    // transformers takes every name but one for full attention.
    try layerTypes(
      known: ["hybrid", "hybrid_sliding", "full_attention", "sliding_attention"]
    ) { slides($0) ? "hybrid_sliding" : "hybrid" }
  }

  /// A causal convolution of each channel, `[channels, 1, k]`, to which its input is added.
  fileprivate func shortConvolution(
    _ name: String, _ channels: Formula, _ part: Part, averages: Bool = false
  ) throws -> [Branch] {
    let mixer = Mixer(
      .shortConvolution, part: part, linears: [],
      convolutions: [
        try convolution(
          channels, "sconv_kernel_size", name: name, bias: false)
      ], vectors: [])
    let sum = Mixer(averages ? .mean(width: channels) : .sum(width: channels))
    return [Branch("", .mixer(mixer)), Branch(name, .mixer(sum))]
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

  private func relativeTable(slides: Bool) throws -> Weight {
    Weight(
      "rel_logits_proj.proj", [try size(.relativeSize), try relativeReach(slides: slides)],
      .attention)
  }

  /// How a layer knows positions, and how far it sees.
  private func place(_ attention: inout SelfAttention, slides: Bool) throws {
    attention.position = .relative(
      width: try size(.relativeSize), extent: try relativeReach(slides: slides))
    attention.reach = slides ? .window(try size(.window)) : .all
    attention.scalesByPosition = try !slides && isSet("log_scaling_n_floor")
  }

  fileprivate func inklingAttention(slides: Bool) throws -> Module {
    let heads = try inklingHeads(slides: slides)
    let relative = try heads.query * size(.relativeSize)
    let module = try attention(
      heads, norm: .eachHead, extra: [Linear("r_proj", size(.hidden), relative)],
      vectors: [relativeTable(slides: slides)])
    guard case .selfAttention(var attention) = module else { return module }
    try place(&attention, slides: slides)
    return .selfAttention(attention)
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
    dense.vectors = [Weight("global_scale", [1], .denseFeedForward)]
    return .feedForward(dense)
  }

  /// The gate also scores the shared experts.
  fileprivate func inklingExperts() throws -> Module {
    let counts = try expertCounts("num_local_experts")
    let shared = try size(.sharedExperts, "n_shared_experts", least: 0)
    var router = Router(
      [Linear("gate", try size(.hidden), counts.all + shared)],
      vectors: [Weight("gate.global_scale", [1], .router), scoreCorrection(counts.all)])
    router.scoring = .sigmoid
    router.isCorrected = true
    router.normalizes = true
    router.scale = .computed("gate.global_scale", 1)
    return try stackedExperts(
      counts, fusedGated(inklingWidths().expert), router: router, outputFirst: true)
  }

  /// Shared experts that are stored as one tensor for each map.
  fileprivate func inklingSharedExperts() throws -> Branch {
    let d = try size(.hidden)
    let f = try inklingWidths().expert
    let count = try size(.sharedExperts, "n_shared_experts", least: 0)
    let weights = [
      Weight("gate_proj", [count, f, d], .sharedExperts),
      Weight("up_proj", [count, f, d], .sharedExperts),
      Weight("down_proj", [count, d, f], .sharedExperts),
    ]
    var mixer = Mixer(.other, linears: [], vectors: weights)
    mixer.procedure = .everyExpert(try gated(f), count: count)
    return Branch("mlp.shared_experts", .mixer(mixer))
  }

  fileprivate func inkling2Layer(_ kind: Inkling2Kind) throws -> Layer {
    let slides = kind.slides
    let d = try size(.hidden)
    let counts = try expertCounts("num_local_experts")
    var router = Router(
      [Linear("gate", d, counts.all)], vectors: [scoreCorrection(counts.all, "gate.bias")])
    router.scoring = .sigmoid
    router.isCorrected = true
    router.normalizes = true
    router.scale = .computed("gate.global_scale", 1)
    var expert = try fusedGated()
    expert.capsFactors = true
    let experts = try stackedExperts(
      counts, expert, router: router,
      names: ("experts.w13_weight", "experts.w2_weight"), outputFirst: true)
    let norms = slides ? ["attn_norm"] : ["q_input_norm", "k_input_norm", "v_input_norm"]
    var extras = try ["attn_sconv", "mlp_sconv"].flatMap {
      try shortConvolution($0, d, .mixer, averages: true)
    }
    extras += try inkling2Convolutions(slides: slides)
    extras += try inkling2Bounds(slides: slides)
    func residual(_ name: String, queries: Formula, states: Int) -> Branch {
      Branch(
        name,
        .mixer(
          Mixer(
            .depthAttention(queries: queries, states: Formula(Int128(states)), width: d))))
    }
    if !kind.isFirst {
      extras.append(
        residual("attention_input", queries: slides ? 1 : 3, states: kind.before + 1))
    }
    extras.append(residual("mlp_input", queries: 1, states: kind.after + 1))
    return Layer(
      [
        Block(
          try norms.map { try norm($0) },
          [Branch("attn", try inkling2Attention(slides: slides))]),
        Block([try norm("mlp_norm")], [Branch("mlp", experts)]),
      ], extras: extras)
  }

  /// The convolutions of keys and values, whose kernels depend on the token in full attention.
  private func inkling2Convolutions(slides: Bool) throws -> [Branch] {
    let heads = try inklingHeads(slides: slides)
    let channels = heads.keyValue * heads.size
    return try ["k_sconv", "v_sconv"].flatMap { name in
      guard !slides else {
        return try shortConvolution(name, channels, .attention, averages: true)
          .map { $0.within("attn") }
      }
      let convolution = DynamicConvolution(
        name, of: try size(.hidden), heads: heads.keyValue, channels: channels,
        kernel: try size(.kernelSize, "sconv_kernel_size"))
      var mixer = Mixer(
        .other, part: .attention, linears: [], vectors: convolution.weights)
      mixer.procedure = .dynamicConvolution(convolution)
      return [Branch("attn", .mixer(mixer))]
    }
  }

  /// The greatest lengths of queries, keys and relative positions.
  private func inkling2Bounds(slides: Bool) throws -> [Branch] {
    let heads = try inklingHeads(slides: slides)
    let bounds: [(String, Formula, Formula, Bool)] = [
      ("q_l2_clip", heads.query, heads.size, true),
      ("k_l2_clip", heads.keyValue, heads.size, false),
      ("rel_l2_clip", heads.query, try size(.relativeSize), true),
    ]
    return bounds.map { name, vectors, width, isScaled in
      Branch(
        "attn.\(name)",
        .mixer(Mixer(.shortening(vectors: vectors, width: width, isScaled: isScaled))))
    }
  }

  private func inkling2Attention(slides: Bool) throws -> Module {
    let d = try size(.hidden)
    let heads = try inklingHeads(slides: slides)
    let (q, kv) = (heads.query * heads.size, heads.keyValue * heads.size)
    let relative = try size(.relativeSize)
    let vectors = [
      Weight("q_l2_clip.scale", [heads.query, heads.size], .attention),
      Weight("rel_l2_clip.scale", [heads.query, relative], .attention),
      try relativeTable(slides: slides),
    ]
    var attention = SelfAttention(
      heads: heads.query, keyValueHeads: heads.keyValue, headSize: heads.size,
      inputs: [
        Linear("wq_du", d, q), Linear("wk_dv", d, kv), Linear("wv_dv", d, kv),
        Linear("wr_du", d, heads.query * relative), Linear("gate_attn", d, q),
        Linear("attn_sink_proj", d, heads.query),
      ], output: Linear("wo_ud", q, d),
      norms: [Normalization("v_norm", [heads.size], weight: false, vectors: heads.keyValue)],
      vectors: vectors)
    attention.gate = .elements
    // A map of the stream gives the score of the sink.
    attention.sinks = Weight("attn_sink_proj", [heads.query], .attention)
    try place(&attention, slides: slides)
    return .selfAttention(attention)
  }
}
