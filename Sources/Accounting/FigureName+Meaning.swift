import Architecture

/// What each figure is, in words.
extension FigureName {
  /// What a figure is counted in.
  package enum Unit: String, Hashable, Sendable {
    case parameters, numbers, operations, bytes, tokens, ratio
    case flops = "FLOPs"
    case flopsPerByte = "FLOPs per byte"
    case tokensPerParameter = "tokens per parameter"
  }

  package var unit: Unit {
    if isBytes { return .bytes }
    let pieces = path.split(separator: ".")
    switch pieces.first {
    case "parameters", "active": return .parameters
    case "persistent_buffers", "kv_cache", "memory": return .numbers
    case "ratios": return .ratio
    case "arithmetic_intensity": return .flopsPerByte
    case "training" where path == "training.tokens": return .tokens
    case "training" where path == "training.tokens_per_parameter": return .tokensPerParameter
    case "operations": return .operations
    default: return .flops
    }
  }

  /// The short forms that mean it, in alphabetical order.
  package var words: [String] {
    Self.shortForms.filter { $0.value == path }.keys.sorted()
  }

  /// What it is, in a line.
  package var meaning: String {
    let name = path.split(separator: ".").last.map(String.init) ?? path
    if path.hasPrefix("parameters."), let part = Part(rawValue: name) { return part.meaning }
    if path.hasPrefix("active."), let activity = ParameterLedger.Activity(rawValue: name) {
      return activity.meaning
    }
    if path.hasPrefix("flops.matmul."), let part = Product.Part(rawValue: name) {
      return "matrix products: \(part.meaning)"
    }
    if path.hasPrefix("flops.elementwise."), let category = Elementwise.Category(rawValue: name) {
      return "element-wise work: \(category.meaning)"
    }
    if path.hasPrefix("operations."), let operation = ScalarOperation(rawValue: name) {
      return "single operations of the kind \(operation.rawValue)"
    }
    return Self.others[path] ?? ""
  }

  private static let others: [String: String] = [
    "parameters.total": "all trained parameters",
    "parameters.mlp": "feed-forward layers, experts and routers",
    "parameters.embedding_and_head": "tables and the projection onto the vocabulary",
    "parameters.non_embedding": "all but tables and that projection",
    "persistent_buffers": "what a checkpoint holds beside the parameters",
    "active.mlp": "feed-forward layers, experts and routers that one token meets",
    "ratios.d_ff/d_model": "inner width of a feed-forward layer or expert over the model's width",
    "ratios.dense_d_ff/d_model": "the same of a layer that every token passes",
    "ratios.mlp/attention": "parameters of feed-forward layers over those of attention",
    "flops.total": "all operations of the pass, as the convention counts them",
    "flops.per_token": "the same for each token of the pass",
    "flops.matmul.total": "two operations for each multiply-add of a matrix product",
    "flops.elementwise.total": "operations on single numbers",
    "flops.least": "the total if the data decide for as little as can be",
    "flops.most": "the total if they decide for as much as can be",
    "kv_cache.elements": "what attention has cached after the pass",
    "kv_cache.bytes": "the same in the format of --kv-dtype",
    "memory.weight_bytes": "all parameters in the format of --weight-dtype",
    "memory.gradient_bytes": "gradients of a training step, in the format of the weights",
    "memory.moment_bytes": "Adam's two moments in 32 bits",
    "memory.master_bytes": "a copy of weights that are kept in fewer than 32 bits",
    "memory.state_elements": "what recurrent layers carry from token to token",
    "memory.state_bytes": "the same in the format of --kv-dtype",
    "memory.total": "weights, caches and states, and what training keeps; no activations",
    "memory.moved_bytes": "weights, caches and states that one pass reads or writes",
    "arithmetic_intensity": "operations of a pass for each byte that it moves",
    "training.flops_per_token": "a training step under the convention, for each token",
    "training.tokens": "tokens that the budget of --budget pays for",
    "training.tokens_per_parameter": "those over all parameters",
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
