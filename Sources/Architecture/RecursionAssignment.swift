package import Symbolic

/// How a router assigns every token, before the first of some recursions, to a number of them.
///
/// A token with the scores `g = G(W·h)` takes part in the first *i* recursions, where *i* is the place
/// of its greatest score. Recursion *r* returns `g_r·f(h)`, and the last of a token adds what entered
/// the first.
///
/// - Source: Bae et al. 2025 (Mixture-of-Recursions), eq. 2.2, <https://arxiv.org/abs/2507.10524>.
package struct RecursionAssignment: Hashable, Sendable {
  /// *G*: what is made of the scores of one token.
  package enum Gate: String, CaseIterable, Hashable, Sendable {
    case softmax
    case sigmoid
  }

  /// How many recursions there are, each with a score of its own.
  package var recursions: Formula
  /// What is made of the scores.
  package var gate: Gate

  package init(recursions: Formula, gate: Gate) {
    self.recursions = recursions
    self.gate = gate
  }
}
