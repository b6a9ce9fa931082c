package import Symbolic

/// A greatest length of the vectors of a row, perhaps after the product with a learned vector:
/// `x · min(1, c/(‖x‖ + ε))`.
///
/// - Source: Thinking Machines 2026 (Inkling 2), `qk_l2_clip_threshold`.
package struct LengthBound: Hashable, Sendable {
  /// The name under which the step is listed.
  package var name: String
  /// How many vectors a row has, and their width.
  package var vectors: Formula
  /// The width of one vector.
  package var width: Formula
  /// *c*.
  package var limit: Constant
  /// *ε*.
  package var epsilon: Constant = "1e-6"
  /// What the vectors are multiplied with before, `[vectors, width]`, if anything.
  package var scale: Weight?

  package init(
    _ name: String, vectors: Formula, width: Formula, limit: Constant, scale: Weight? = nil
  ) {
    self.name = name
    self.vectors = vectors
    self.width = width
    self.limit = limit
    self.scale = scale
  }
}
