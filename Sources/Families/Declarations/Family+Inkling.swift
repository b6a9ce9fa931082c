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
      num_experts_per_tok=6 n_shared_experts=2
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
      var layer = try keys.layer(
        keys.inklingAttention(slides: kind.attention == "hybrid_sliding"),
        kind.isSparse ? keys.inklingExperts() : keys.inklingDense())
      if kind.isSparse { layer.extras.append(try keys.inklingSharedExperts()) }
      layer.extras += try ["attn_sconv.conv1d", "mlp_sconv.conv1d"].map {
        let weight = try keys.shortConvolution($0, keys.size(.hidden), .mixer)
        return Branch("", .mixer(Mixer(.other, linears: [], vectors: [weight])))
      }
      return layer
    }
    let norm = Branch("", .normalization(try keys.norm("model.embed_tokens.embed_norm")))
    return try keys.decoder(groups, after: [norm], untieable: true)
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
      final_logit_softcapping=30.0
      """
  ) { keys in
    let types = try keys.inklingTypes { !($0 + 1).isMultiple(of: 6) }
    let groups = try keys.layers(kind: { types[$0] == "hybrid_sliding" }) { slides in
      try keys.inkling2Layer(slides: slides)
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
      token: "model.llm.embed", layers: "model.llm.layers", norm: "model.llm.norm",
      head: "model.llm.unembed")
    let norm = Branch("", .normalization(try keys.norm("model.llm.embed_norm")))
    let residual = Mixer(.other, linears: [], vectors: queries)
    return try keys.decoder(
      groups, names, after: [norm], before: [Branch("model.llm.attn_res", .mixer(residual))],
      untieable: true)
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

  /// A causal convolution of each channel: `[channels, 1, k]`.
  fileprivate func shortConvolution(
    _ name: String, _ channels: Formula, _ part: Part
  ) throws
    -> Weight
  {
    Weight("\(name).weight", [channels, 1, try size(.kernelSize, "sconv_kernel_size")], part)
  }

  private func inklingHeads(slides: Bool) throws -> Heads {
    guard slides else {
      return Heads(
        query: try size(.heads), keyValue: try size(.keyValueHeads), size: try size(.headSize))
    }
    return Heads(
      query: try size(.slidingHeads), keyValue: try size(.slidingKeyValueHeads),
      size: try size(.slidingHeadSize))
  }

  private func relativeTable(slides: Bool) throws -> Weight {
    let extent = try slides ? size(.window) : size(.relativeExtent)
    return Weight("rel_logits_proj.proj", [try size(.relativeSize), extent], .attention)
  }

  fileprivate func inklingAttention(slides: Bool) throws -> Module {
    let heads = try inklingHeads(slides: slides)
    let channels = heads.keyValue * heads.size
    let relative = try heads.query * size(.relativeSize)
    return try attention(
      heads, norm: .eachHead, extra: [Linear("r_proj", size(.hidden), relative)],
      vectors: [
        shortConvolution("k_sconv.conv1d", channels, .attention),
        shortConvolution("v_sconv.conv1d", channels, .attention), relativeTable(slides: slides),
      ])
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
    let router = Router(
      [Linear("gate", try size(.hidden), counts.all + shared)],
      vectors: [Weight("gate.global_scale", [1], .router), scoreCorrection(counts.all)])
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
    return Branch("mlp.shared_experts", .mixer(Mixer(.other, linears: [], vectors: weights)))
  }

  fileprivate func inkling2Layer(slides: Bool) throws -> Layer {
    let d = try size(.hidden)
    let counts = try expertCounts("num_local_experts")
    let experts = try stackedExperts(
      counts, fusedGated(),
      router: Router(
        [Linear("gate", d, counts.all)], vectors: [scoreCorrection(counts.all, "gate.bias")]),
      names: ("experts.w13_weight", "experts.w2_weight"), outputFirst: true)
    let norms = slides ? ["attn_norm"] : ["q_input_norm", "k_input_norm", "v_input_norm"]
    let convolutions = try ["attn_sconv", "mlp_sconv"].map { try shortConvolution($0, d, .mixer) }
    return Layer(
      [
        Block(
          try norms.map { try norm($0) },
          [Branch("attn", try inkling2Attention(slides: slides))]),
        Block([try norm("mlp_norm")], [Branch("mlp", experts)]),
      ], extras: [Branch("", .mixer(Mixer(.other, linears: [], vectors: convolutions)))])
  }

  private func inkling2Attention(slides: Bool) throws -> Module {
    let d = try size(.hidden)
    let heads = try inklingHeads(slides: slides)
    let (q, kv) = (heads.query * heads.size, heads.keyValue * heads.size)
    let relative = try size(.relativeSize)
    var vectors = [
      Weight("q_l2_clip.scale", [heads.query, heads.size], .attention),
      Weight("rel_l2_clip.scale", [heads.query, relative], .attention),
      try relativeTable(slides: slides),
    ]
    for name in ["k_sconv", "v_sconv"] {
      guard !slides else {
        vectors.append(try shortConvolution(name, kv, .attention))
        continue
      }
      let width = try size(.kernelSize, "sconv_kernel_size")
      vectors.append(Weight("\(name).static_w", [width, kv], .attention))
      vectors.append(Weight("\(name).weight_proj", [heads.keyValue * width, d], .attention))
    }
    return .selfAttention(
      SelfAttention(
        heads: heads.query, keyValueHeads: heads.keyValue, headSize: heads.size,
        inputs: [
          Linear("wq_du", d, q), Linear("wk_dv", d, kv), Linear("wv_dv", d, kv),
          Linear("wr_du", d, heads.query * relative), Linear("gate_attn", d, q),
          Linear("attn_sink_proj", d, heads.query),
        ], output: Linear("wo_ud", q, d), vectors: vectors))
  }
}
