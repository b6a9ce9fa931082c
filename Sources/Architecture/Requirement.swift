package import Symbolic

/// What must hold of a model's sizes, noted while some of them are free.
///
/// A description whose sizes are all numbers checks them at once; one that has free sizes leaves
/// these for whoever puts numbers in.
package struct Requirement: Hashable, Sendable {
  /// How the two sides compare.
  package enum Relation: Hashable, Sendable {
    /// The first is a whole multiple of the second.
    case multiple
    /// The first is not above the second.
    case atMost
  }

  /// The left side, in free variables where sizes are free.
  package let first: Evaluated
  /// How the two sides must compare.
  package let relation: Relation
  /// The right side.
  package let second: Evaluated

  package init(_ first: Evaluated, _ relation: Relation, _ second: Evaluated) {
    self.first = first
    self.relation = relation
    self.second = second
  }

  /// Whether it is known to hold, because both sides are whole numbers; else it stays open.
  ///
  /// - Throws: `DescriptionError.notDivisible` or `.exceeds`, with the keys, where it does not hold.
  package func isSettled(_ key: String, _ other: String) throws(DescriptionError) -> Bool {
    guard let one = first.wholeConstant, let two = second.wholeConstant else { return false }
    switch relation {
    case .multiple:
      guard two != 0, one.isMultiple(of: two) else {
        throw .notDivisible(key: key, value: one, by: other, divisor: two)
      }
    case .atMost:
      guard one <= two else {
        throw .exceeds(key: key, value: one, limit: other, limitValue: two)
      }
    }
    return true
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
