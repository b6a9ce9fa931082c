import Architecture
import JSON
import Symbolic

/// MiniMax: lightning attention, experts, and blocks of keys that are chosen.
extension Family {
  static let ofMiniMax: [Family] = [minimax, minimaxM2, minimaxM3]

  static let minimax = Family(
    "minimax",
    spelling: "num_experts=num_local_experts",
    defaults: """
      vocab_size=32000 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=8
      head_dim=null num_experts_per_tok=2 num_local_experts=8 block_size=256 layer_types=null sliding_window=null
      tie_word_embeddings=false
      full_attn_alpha_factor=1 full_attn_beta_factor=1 linear_attn_alpha_factor=1
      linear_attn_beta_factor=1 mlp_alpha_factor=1 mlp_beta_factor=1
      """
  ) { keys in
    let types = try keys.layerKinds { $0.isMultiple(of: 2) ? "full_attention" : "linear_attention" }
    let experts = try keys.experts(
      keys.expertCounts(), keys.gated(names: .numbered), normalizes: true)
    let groups = try keys.layers(kind: { types[$0] }) { type in
      var layer = try keys.layer(
        type == "full_attention"
          ? keys.attention(reach: keys.window(keepsCache: true)) : keys.lightning(), experts,
        paths: ("self_attn", "block_sparse_moe"))
      let kinds = [type == "full_attention" ? "full_attn" : "linear_attn", "mlp"]
      for (block, kind) in zip(layer.blocks.indices, kinds) {
        layer.blocks[block].keepsNormed = true
        layer.blocks[block].streamScale = try keys.setting("\(kind)_alpha_factor")
        layer.blocks[block].scale = try keys.setting("\(kind)_beta_factor")
      }
      return layer
    }
    return try keys.decoder(groups)
  }

  static let minimaxM2 = Family(
    "minimax_m2", spelling: "num_experts=num_local_experts",
    defaults: """
      vocab_size=200064 intermediate_size=1536 num_attention_heads=48 num_key_value_heads=8
      head_dim=128 num_local_experts=256 num_experts_per_tok=8 tie_word_embeddings=false
      rotary_dim=null
      """
  ) { keys in
    let counts = try keys.expertCounts()
    let experts = try keys.experts(
      counts, keys.gated(names: .numbered),
      correction: keys.scoreCorrection(counts.all, "e_score_correction_bias"), normalizes: true)
    // Without `rotary_dim` the rules of the angles say which part of a head is rotated.
    let heads = try keys.heads()
    let position =
      try keys.reading("rotary_dim") == nil
      ? PositionScheme.rotary(
        keys.angles(
          keys.rotaryShare(of: nil).map { .floor(Formula($0) * heads.size) } ?? heads.size))
      : keys.rotary(heads.size)
    return try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(heads, norm: .allHeads, position: position), experts,
          paths: ("self_attn", "block_sparse_moe"))))
  }

  static let minimaxM3 = Family(
    "minimax_m3_vl_text", spelling: "num_experts=num_local_experts",
    fixed: "norms_add_one=true",
    defaults: """
      vocab_size=200064 intermediate_size=3072 num_attention_heads=64 num_key_value_heads=4
      head_dim=128 num_experts_per_tok=4 num_local_experts=128 dense_intermediate_size=12288
      shared_intermediate_size=3072 mlp_layer_types=null layer_types=null index_n_heads=4
      index_head_dim=128 moe_layer_freq=null sparse_attention_config=null
      tie_word_embeddings=false
      routed_scaling_factor=2.0 rotary_dim=64 index_block_size=128 index_topk_blocks=16
      """
  ) { keys in
    let old = try keys.object("sparse_attention_config")
    let oldSparse = old?["sparse_attention_freq"]?.array
    let types = try keys.layerTypes(known: ["full_attention", "minimax_m3_sparse"]) { index in
      guard let oldSparse, oldSparse.indices.contains(index) else { return "full_attention" }
      return Keys.isTrue(oldSparse[index]) ? "minimax_m3_sparse" : "full_attention"
    }
    let frequency = try keys.list("moe_layer_freq")?.map(Keys.isTrue)
    let sparse = try keys.sparseLayers() ?? frequency
    let groups = try keys.layers(kind: { index in
      let isSparse = sparse.map { $0.indices.contains(index) && $0[index] } ?? true
      return LayerKind(attention: types[index], isSparse: isSparse)
    }) { kind in
      let attention = try keys.minimaxM3Attention(
        indexed: kind.attention == "minimax_m3_sparse", old)
      guard !kind.isSparse else { return try keys.layer(attention, keys.minimaxM3Experts()) }
      return try keys.layer(
        attention, .feedForward(keys.boundedGated(keys.size(.minimaxDenseSize))))
    }
    return try keys.decoder(groups)
  }
}

extension Size {
  fileprivate static let minimaxDenseSize = Size(
    "f_d", "dense_intermediate_size", "width of the dense layers")
  static let indexBlock = Size("B_x", "index_block_size", "keys of a block that is chosen whole")
  static let indexedBlocks = Size("k_b", "index_topk_blocks", "blocks that the indexer keeps")
  static let blockSize = Size("B_l", "block_size", "tokens of one block of lightning attention")
}

extension Keys {
  fileprivate func minimaxM3Attention(indexed: Bool, _ old: JSONObject?) throws -> Module {
    guard indexed else { return try attention(norm: .eachHead) }
    func index(_ size: Size, _ oldKey: String) throws -> Formula {
      guard let value = old?[oldKey]?.integer else { return try self.size(size) }
      return derived(size, key: oldKey, Formula(value), "sparse_attention_config.\(oldKey)")
    }
    let d = try size(.hidden)
    let width = try index(.indexHeadSize, "sparse_index_dim")
    let heads = try index(.indexHeads, "sparse_num_index_heads")
    let local: Constant? =
      if case .number(let text)? = old?["sparse_local_block"] {
        .decimal(text)
      } else {
        try constant("index_local_blocks")
      }
    let choice = KeyChoice.bestBlocks(
      size: try index(.indexBlock, "sparse_block_size"),
      count: try index(.indexedBlocks, "sparse_topk_blocks"), local: local ?? .one)
    let indexer = Indexer(
      heads: heads, headSize: width, source: .stream,
      queries: Linear("indexer.q_proj", d, heads * width),
      keys: Linear("indexer.k_proj", d, width),
      queryNorm: Normalization("indexer.q_norm", [width], vectors: heads),
      keyNorm: Normalization("indexer.k_norm", [width]), angles: try angles(size(.rotaryPart)),
      choice: choice)
    return try attention(norm: .eachHead, reach: choice.reach).attending {
      $0.indexer = indexer
    }
  }

  /// A gated layer that bounds the gate and what it gates.
  fileprivate func boundedGated(_ width: Formula? = nil) throws -> FeedForward {
    var layer = try fusedGated(width)
    layer.activation = "swigluoai"
    layer.bounds = try gateBounds()
    return layer
  }

  fileprivate func minimaxM3Experts() throws -> Module {
    let d = try size(.hidden)
    let counts = try expertCounts()
    let shared = try size(.sharedSize, "shared_intermediate_size")
    var router = try routed(
      Router([Linear("gate", d, counts.all)], correction: scoreCorrection(counts.all)),
      normalizes: true)
    router.scoring = .sigmoid
    return try stackedExperts(
      counts, boundedGated(), router: router, outputFirst: true, shared: boundedGated(shared))
  }

  /// Lightning attention.
  ///
  /// Its decay tables are stored with the model, but not trained.
  fileprivate func lightning() throws -> Module {
    let heads = try heads()
    let (d, h, b) = (try size(.hidden), heads.query, try size(.blockSize))
    let width = h * heads.size
    var norm = Normalization("norm", [width])
    // The class fixes it.
    norm.epsilon = "1e-6"
    // 1 − i/(L − 1 + 1e-5) + 1e-5 in layer i.
    let share = Constant.product(
      .layerIndex, .inverse(.sum(.size(try size(.layers)), "-0.99999")))
    let scale = Constant.sum("1.00001", .product("-1", share))
    let tables = [
      Weight("slope_rate", [h, 1, 1], .attention, isBuffer: true),
      Weight("query_decay", [h, b, 1], .attention, isBuffer: true),
      Weight("key_decay", [h, b, 1], .attention, isBuffer: true),
      Weight("diagonal_decay", [1, h, b, b], .attention, isBuffer: true),
    ]
    return .recurrent(
      .lightning(
        LightningMixer(
          input: Linear("qkv_proj", d, 3 * width), activation: try activation(),
          scan: Scan.Lightning(
            heads: h, size: heads.size, block: b, slopeScale: scale, tables: tables),
          norm: norm, gate: Linear("output_gate", d, width), output: Linear("out_proj", width, d))))
  }
}
