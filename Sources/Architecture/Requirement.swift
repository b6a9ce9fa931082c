package import Symbolic

/// What must hold of a model's sizes, noted while some of them are free.
///
/// A description whose sizes are all numbers checks them at once; one that has free sizes leaves
/// these for whoever puts numbers in.
package struct Requirement: Hashable, Sendable {
  package enum Relation: Hashable, Sendable {
    /// The first is a whole multiple of the second.
    case multiple
    /// The first is not above the second.
    case atMost
  }

  package let first: Formula
  package let relation: Relation
  package let second: Formula

  /// Both sides are formulas in the free sizes alone.
  package init(_ first: Formula, _ relation: Relation, _ second: Formula) {
    self.first = first
    self.relation = relation
    self.second = second
  }

  /// Whether it holds for given sizes.
  ///
  /// - Throws: `ArithmeticError`, as `Formula.evaluated(with:)`.
  package func holds(with values: [Symbol: Rational]) throws(ArithmeticError) -> Bool {
    let (one, other) = (
      try first.evaluated(with: values), try second.evaluated(with: values)
    )
    switch relation {
    case .atMost: return one <= other
    case .multiple:
      guard other != .zero else { return false }
      return try one.divided(by: other).isWhole
    }
  }
}
