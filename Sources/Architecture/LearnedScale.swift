/// The product with a learned vector, perhaps after the sum with another: `(x + b)·w`.
///
/// A vector of one number is for all.
package struct LearnedScale: Hashable, Sendable {
  package var factor: Weight
  package var shift: Weight?

  package init(_ factor: Weight, shift: Weight? = nil) {
    self.factor = factor
    self.shift = shift
  }

  package var weights: [Weight] { [factor] + [shift].compactMap(\.self) }
}
