import Architecture
import JSON
import Symbolic

/// DeepSeek-V4: one shared key-value head, compressed keys, and several residual streams.
extension Family {
  static let ofDeepSeekV4: [Family] = [deepseekV4]

  static let deepseekV4 = Family(
    "deepseek_v4",
    spelling: "intermediate_size=moe_intermediate_size num_local_experts=n_routed_experts",
    fixed: "rotates_neighbours=true",
    defaults: """
      vocab_size=129280 moe_intermediate_size=2048 num_attention_heads=64 head_dim=512
      q_lora_rank=1024 num_experts_per_tok=6 n_routed_experts=256 layer_types=null
      compress_ratios=null compress_rates=null compress_rate_csa=null compress_rate_hca=null
      mlp_layer_types=null num_hash_layers=3 hc_mult=4 o_groups=8 o_lora_rank=1024
      index_n_heads=64 index_head_dim=128 mlp_bias=false tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=1.5 hc_sinkhorn_iters=20
      sliding_window=128 index_topk=512 scoring_func="sqrtsoftplus" partial_rotary_factor=null
      qk_rope_head_dim=null
      """
  ) { keys in
    let types = try keys.deepseekV4Types()
    let isHashed = try keys.deepseekV4Hashes()
    let groups = try keys.layers(kind: { [types[$0], isHashed[$0] ? "hash" : ""] }) { kind in
      let layer = try keys.layer(
        keys.deepseekV4Attention(kind[0]), keys.deepseekV4Experts(isHashed: kind[1] == "hash"),
        norms: ("attn_norm", "ffn_norm"), paths: ("attn", "ffn"))
      let iterations = try keys.integer("hc_sinkhorn_iters", least: 1) ?? 1
      return try layer.connected(
        ["hc_attn_", "hc_ffn_"].map {
          try keys.hyperConnection(
            $0, .mixed(iterations: Formula(Int128(iterations))), normsOutput: false)
        })
    }
    let head = try keys.hyperConnection(
      "model.hc_head.hc_", .head, normsOutput: false)
    return try keys.collapsed(keys.decoder(groups, FrameNames(head: "head")), by: head)
  }
}

extension Size {
  fileprivate static let outputGroups = Size("g_o", "o_groups", "groups of the output projection")
  fileprivate static let outputRank = Size("r_o", "o_lora_rank", "rank of one output group")
  fileprivate static let sparseRate = Size(
    "m", "compress_rate_csa", "tokens that sparse attention compresses into one key")
  fileprivate static let heavyRate = Size(
    "m_h", "compress_rate_hca", "tokens that heavy compression turns into one key")
}

extension Keys {
  private static let sparse = "compressed_sparse_attention"
  private static let heavy = "heavily_compressed_attention"

  /// The kind of attention of each layer; a list may be longer than the model, as published.
  fileprivate func deepseekV4Types() throws -> [String] {
    let known = [Self.sparse, Self.heavy, "sliding_attention"]
    if let list = try listForLayers("layer_types") {
      return try list.map { value in
        try entry("layer_types", value, value.string.flatMap { known.contains($0) ? $0 : nil })
      }
    }
    if let list = try listForLayers("compress_ratios") {
      let names: [Int128: String] = [0: "sliding_attention", 4: Self.sparse, 128: Self.heavy]
      return try list.map { try entry("compress_ratios", $0, $0.integer.flatMap { names[$0] }) }
    }
    return try (0..<listedLayerCount()).map { index in
      index < 2 || index.isMultiple(of: 2) ? Self.heavy : Self.sparse
    }
  }

  /// Which layers choose their experts by a table of the tokens.
  fileprivate func deepseekV4Hashes() throws -> [Bool] {
    if let list = try listForLayers("mlp_layer_types") {
      let names = ["hash_moe": true, "moe": false]
      return try list.map { try entry("mlp_layer_types", $0, $0.string.flatMap { names[$0] }) }
    }
    let hashed = try integer("num_hash_layers") ?? 3
    return try (0..<listedLayerCount()).map { $0 < hashed }
  }

  private func listForLayers(_ key: String) throws -> [JSONValue]? {
    guard let list = try list(key) else { return nil }
    let count = try listedLayerCount()
    guard list.count >= count else {
      throw DescriptionError.wrongLength(key: key, count: list.count, expected: count)
    }
    return Array(list.prefix(count))
  }

  private func entry<Entry>(_ key: String, _ found: JSONValue, _ entry: Entry?) throws -> Entry {
    guard let entry else {
      throw DescriptionError.unsupported(
        key: key, found: found.kind, supported: "the kinds of layers that transformers builds")
    }
    return entry
  }

  /// How many tokens one compressed key stands for.
  private func rate(_ size: Size, _ name: String, standard: Formula) throws -> Formula {
    if let rate = try optional(size) { return rate }
    guard let rates = try object("compress_rates") else {
      return derived(size, standard, "default of the family")
    }
    guard let rate = rates[name]?.integer, rate > 0 else {
      throw DescriptionError.missing(
        key: "compress_rates.\(name)", symbol: size.symbol.name, modelType: modelType)
    }
    return derived(size, Formula(rate), "compress_rates")
  }

  fileprivate func deepseekV4Attention(_ kind: String) throws -> Module {
    let d = try size(.hidden)
    let h = try size(.heads)
    let width = try size(.headSize)
    let rank = try size(.queryRank)
    let groups = try size(.outputGroups)
    let outputs = try groups * size(.outputRank)
    try require(h * width, "num_attention_heads", multipleOf: groups, "o_groups")
    let angles = try deepseekV4Angles(width, isSliding: kind == "sliding_attention")
    var attention = CompressedAttention(
      heads: h, headSize: width, queryDown: Linear("wq_a", d, rank),
      queryNorm: Normalization("q_norm", [rank]), queryUp: Linear("wq_b", rank, h * width),
      headNorm: Normalization("q_b_norm", [width], weight: false, vectors: h),
      keys: Linear("wkv", d, width), keyNorm: Normalization("norm", [width]),
      reach: try window(), angles: angles, sinks: Weight("attn_sink", [h], .attention),
      groupOutput: Linear("wo_a", h * width / groups, outputs), groups: groups,
      output: Linear("wo_b", outputs, d))
    if kind == Self.heavy {
      attention.compression = KeyCompression(
        "compressor", of: d, rate: try rate(.heavyRate, Self.heavy, standard: 128), width: width,
        overlaps: false, angles: angles)
    } else if kind == Self.sparse {
      let rate = try rate(.sparseRate, Self.sparse, standard: 4)
      attention.compression = KeyCompression(
        "compressor", of: d, rate: rate, width: width, overlaps: true, angles: angles)
      attention.indexer = try sparseIndexer(rate: rate, angles)
    }
    return .compressedAttention(attention)
  }

  /// The angles of layers with a window alone, and of those that compress keys.
  ///
  /// Older files give the base of each kind by itself; their scaling is that of the second alone.
  private func deepseekV4Angles(_ width: Formula, isSliding: Bool) throws -> RotaryAngles {
    let rotated = try deepseekV4Rotary(width)
    let table = isSliding ? "" : "compressed"
    let isNested = try object("rope_parameters")?["main"]?.object != nil
    guard isNested || !isGiven("rope_theta") && !isGiven("compress_rope_theta") else {
      var angles = try angles(rotated, table: table)
      angles.base =
        try (isSliding ? constant("rope_theta") : constant("compress_rope_theta"))
        ?? (isSliding ? "10000" : "160000")
      if isSliding { angles.scaling = .none }
      if case .yarn(var yarn) = angles.scaling {
        yarn.attention = .one
        angles.scaling = .yarn(yarn)
      }
      return angles
    }
    return try angles(rotated, table: table, of: isSliding ? "main" : "compress")
  }

  /// The numbers of a head that are rotated: 64 of 512, unless the configuration says otherwise.
  private func deepseekV4Rotary(_ width: Formula) throws -> Formula {
    if let share = try decimal("partial_rotary_factor") { return .floor(Formula(share) * width) }
    if let size = try integer("qk_rope_head_dim") { return Formula(Int128(size)) }
    return .floor(width / 8)
  }

  private func sparseIndexer(
    rate: Formula, _ angles: RotaryAngles
  ) throws -> CompressedIndexer {
    let d = try size(.hidden)
    let heads = try size(.indexHeads)
    let width = try size(.indexHeadSize)
    let rank = try size(.queryRank)
    return CompressedIndexer(
      heads: heads, headSize: width, kept: try size(.indexedKeys),
      queries: Linear("indexer.wq_b", rank, heads * width),
      headWeights: Linear("indexer.weights_proj", d, heads),
      keys: KeyCompression(
        "indexer.compressor", of: d, rate: rate, width: width, overlaps: true, angles: angles))
  }

  fileprivate func deepseekV4Experts(isHashed: Bool) throws -> Module {
    let d = try size(.hidden)
    let counts = try expertCounts("num_local_experts")
    let table = Weight(
      "gate.tid2eid", [try size(.vocabulary), counts.active], .router, isBuffer: true)
    var router = Router(
      [Linear("gate", d, counts.all)],
      correction: isHashed ? nil : scoreCorrection(counts.all, "gate.bias"),
      rule: isHashed ? .hash : .tokenChoice)
    router.scoring = try text("scoring_func") == "sigmoid" ? .sigmoid : .rootOfSoftplus
    router.table = isHashed ? table : nil
    router.normalizes = true
    router.scale = try setting("routed_scaling_factor")
    func clipped(_ layer: FeedForward) throws -> FeedForward {
      var copy = layer
      copy.clip = try constant("swiglu_limit")
      copy.clipsBeforeFunction = true
      return copy
    }
    return .mixtureOfExperts(
      MixtureOfExperts(
        router: router, experts: counts.all, active: counts.active,
        expert: try clipped(gated(names: .numbered)),
        shared: try clipped(gated(names: .numbered, bias: flag("mlp_bias")))))
  }
}
