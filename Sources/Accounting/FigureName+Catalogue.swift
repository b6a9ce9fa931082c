import Architecture

/// Every figure, with its unit and meaning, and what it takes to know it.
extension FigureName {
  /// What a figure is counted in.
  package enum Unit: String, Hashable, Sendable {
    case parameters, numbers, operations, bytes, tokens, ratio
    case flops = "FLOPs"
    case flopsPerByte = "FLOPs per byte"
    case tokensPerParameter = "tokens per parameter"
  }

  /// What a figure is of.
  enum Subject: Hashable, Sendable {
    case description
    case pass
    /// A training run.
    case training
  }

  struct Entry: Sendable {
    let path: String
    let unit: Unit
    let subject: Subject
    /// What it is, in a line.
    let meaning: String
  }

  /// The unit in which it is written.
  package var unit: Unit { entry.unit }

  /// What it is, in a line.
  package var meaning: String { entry.meaning }

  /// The short forms that mean it, in alphabetical order.
  package var words: [String] {
    Self.shortForms.filter { $0.value == path }.keys.sorted()
  }

  /// Whether a pass has it, and not the description alone.
  package var isOfPass: Bool { entry.subject != .description }

  /// Whether it is of a training budget.
  package var isOfBudget: Bool { entry.subject == .training }

  /// Whether its unit is bytes.
  package var isBytes: Bool { entry.unit == .bytes }

  private var entry: Entry {
    guard let entry = Self.entries[path] else { preconditionFailure("no figure is called \(path)") }
    return entry
  }

  static let entries = Dictionary(uniqueKeysWithValues: catalogue.map { ($0.path, $0) })

  /// In the order of the documents.
  static let catalogue: [Entry] =
    parameters + activity + ratios + flops + operations + memory + training

  private static func entry(
    _ path: String, _ unit: Unit, _ subject: Subject, _ meaning: String
  ) -> Entry {
    Entry(path: path, unit: unit, subject: subject, meaning: meaning)
  }

  private static let parameters: [Entry] =
    [entry("parameters.total", .parameters, .description, "all trained parameters")]
    + Part.allCases.map {
      entry("parameters.\($0.rawValue)", .parameters, .description, $0.meaning)
    }
    + [
      ("mlp", "feed-forward layers, experts and routers"),
      ("embedding_and_head", "tables and the projection onto the vocabulary"),
      ("non_embedding", "all but tables and that projection"),
    ].map { entry("parameters.\($0)", .parameters, .description, $1) }
    + [
      entry(
        "persistent_buffers", .numbers, .description,
        "what a checkpoint holds beside the parameters")
    ]

  private static let activity: [Entry] =
    ParameterLedger.Activity.allCases.map {
      entry("active.\($0.rawValue)", .parameters, .description, $0.meaning)
    }
    + [
      entry(
        "active.mlp", .parameters, .description,
        "feed-forward layers, experts and routers that one token meets")
    ]

  private static let ratios: [Entry] = [
    ("d_ff/d_model", "inner width of a feed-forward layer or expert over the model's width"),
    ("dense_d_ff/d_model", "the same of a layer that every token passes"),
    ("mlp/attention", "parameters of feed-forward layers over those of attention"),
  ].map { entry("ratios.\($0)", .ratio, .description, $1) }

  private static let flops: [Entry] =
    [
      ("total", "all operations of the pass, as the convention counts them"),
      ("per_token", "the same for each token of the pass"),
      ("matmul.total", "two operations for each multiply-add of a matrix product"),
    ].map { entry("flops.\($0)", .flops, .pass, $1) }
    + Product.Part.allCases.map {
      entry("flops.matmul.\($0.rawValue)", .flops, .pass, "matrix products: \($0.meaning)")
    }
    + [entry("flops.elementwise.total", .flops, .pass, "element-wise operations")]
    + Elementwise.Category.allCases.map {
      entry(
        "flops.elementwise.\($0.rawValue)", .flops, .pass, "element-wise work: \($0.meaning)")
    }
    + [
      ("least", "the total if the data decide for as little as can be"),
      ("most", "the total if they decide for as much as can be"),
    ].map { entry("flops.\($0)", .flops, .pass, $1) }

  private static let operations: [Entry] = ScalarOperation.allCases.map {
    entry(
      "operations.\($0.rawValue)", .operations, .pass,
      "single operations of the kind \($0.rawValue)")
  }

  private static let memory: [Entry] = [
    entry("kv_cache.elements", .numbers, .pass, "what attention has cached after the pass"),
    entry("kv_cache.bytes", .bytes, .pass, "the same in the format of --kv-dtype"),
    entry("memory.weight_bytes", .bytes, .pass, "all parameters in the format of --weight-dtype"),
    entry(
      "memory.gradient_bytes", .bytes, .pass,
      "gradients of a training step, in the format of the weights"),
    entry("memory.moment_bytes", .bytes, .pass, "Adam's two moments in 32 bits"),
    entry(
      "memory.master_bytes", .bytes, .pass,
      "a copy of weights that are kept in fewer than 32 bits"),
    entry(
      "memory.state_elements", .numbers, .pass,
      "what recurrent layers carry from token to token"),
    entry("memory.state_bytes", .bytes, .pass, "the same in the format of --kv-dtype"),
    entry(
      "memory.total", .bytes, .pass,
      "weights, caches and states, and what training keeps; no activations"),
    entry(
      "memory.moved_bytes", .bytes, .pass,
      "weights, caches and states that one pass reads or writes"),
    entry(
      "arithmetic_intensity", .flopsPerByte, .pass,
      "operations of a pass for each byte that it moves"),
  ]

  private static let training: [Entry] = [
    entry(
      "training.flops_per_token", .flops, .training,
      "a training step under the convention, for each token"),
    entry("training.tokens", .tokens, .training, "tokens that the budget of --budget pays for"),
    entry(
      "training.tokens_per_parameter", .tokensPerParameter, .training, "those over all parameters"),
  ]
}

extension Part {
  fileprivate var meaning: String {
    switch self {
    case .embedding: "token and learned position tables"
    case .languageModelHead: "the projection onto the vocabulary; none if it is the token table"
    case .attention: "everything inside attention"
    case .denseFeedForward: "feed-forward layers that every token passes"
    case .routedExperts: "experts that a router chooses among"
    case .sharedExperts: "experts that every token passes beside the routed ones"
    case .router: "gates, routers and predictors"
    case .norms: "norms outside attention and mixers"
    case .mixer: "state-space, linear-attention and convolution modules"
    }
  }
}

extension ParameterLedger.Activity {
  fileprivate var meaning: String {
    switch self {
    case .all: "parameters that one token meets: K of E experts, all else whole"
    case .withoutInputEmbedding: "the same without the input table, unless it is the head too"
    case .withoutEmbeddings: "the same without tables and head"
    }
  }
}

extension Product.Part {
  fileprivate var meaning: String {
    switch self {
    case .attentionProjections: "queries, keys, values and outputs of attention"
    case .attentionCore: "queries with keys, and weights with values"
    case .denseFeedForward: "feed-forward layers that every token passes"
    case .routedExperts: "experts that a router chooses"
    case .sharedExperts: "experts that every token passes"
    case .router: "gates, routers and predictors"
    case .mixer: "state-space, linear-attention and convolution modules"
    case .head: "scores of the vocabulary"
    }
  }
}

extension Elementwise.Category {
  fileprivate var meaning: String {
    switch self {
    case .softmax: "scaling, bounding and shifting of scores, and their softmax"
    case .norms: "norms"
    case .activations: "activation functions and gates"
    case .rotary: "rotation of queries and keys"
    case .residual: "additions to the residual stream, and constants that multiply it"
    case .routing: "scores and weights of experts and of routed blocks"
    case .bias: "biases of maps"
    case .mixer: "recurrences and convolutions"
    }
  }
}
