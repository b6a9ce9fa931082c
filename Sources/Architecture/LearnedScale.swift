/// The product with a learned vector, perhaps after the sum with another: `(x + b)·w`.
///
/// A vector of one number is for all.
package struct LearnedScale: Hashable, Sendable {
  /// The factor *w*, `[d]` or `[1]`.
  package var factor: Weight
  /// The summand *b* of the same shape, if there is one.
  package var shift: Weight?

  package init(_ factor: Weight, shift: Weight? = nil) {
    self.factor = factor
    self.shift = shift
  }

  /// The factor, and the summand where there is one.
  package var weights: [Weight] { [factor] + [shift].compactMap(\.self) }
}
