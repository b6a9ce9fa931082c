import Architecture
import Symbolic

/// Which projections of an attention module add a bias.
struct Biases: OptionSet {
  let rawValue: Int

  static let query = Biases(rawValue: 1)
  static let key = Biases(rawValue: 2)
  static let value = Biases(rawValue: 4)
  static let output = Biases(rawValue: 8)
  static let inputs: Biases = [.query, .key, .value]
  static let all: Biases = [.inputs, .output]
}

/// How an attention module names its projections.
struct ProjectionNames {
  var query = "q_proj"
  var key = "k_proj"
  var value = "v_proj"
  var output = "o_proj"

  static let llama = ProjectionNames()
  static let outProj = ProjectionNames(output: "out_proj")
  static let dense = ProjectionNames(output: "dense")
}

/// The heads of an attention module.
struct Heads {
  var query: Formula
  var keyValue: Formula
  var size: Formula

  /// Multi-head attention: as many key-value heads as query heads.
  init(query: Formula, keyValue: Formula? = nil, size: Formula) {
    self.query = query
    self.keyValue = keyValue ?? query
    self.size = size
  }
}

/// Norms of queries and keys.
enum QueryKeyNorm {
  /// One vector `[d_h]` for all heads.
  case eachHead
  /// One vector over all heads at once: `[h·d_h]` and `[g·d_h]`.
  case allHeads
}

extension Keys {
  /// Biases on some projections if a flag says so.
  func biases(_ biases: Biases, if key: String = "attention_bias") throws -> Biases {
    try flag(key) ? biases : []
  }

  /// The heads of most families.
  ///
  /// - `grouped`: whether the family reads `num_key_value_heads`; null means as many as queries.
  /// - `explicit`: whether it reads `head_dim`; absent, the head is `hidden_size / heads`.
  func heads(grouped: Bool = true, explicit: Bool = true) throws -> Heads {
    let d = try size(.hidden)
    let h = try size(.heads)
    let g = grouped ? try size(.keyValueHeads, else: h, "\(spelled("num_attention_heads"))") : h
    if isGiven("num_key_value_heads") {
      try require(h, "num_attention_heads", multipleOf: g, "num_key_value_heads")
    }
    if explicit, let size = try optional(.headSize) {
      return Heads(query: h, keyValue: g, size: size)
    }
    return Heads(query: h, keyValue: g, size: try equalHeads(d, h))
  }

  /// The width of one head when the heads share the width of the model.
  func equalHeads(_ d: Formula, _ h: Formula) throws -> Formula {
    try require(d, "hidden_size", multipleOf: h, "num_attention_heads")
    return derived(
      .headSize, d / h, "\(spelled("hidden_size")) / \(spelled("num_attention_heads"))")
  }

  /// Attention with three input projections.
  func attention(
    _ given: Heads? = nil, bias: Biases = [], names: ProjectionNames = .llama,
    norm: QueryKeyNorm? = nil, normNames: (String, String) = ("q_norm", "k_norm"),
    norms: [Normalization] = [], extra: [Linear] = [], vectors: [Weight] = [],
    sinks: Weight? = nil, reach: Reach = .all, seesAhead: Bool = false,
    position: PositionScheme? = nil
  ) throws -> Module {
    let d = try size(.hidden)
    let heads = try given ?? self.heads()
    let (q, kv) = (heads.query * heads.size, heads.keyValue * heads.size)
    var norms = norms
    switch norm {
    case nil: break
    case .eachHead:
      norms += [
        Normalization(normNames.0, [heads.size], vectors: heads.query, of: .queries),
        Normalization(normNames.1, [heads.size], vectors: heads.keyValue, of: .keys),
      ]
    case .allHeads:
      norms += [
        Normalization(normNames.0, [q], of: .queries), Normalization(normNames.1, [kv], of: .keys),
      ]
    }
    var attention = SelfAttention(
      heads: heads.query, keyValueHeads: heads.keyValue, headSize: heads.size,
      inputs: [
        Linear(names.query, d, q, bias: bias.contains(.query)),
        Linear(names.key, d, kv, bias: bias.contains(.key)),
        Linear(names.value, d, kv, bias: bias.contains(.value)),
      ] + extra, layout: extra.isEmpty ? .separate : .withGateBehind,
      output: Linear(names.output, q, d, bias: bias.contains(.output)),
      norms: norms, vectors: vectors + [sinks].compactMap(\.self), reach: reach,
      position: try position ?? rotary(heads.size))
    attention.sinks = sinks
    attention.ahead = seesAhead ? reach : nil
    return try scored(attention)
  }

  /// What scores are multiplied by: a number of the class, or one over the root of another width
  /// than that of a head, or `1/√d_h`.
  private func scoreScale(_ headSize: Formula) throws -> Constant {
    let known = classConstants
    if known["query_pre_attn_scalar"] != nil,
      case .decimal(let text)? = try constant("query_pre_attn_scalar"),
      let width = Rational(decimal: text)
    {
      return .inverseRoot(Formula(width))
    }
    let factor = known["attention_multiplier"] == nil ? nil : try constant("attention_multiplier")
    return factor ?? .inverseRoot(headSize)
  }

  /// Attention whose scores are multiplied and bounded as the family's keys say.
  private func scored(_ attention: SelfAttention) throws -> Module {
    var attention = attention
    attention.scoreCap = try setting("attn_logit_softcapping")
    attention.scale = try scoreScale(attention.headSize)
    attention.clip = try given("clip_qkv")
    return .selfAttention(attention)
  }

  /// Attention with one projection for queries, keys and values.
  func fusedAttention(
    _ given: Heads? = nil, _ input: String, _ output: String, inputBias: Bool, outputBias: Bool,
    transposed: Bool = false, norms: [Normalization] = [], vectors: [Weight] = [],
    reach: Reach = .all, position: PositionScheme? = nil,
    pieces: [InputPiece] = [.queries, .keys, .values], order: InputLayout.Order = .sideBySide
  ) throws -> Module {
    let d = try size(.hidden)
    let heads = try given ?? self.heads()
    let (q, kv) = (heads.query * heads.size, heads.keyValue * heads.size)
    return try scored(
      SelfAttention(
        heads: heads.query, keyValueHeads: heads.keyValue, headSize: heads.size,
        inputs: [Linear(input, d, q + 2 * kv, bias: inputBias, transposed: transposed)],
        layout: InputLayout([pieces], order),
        output: Linear(output, q, d, bias: outputBias, transposed: transposed),
        norms: norms, vectors: vectors, reach: reach, position: position ?? rotary(heads.size)))
  }

  /// Multi-head latent attention.
  ///
  /// - `bias`: whether the compressions and the output have a bias.
  /// - `chooses`: which indexer of sparse attention chooses the keys, if one does.
  /// - `valueSize`: the width of one head's values, where it is not simply `v_head_dim`.
  /// - `rotates`: whether a part of each head is rotated; otherwise that part is as the rest.
  func latentAttention(
    bias: Bool, chooses: IndexerPlace? = nil, valueSize: Formula? = nil,
    of layerType: String? = nil, rotates: Bool = true
  ) throws -> LatentAttention {
    passOver("num_key_value_heads", "head_dim", "qk_head_dim")
    let d = try size(.hidden)
    let h = try size(.heads)
    let parts = (plain: try size(.plainSize), rotary: try size(.rotarySize))
    let (plain, rotary) = rotates ? parts : (parts.plain + parts.rotary, 0)
    let v = try valueSize ?? size(.valueSize)
    let rank = try size(.keyValueRank)
    var attention = LatentAttention(
      heads: h, plainSize: plain, rotarySize: rotary, valueSize: v, keyValueRank: rank,
      queryUp: Linear("q_proj", d, h * (plain + rotary)),
      compress: Linear("kv_a_proj_with_mqa", d, rank + rotary, bias: bias),
      latentNorm: latentNorm("kv_a_layernorm", rank),
      expand: Linear("kv_b_proj", rank, h * (plain + v)),
      output: Linear("o_proj", h * v, d, bias: bias))
    if has("q_lora_rank"), let queryRank = try optional(.queryRank) {
      attention.queryDown = Linear("q_a_proj", d, queryRank, bias: bias)
      attention.queryNorm = latentNorm("q_a_layernorm", queryRank)
      attention.queryUp = Linear("q_b_proj", queryRank, h * (plain + rotary))
    }
    attention.angles = try angles(rotary, of: layerType)
    attention.scale = try .inverseRoot(plain + rotary) * scoreMagnitude()
    if let chooses {
      let choice = KeyChoice.best(try size(.indexedKeys))
      attention.reach = choice.reach
      attention.chooses =
        chooses == .own
        ? .own(
          try indexer(
            choice, rotates ? attention.angles : nil, ofStream: attention.queryDown == nil))
        : .layerBefore
    }
    return attention
  }

  /// A norm of compressed queries or of latents: its class is made without the configuration's *ε*.
  ///
  /// - Source: the modeling files of `transformers` 5.23.0.
  private func latentNorm(_ name: String, _ width: Formula) -> Normalization {
    var norm = Normalization(name, [width])
    norm.epsilon = "1e-6"
    return norm
  }

  /// The indexer of sparse attention: it scores keys with small heads of its own.
  ///
  /// - `ofStream`: whether its queries are made of the stream, and not of compressed queries.
  ///
  /// - Source: DeepSeek-AI 2025 (DeepSeek-V3.2), §2.1.
  private func indexer(
    _ choice: KeyChoice, _ angles: RotaryAngles?, ofStream: Bool
  ) throws -> Indexer {
    let d = try size(.hidden)
    let heads = try size(.indexHeads)
    let width = try size(.indexHeadSize)
    let inner = try ofStream ? d : size(.queryRank)
    var angles = angles
    if fixed("indexes_halves") { angles?.pairing = .halves }
    var norm = Normalization("indexer.k_norm", [width], .layer, bias: true)
    norm.epsilon = "1e-6"
    return Indexer(
      heads: heads, headSize: width, source: ofStream ? .stream : .compressedQueries,
      queries: Linear("indexer.wq_b", inner, heads * width), keys: Linear("indexer.wk", d, width),
      headWeights: Linear("indexer.weights_proj", d, heads), keyNorm: norm, angles: angles,
      choice: choice)
  }
}

/// Which indexer chooses the keys of a layer.
enum IndexerPlace {
  /// One of the layer itself.
  case own
  /// That of the last layer before that has one.
  case before
}
