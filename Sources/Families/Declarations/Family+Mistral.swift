import Architecture
import JSON
import Symbolic

/// Mistral's models: Mistral, Mixtral, Ministral.
extension Family {
  static let ofMistral: [Family] = [
    mistral, mixtral, ministral, ministral3, mistral4, mistralLarge4,
  ]

  static let mistral = Family(
    "mistral",
    defaults: """
      vocab_size=32000 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=8
      head_dim=null tie_word_embeddings=false
      sliding_window=4096
      """
  ) { keys in
    try keys.decoder(
      keys.uniform(keys.layer(keys.attention(reach: keys.window()), .feedForward(keys.gated()))))
  }

  static let mixtral = Family(
    "mixtral", spelling: "num_experts=num_local_experts",
    defaults: """
      vocab_size=32000 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=8
      head_dim=null num_local_experts=8 num_experts_per_tok=2 tie_word_embeddings=false
      sliding_window=null
      """
  ) { keys in
    let experts = try keys.experts(
      keys.expertCounts(), keys.gated(names: .numbered), normalizes: true)
    return try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(reach: keys.window()), experts, paths: ("self_attn", "block_sparse_moe"))))
  }

  static let ministral = Family(
    "ministral",
    defaults: """
      vocab_size=32000 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=8
      head_dim=null sliding_window=4096 layer_types=null tie_word_embeddings=false
      """
  ) { keys in
    let layer = try keys.layer(keys.attention(), .feedForward(keys.gated()))
    return try keys.decoder(keys.sliding(keys.uniform(layer)) { _ in true })
  }

  static let ministral3 = Family(
    "ministral3",
    fixed: "has_own_base=true",
    defaults: """
      vocab_size=131072 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=8
      head_dim=128 sliding_window=null tie_word_embeddings=false
      """
  ) { keys in
    let scale = try keys.positionScale()
    let attention = try keys.attention(reach: keys.window()).attending { $0.positionScale = scale }
    return try keys.decoder(keys.uniform(keys.layer(attention, .feedForward(keys.gated()))))
  }

  /// Mistral 4: DeepSeek-V3 with a plain router, and experts that its checkpoints stack.
  static let mistral4 = Family(
    "mistral4", spelling: deepSeekV3.spelling,
    fixed: "has_own_base=true",
    defaults: """
      vocab_size=131072 intermediate_size=12288 moe_intermediate_size=2048 num_attention_heads=32
      n_shared_experts=1 n_routed_experts=128 num_experts_per_tok=4 first_k_dense_replace=0
      kv_lora_rank=256 q_lora_rank=1024 qk_rope_head_dim=64 v_head_dim=128 qk_nope_head_dim=64
      attention_bias=false tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=1.0 n_group=1 topk_group=1
      """
  ) { keys in
    var latent = try keys.latentAttention(bias: keys.flag("attention_bias"))
    latent.positionScale = try keys.positionScale()
    let attention = Module.latentAttention(latent)
    func sparse() throws -> Layer {
      let counts = try keys.expertCounts("num_local_experts")
      let width = try keys.size(.expertSize)
      return try keys.layer(
        attention,
        keys.stackedExperts(
          counts, keys.gated(width), router: keys.mistralRouter(counts.all),
          outputFirst: true, shared: keys.sharedExperts(width: width)))
    }
    return try keys.decoder(
      keys.leading(
        "first_k_dense_replace", keys.layer(attention, .feedForward(keys.gated())), then: sparse()))
  }

  /// Mistral Large 4: sparse latent attention without compressed queries; layers without rotation, and
  /// layers that attend to the latents of another; scores and angles with learned factors.
  ///
  /// Its names are those of the files, which are Mistral's own.
  static let mistralLarge4 = Family(
    "mistral_large4_text",
    spelling: "num_local_experts=n_routed_experts num_experts=n_routed_experts",
    fixed: "rotates_neighbours=true stretches_angles=true",
    defaults: """
      vocab_size=204800 intermediate_size=24576 moe_intermediate_size=6144 num_attention_heads=64
      n_shared_experts=1 n_routed_experts=128 num_experts_per_tok=4 first_k_dense_replace=1
      kv_lora_rank=512 qk_rope_head_dim=64 v_head_dim=128 qk_nope_head_dim=64
      index_head_dim=128 index_n_heads=32 index_topk=2048 mlp_layer_types=null indexer_types=null
      index_topk_pattern=null index_topk_freq=1 index_skip_topk_offset=2
      no_rope_layers=null no_rope_layer_interval=4 kv_source_layers=null attention_bias=false
      final_logit_softcapping=30.0 tie_word_embeddings=false
      routed_scaling_factor=1.0 n_group=1 topk_group=1
      """
  ) { keys in
    let first = try keys.integer("first_k_dense_replace") ?? 0
    let sparse = try keys.sparseLayers()
    let indexed = try keys.indexedLayers()
    let rotating = try keys.rotating()
    let sources = try keys.latentSources { rotating?[$0] ?? true }
    let groups = try keys.layers(kind: {
      LargeLayer(
        isSparse: sparse?[$0] ?? ($0 >= first), isIndexed: indexed[$0],
        rotates: rotating?[$0] ?? true, source: sources[$0])
    }) { kind in
      try keys.largeLayer(kind)
    }
    let factors = Weight(
      "alpha", [.ceiling(try keys.size(.rotarySize) / 2)], .attention, isBuffer: true)
    return try keys.decoder(
      groups,
      FrameNames(token: "tok_embeddings", layers: "layers", norm: "norm", head: "output"),
      after: [Branch("lerope", .stream(.angleFactors(factors)))])
  }
}

/// What tells one layer of Mistral Large 4 from another.
private struct LargeLayer: Hashable {
  var isSparse: Bool
  var isIndexed: Bool
  var rotates: Bool
  var source: CacheSource
}

extension Keys {
  /// The class lends by kind: a layer without latents takes those that the last layer of its kind, with
  /// rotation or without, has lent.
  ///
  /// - Throws: `DescriptionError` where `kv_source_layers` names another layer.
  fileprivate func latentSources(rotates: (Int) -> Bool) throws -> [CacheSource] {
    let key = "kv_source_layers"
    let count = try listedLayerCount()
    guard let list = try list(key) else { return Array(repeating: .own, count: count) }
    guard list.count == count else {
      throw DescriptionError.wrongLength(key: key, count: list.count, expected: count)
    }
    let sources = try list.enumerated().map { index, entry in
      guard let source = entry.integer.flatMap({ Int(exactly: $0) }), (0...index).contains(source),
        list[source].integer.flatMap({ Int(exactly: $0) }) == source
      else {
        throw DescriptionError.unsupported(
          key: "\(key)[\(index)]", found: entry.kind,
          supported: "its own index, or that of an earlier layer that is its own source")
      }
      return source
    }
    let lenders = Set(sources.enumerated().filter { $0.offset != $0.element }.map(\.element))
    var last: [Bool: Int] = [:]
    return try sources.enumerated().map { index, source in
      let kind = rotates(index) ? "layers that rotate" : "layers that do not rotate"
      guard source != index else {
        if lenders.contains(index) { last[rotates(index)] = index }
        return lenders.contains(index) ? .lent(kind) : .own
      }
      guard last[rotates(index)] == source else {
        throw DescriptionError.unsupported(
          key: "\(key)[\(index)]", found: "\(source)",
          supported: last[rotates(index)].map {
            "\($0), the last layer of its kind that lends its latents"
          } ?? "\(index), its own, because no layer of its kind before it lends latents")
      }
      return .borrowed(kind)
    }
  }

  /// A softmax of all scores, where a group is as good as its two best experts.
  fileprivate func mistralRouter(_ experts: Formula, normalizes: Bool = false) throws -> Router {
    var router = try routed(
      Router([Linear("gate", size(.hidden), experts)]), normalizes: normalizes)
    router.groupBest = 2
    return router
  }

  fileprivate func largeLayer(_ kind: LargeLayer) throws -> Layer {
    let attention = try Module.latentAttention(largeAttention(kind))
    let norms = ("attention_norm", "ffn_norm")
    guard kind.isSparse else {
      return try layer(
        attention, .feedForward(gated(names: .numbered)), norms: norms,
        paths: ("attention", "feed_forward"))
    }
    let counts = try expertCounts()
    let width = try size(.expertSize)
    let experts = try MixtureOfExperts(
      router: mistralRouter(counts.all, normalizes: true), experts: counts.all,
      active: counts.active,
      expert: gated(width, names: .numbered), path: "experts.#",
      shared: sharedExperts(width: width, names: .numbered), sharedPath: "shared_experts")
    return try layer(
      attention, .mixtureOfExperts(experts), norms: norms, paths: ("attention", ""))
  }

  /// Latent attention that an indexer of the stream makes sparse, with learned factors of queries.
  fileprivate func largeAttention(_ layer: LargeLayer) throws -> LatentAttention {
    var attention = try latentAttention(
      bias: flag("attention_bias"), chooses: layer.isIndexed ? .own : .before,
      rotates: layer.rotates)
    attention.source = layer.source
    attention.latentNorm = Normalization("kv_a_norm", attention.latentNorm.shape)
    attention.queryUp.name = "wq"
    attention.compress.name = "wkv_a_with_mqa"
    attention.expand.name = "wkv_b"
    attention.output.name = "wo"
    attention.positionScale = learnedScale("ssmax_scaling", of: attention.heads)
    guard var indexer = attention.indexer else { return attention }
    var norm = Normalization("indexer.q_input_norm", [try size(.hidden)], .layer, bias: true)
    norm.epsilon = "1e-6"
    indexer.inputNorm = norm
    indexer.positionScale = learnedScale("indexer.ssmax_scaling", of: indexer.heads)
    attention.chooses = .own(indexer)
    return attention
  }

  private func learnedScale(_ path: String, of heads: Formula) -> PositionScale {
    .learned(
      slope: Weight("\(path).s", [heads], .attention),
      offset: Weight("\(path).b", [heads], .attention))
  }
}
