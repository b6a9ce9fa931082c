import Architecture
import JSON
import Symbolic

/// A stack of delta mixers and indexed attention over several copies of the stream.
extension Family {
  static let ofQwen4: [Family] = [qwen4Exp]

  static let qwen4Exp = Family(
    "qwen4_exp_text",
    fixed: "norms_add_one=true",
    defaults: """
      vocab_size=248320 num_attention_heads=16 num_key_value_heads=2 head_dim=256
      attention_bias=false linear_conv_kernel_dim=4 linear_key_head_dim=128
      linear_value_head_dim=128 linear_num_key_heads=16 linear_num_value_heads=32
      moe_intermediate_size=512 shared_expert_intermediate_size=512 num_experts_per_tok=10
      num_experts=512 layer_types=null full_attention_interval=4 hc_count=4 hc_lowrank=320
      ple_layer_ids=null ple_embed_dim=null ple_conv_kernel_size=4 ngram_size=3 heads_per_ngram=8
      ngram_vocab_size_base=20000000 make_ngram_vocab_size_divisible_by=128
      split_ngram_parts=512 indexer_n_heads=null indexer_kv_heads=null indexer_head_dim=null
      indexer_compress_ratio=null indexer_budget=null partial_rotary_factor=1.0
      tie_word_embeddings=false
      norm_topk_prob=true output_gate_type=null seed=1234
      """
  ) { keys in
    let interval = try keys.period("full_attention_interval")
    let known: Set = ["full_attention", "indexed_attention", "linear_attention"]
    let types = try keys.layerKinds(known: known) {
      ($0 + 1).isMultiple(of: interval) ? "full_attention" : "linear_attention"
    }
    let fed = try keys.indices("ple_layer_ids") ?? []
    guard fed.isSubset(of: 1...types.count) else {
      throw DescriptionError.unsupported(
        key: "ple_layer_ids", found: "a layer that does not exist",
        supported: "layers from 1 to \(types.count)")
    }
    let order = fed.sorted()
    let experts = try keys.gatedSharedExperts()
    let groups = try keys.layers(kind: { index in
      let place = order.firstIndex(of: index + 1)
      return FedLayer(attends: types[index] != "linear_attention", place: place)
    }) { kind in
      let mixer = kind.attends ? try keys.indexedAttention() : try keys.outputGatedDelta()
      var layer = Layer([
        Block([], [Branch(kind.attends ? "self_attn" : "linear_attn", mixer)]),
        Block([], [Branch("mlp", experts)]),
      ])
      layer = try layer.connected(
        ["attn", "mlp"].map { try keys.streamMix("\($0)_hyper_connection", injects: true) })
      if let place = kind.place { layer.injection = try keys.ngramInjection(place) }
      return layer
    }
    return try keys.collapsed(
      keys.decoder(groups, FrameNames(norm: nil)),
      by: keys.streamMix("model.hyper_connection_mixer", injects: false))
  }
}

extension Keys {
  /// A gated delta mixer whose gate has an activation of its own, or that of the experts.
  fileprivate func outputGatedDelta() throws -> Module {
    let name = try text("output_gate_type") ?? text("hidden_act") ?? "silu"
    let gates: [String: Activation] = ["silu": .silu, "sigmoid": .sigmoid]
    guard let gate = gates[name] else {
      throw DescriptionError.unsupported(
        key: "output_gate_type", found: "\"\(name)\"", supported: "silu, sigmoid")
    }
    return try gatedDelta(fused: false, gate: gate)
  }
}

/// What tells one layer from another.
private struct FedLayer: Hashable {
  var attends: Bool
  /// The place of the layer among those with a table of n-grams.
  var place: Int?
}

extension Size {
  static let streams = Size("n_s", "hc_count", "copies of the stream")
  static let streamRank = Size("r_s", "hc_lowrank", "rank of the mix of the copies")
  static let indexKeyHeads = Size("g_x", "indexer_kv_heads", "key heads of the indexer")
  static let gatheredBlock = Size(
    "m_x", "indexer_compress_ratio", "tokens of a block that the indexer scores as one")
  static let indexBudget = Size("k_x", "indexer_budget", "keys of the blocks that it keeps")
  static let ngramWidth = Size("d_p", "ple_embed_dim", "width of what the n-grams of a token say")
  static let ngramKernel = Size(
    "k_p", "ple_conv_kernel_size", "width of the convolution over n-grams")
}

extension Keys {
  /// The maps by which a module reads a mix of the copies of the stream and writes to each of them.
  fileprivate func streamMix(_ path: String, injects: Bool) throws -> StreamConnection {
    .mix(
      StreamMix(
        path, streams: try size(.streams, least: 2), width: try size(.hidden),
        rank: try size(.streamRank), injects: injects))
  }

  /// Gated attention to the keys that an indexer chooses.
  fileprivate func indexedAttention() throws -> Module {
    let module = try gatedAttention(bias: flag("attention_bias"))
    guard case .selfAttention(var attention) = module else { return module }
    let d = try size(.hidden)
    let heads = try size(.indexHeads, "indexer_n_heads")
    let width = try size(.indexHeadSize, "indexer_head_dim")
    let keyHeads = try size(.indexKeyHeads)
    let position = try rotary(attention.headSize)
    let block = try size(.gatheredBlock)
    guard case .rotary(let angles) = position else {
      preconditionFailure("the indexer rotates as its attention does")
    }
    let budget = try size(.indexBudget)
    attention.blockIndexer = BlockIndexer(
      heads: heads, headSize: width, blockSize: block, budget: budget,
      map: Linear("indexer.index_qk_proj", d, (heads + keyHeads) * width),
      queryNorm: Normalization("indexer.q_layernorm", [width], vectors: heads),
      keyNorm: Normalization("indexer.k_layernorm", [width]), angles: angles)
    attention.reach = .blocks(kept: budget, size: block)
    attention.position = position
    attention.gate = .elements
    attention.norms = zip(attention.norms, [attention.heads, attention.keyValueHeads])
      .map { norm, vectors in
        var norm = norm
        norm.vectors = vectors
        return norm
      }
    return .selfAttention(attention)
  }

  /// What one layer reads from a hashed table of n-grams.
  fileprivate func ngramInjection(_ place: Int) throws -> NgramInjection {
    let d = try size(.hidden)
    let streams = try size(.streams)
    let width = try size(.ngramWidth, else: d, "hidden_size")
    let table = try ngramTable(place, width)
    func norm(_ name: String) -> Normalization {
      var norm = Normalization(name, [streams * d])
      norm.groups = streams
      return norm
    }
    var convolution = CausalConvolution(
      "conv1d", channels: streams * d, kernel: try size(.ngramKernel), bias: false)
    (convolution.dilation, convolution.skipsPadding) = (Formula(Int128(table.length)), true)
    return NgramInjection(
      streams: streams, width: d, table: table, keys: Linear("key_proj", width, streams * d),
      values: Linear("value_proj", width, d), keyNorm: norm("norm_key"),
      queryNorm: norm("norm_query"), convolutionNorm: norm("norm_conv"), convolution: convolution)
  }

  private func ngramTable(_ place: Int, _ width: Formula) throws -> NgramTable {
    let length = try period("ngram_size", most: 100)
    let heads = try (length - 1) * period("heads_per_ngram", most: 1000)
    guard heads > 0 else {
      throw DescriptionError.notASize(key: "ngram_size", found: "\(length)", least: 2)
    }
    let headCount = Formula(Int128(heads))
    try require(width, "ple_embed_dim", multipleOf: headCount, "n-gram heads")
    let (sizes, rows) = try ngramRows(heads: heads, place: place)
    let parts = try period("split_ngram_parts", most: 100_000)
    // A checkpoint cuts the table like `torch.chunk`: parts of one size, and what remains.
    let part = (rows + parts - 1) / parts
    let shards = stride(from: 0, to: rows, by: part).enumerated().map { index, start in
      Weight(
        "ngram_embedding.shard_\(index).weight",
        [Formula(Int128(min(part, rows - start))), width / headCount], .embedding)
    }
    let buffers = [
      ("layer_multipliers", length), ("ngram_heads_vocab_sizes", heads),
      ("ngram_heads_offsets", heads),
    ].map { Weight($0.0, [Formula(Int128($0.1))], .embedding, isBuffer: true) }
    return NgramTable(
      "ple_embedding", length: length, sizes: sizes, width: width / headCount, partRows: part,
      parts: shards, buffers: buffers, vocabulary: try size(.vocabulary),
      seed: try integer("seed") ?? 1234, place: place, end: endOfText)
  }

  /// The token that ends a text, or the first of them.
  private var endOfText: Int? {
    let written = stated("eos_token_id")
    return (written?.array?.first ?? written)?.integer.flatMap { Int(exactly: $0) }
  }

  /// The rows of a table of n-grams: a prime number for each head, the next ones for each table; and
  /// how many there are, padded.
  private func ngramRows(heads: Int, place: Int) throws -> (sizes: [Int], all: Int) {
    let base = try period("ngram_vocab_size_base", most: 1 << 30)
    let divisor = try period("make_ngram_vocab_size_divisible_by")
    var (prime, sizes) = (base - 1, [Int]())
    for head in 0..<((place + 1) * heads) {
      repeat { prime += 1 } while !Self.isPrime(prime)
      if head >= place * heads { sizes.append(prime) }
    }
    return (sizes, (sizes.reduce(0, +) + divisor - 1) / divisor * divisor)
  }

  private static func isPrime(_ value: Int) -> Bool {
    guard value > 3 else { return value > 1 }
    guard !value.isMultiple(of: 2) else { return false }
    var divisor = 3
    while divisor * divisor <= value {
      if value.isMultiple(of: divisor) { return false }
      divisor += 2
    }
    return true
  }
}
