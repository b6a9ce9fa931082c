package import Symbolic

/// What a mixer of no common kind does beside its projections, with the extents of its operands.
package enum Procedure: Hashable, Sendable {
  /// An activation, by its name in `config.json`, of so many numbers of each token.
  case activation(String, width: Formula)
  /// The addition of so many numbers of one stream to another.
  case sum(width: Formula)
  /// The sum of so many numbers with others, over a constant.
  case mean(width: Formula)
  /// The product of so many numbers with a scale, or their quotient by a constant.
  case scale(width: Formula, divides: Bool)
  /// Vectors that are shortened to a greatest length, perhaps after a product with a vector.
  case shortening(vectors: Formula, width: Formula, isScaled: Bool)
  /// Experts that every token passes, each with a weight for the token.
  case everyExpert(FeedForward, count: Formula)
  case dynamicConvolution(DynamicConvolution)
  /// Attention of learned queries, in each token, over the states of the stream at earlier layers.
  ///
  /// - Source: Thinking Machines 2026 (Inkling 2), `n_layers_per_attn_res_block`.
  case depthAttention(queries: Formula, states: Formula, width: Formula)
  case ngrams(NgramInjection)
}

extension Mixer {
  /// Nothing but a procedure.
  package init(_ procedure: Procedure) {
    self.init(.other, linears: [], vectors: [])
    self.procedure = procedure
  }
}

extension Branch {
  /// The same module under a longer name.
  package func within(_ outer: String) -> Branch {
    var copy = self
    copy.path = path.isEmpty ? outer : "\(outer).\(path)"
    return copy
  }
}
