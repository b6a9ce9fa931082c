import Architecture
import JSON
import Symbolic

extension Size {
  fileprivate static let llama4DenseSize = Size(
    "f_d", "intermediate_size_mlp", "width of the dense layers")
  fileprivate static let minimaxDenseSize = Size(
    "f_d", "dense_intermediate_size", "width of the dense layers")
}

/// Mixtures whose checkpoints stack the experts of a layer in one tensor.
extension Family {
  static let stackedLike: [Family] = [gptOSS, llama4, ariaText, minimaxM3]

  static let gptOSS = Family(
    "gpt_oss", spelling: "num_experts=num_local_experts",
    defaults: """
      vocab_size=201088 intermediate_size=2880 num_attention_heads=64 num_key_value_heads=8
      head_dim=64 attention_bias=true num_local_experts=128 num_experts_per_tok=4
      tie_word_embeddings=false
      sliding_window=128 layer_types=null
      """
  ) { keys in
    let d = try keys.size(.hidden)
    let heads = try keys.heads()
    let counts = try keys.expertCounts()
    let attention = try keys.attention(
      heads, bias: keys.biases(.all), sinks: Weight("sinks", [heads.query], .attention))
    // Its bounded activation is fixed, whatever the key says.
    var expert = try keys.fusedGated(bias: true)
    expert.activation = "swigluoai"
    expert.bounds = try keys.gateBounds()
    expert.fusion = .alternating
    let experts = try keys.stackedExperts(
      counts, expert,
      router: keys.chosenFirst(Router([Linear("router", d, counts.all, bias: true)])), bias: true)
    return try keys.decoder(
      keys.sliding(keys.uniform(keys.layer(attention, experts))) { $0.isMultiple(of: 2) })
  }

  static let llama4 = Family(
    "llama4_text",
    defaults: """
      vocab_size=202048 intermediate_size=8192 intermediate_size_mlp=16384
      num_attention_heads=40 num_key_value_heads=8 head_dim=128 num_experts_per_tok=1
      num_local_experts=16 moe_layers=null interleave_moe_layer_step=1 attention_bias=false
      tie_word_embeddings=false
      attention_chunk_size=8192 layer_types=null no_rope_layers=null no_rope_layer_interval=4
      use_qk_norm=true attn_temperature_tuning=true
      """
  ) { keys in
    let attention = try keys.attention(bias: keys.biases(.all))
    let paths = ("self_attn", "feed_forward")
    func dense() throws -> Layer {
      try keys.layer(
        attention, .feedForward(keys.gated(keys.size(.llama4DenseSize))), paths: paths)
    }
    func sparse() throws -> Layer {
      let d = try keys.size(.hidden)
      let counts = try keys.expertCounts("num_local_experts")
      var router = Router([Linear("router", d, counts.all)])
      router.scoring = .sigmoid
      let experts = try keys.stackedExperts(
        counts, keys.fusedGated(), router: router, shared: keys.gated(),
        sharedPath: "shared_expert")
      guard case .mixtureOfExperts(var mixture) = experts else { return try dense() }
      // Its code, and that of transformers, multiplies the inputs of all other experts by zero.
      mixture.runsEveryExpert = true
      mixture.weighing = .inputs
      return try keys.layer(attention, .mixtureOfExperts(mixture), paths: paths)
    }
    let groups: [LayerGroup]
    if let list = try keys.list("moe_layers") {
      let indices = Set(list.compactMap(\.integer))
      groups = try keys.layers(kind: { indices.contains(Int128($0)) }) {
        try $0 ? sparse() : dense()
      }
    } else {
      let step = try keys.integer("interleave_moe_layer_step", least: 1) ?? 1
      groups =
        step == 1
        ? try keys.uniform(sparse())
        : try keys.layers(kind: { ($0 + 1).isMultiple(of: step) }) {
          try $0 ? sparse() : dense()
        }
    }
    return try keys.decoder(keys.chunked(groups))
  }

  static let ariaText = Family(
    "aria_text", spelling: "num_experts:moe_num_experts num_experts_per_tok:moe_topk",
    defaults: """
      vocab_size=32000 intermediate_size=4096 num_attention_heads=32 num_key_value_heads=null
      head_dim=null attention_bias=false mlp_bias=false moe_num_experts=8 moe_topk=2
      moe_num_shared_experts=2 tie_word_embeddings=false
      """
  ) { keys in
    let d = try keys.size(.hidden)
    let f = try keys.feedForwardWidth()
    let counts = try keys.expertCounts()
    let shared = try keys.sharedExperts(
      "moe_num_shared_experts", width: f, bias: keys.flag("mlp_bias"))
    let experts = try keys.stackedExperts(
      counts, keys.fusedGated(),
      router: keys.chosenFirst(Router([Linear("router", d, counts.all)])),
      names: ("experts.fc1.weight", "experts.fc2.weight"), shared: shared)
    return try keys.decoder(
      keys.uniform(keys.layer(keys.attention(bias: keys.biases(.all)), experts)))
  }

  static let minimaxM3 = Family(
    "minimax_m3_vl_text", spelling: "num_experts=num_local_experts",
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
  static let indexBlock = Size("B_x", "index_block_size", "keys of a block that is chosen whole")
  static let indexedBlocks = Size("k_b", "index_topk_blocks", "blocks that the indexer keeps")
}

extension Keys {
  /// The numbers of a bounded gate, where the configuration or its class says them.
  fileprivate func gateBounds() throws -> FeedForward.Bounds? {
    guard let slope = try constant("swiglu_alpha"), let limit = try constant("swiglu_limit") else {
      return nil
    }
    return FeedForward.Bounds(slope: slope, limit: limit)
  }

  /// A router that takes the softmax of the chosen scores alone.
  func chosenFirst(_ router: Router) -> Router {
    var router = router
    router.scoring = .softmaxOfChosen
    return router
  }

  /// Llama 4's layers: those that rotate norm queries and keys and mostly attend within chunks; the
  /// others scale queries by their position.
  fileprivate func chunked(_ groups: [LayerGroup]) throws -> [LayerGroup] {
    guard let rotates = try rotating() else { return groups }
    let types = try layerTypes(known: ["full_attention", "chunked_attention"]) {
      rotates[$0] ? "chunked_attention" : "full_attention"
    }
    let chunk = try optional(.chunk).map { Reach.chunk($0) } ?? .all
    let scale = try temperatures()
    let norms = try isSet("use_qk_norm")
    return try groups.flatMap { group -> [LayerGroup] in
      let indices = try listed(group.indices)
      let kinds = [(true, true), (true, false), (false, true), (false, false)]
      let parts = kinds.map { rotated, isChunked in
        indices.filter {
          rotates[$0] == rotated && (types[$0] == "chunked_attention") == isChunked
        }
      }
      return zip(kinds, parts).filter { !$1.isEmpty }.map { kind, part in
        let layer = group.layer.attending { attention in
          if kind.1 { attention.reach = chunk }
          if kind.0, norms {
            // A norm without weights, of what was rotated.
            attention.norms = [
              Normalization(
                "qk_norm", [attention.headSize], weight: false,
                vectors: attention.heads + attention.keyValueHeads, of: .queriesAndKeys)
            ]
            attention.normsFollowRotation = true
          } else if !kind.0 {
            attention.position = .none
            attention.positionScale = scale
          }
        }
        return LayerGroup(layer, part.count == indices.count ? group.indices : .listed(part))
      }
    }
  }

  private func temperatures() throws -> PositionScale? {
    guard try isSet("attn_temperature_tuning"), let weight = try constant("attn_scale"),
      let length = try constant("floor_scale")
    else { return nil }
    return .steps(weight: weight, length: length, fromOne: true)
  }

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
}
