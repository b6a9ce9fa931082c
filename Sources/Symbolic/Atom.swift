/// What a monomial multiplies: a symbol, or a rounding or choice that is no polynomial.
///
/// Arguments are formulas in canonical form, so equal atoms are the same value of this type.
package enum Atom: Hashable, Sendable {
  case symbol(Symbol)
  /// The least whole number that is not below the argument.
  indirect case ceiling(Formula)
  /// The greatest whole number that is not above the argument.
  indirect case floor(Formula)
  /// The lesser of two formulas, which stand in order.
  indirect case minimum(Formula, Formula)
  /// The greater of two formulas, which stand in order.
  indirect case maximum(Formula, Formula)
  /// A share from zero to one, to a whole power: see `Rational.share(toThe:)`.
  indirect case power(Formula, Formula)
  /// The mean number of filled slots of experts: of *N* tokens of which each chooses *K* of *E*
  /// things, of which *m* have *C* slots, `[N, K, E, m, C]`; see `Rational.filled`.
  indirect case filled([Formula])

  /// Whether every value is a whole number.
  var isWhole: Bool {
    switch self {
    case .symbol(let symbol): symbol.isWhole
    case .ceiling, .floor: true
    case .minimum(let left, let right), .maximum(let left, let right):
      left.isWhole && right.isWhole
    case .power, .filled: false
    }
  }

  /// The formulas inside.
  var arguments: [Formula] {
    switch self {
    case .symbol: []
    case .ceiling(let argument), .floor(let argument): [argument]
    case .minimum(let left, let right), .maximum(let left, let right), .power(let left, let right):
      [left, right]
    case .filled(let arguments): arguments
    }
  }
}

extension Atom: Comparable {
  private var rank: Int {
    switch self {
    case .symbol: 0
    case .ceiling: 1
    case .floor: 2
    case .minimum: 3
    case .maximum: 4
    case .power: 5
    case .filled: 6
    }
  }

  package static func < (left: Atom, right: Atom) -> Bool {
    if case .symbol(let a) = left, case .symbol(let b) = right { return a < b }
    guard left.rank == right.rank else { return left.rank < right.rank }
    for (a, b) in zip(left.arguments, right.arguments) where a != b { return a.precedes(b) }
    return false
  }
}
