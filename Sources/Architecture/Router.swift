/// What chooses among experts: a gate, and what its family stores beside it.
package struct Router: Hashable, Sendable {
  /// How a token's experts are chosen from the scores.
  package enum Rule: Hashable, Sendable {
    /// The highest scores of each token.
    case tokenChoice
    /// A fixed hash of the token; there is nothing to learn.
    case hash
  }

  package var rule: Rule
  /// The maps from `[T, d]` to one score for each expert.
  package var gates: [Linear]
  /// Biases and scales beside the gate, as parameters or as buffers.
  package var vectors: [Weight]

  package init(_ gates: [Linear], vectors: [Weight] = [], rule: Rule = .tokenChoice) {
    self.rule = rule
    self.gates = gates
    self.vectors = vectors
  }

  package var weights: [Weight] { gates.weights(.router) + vectors }
}
