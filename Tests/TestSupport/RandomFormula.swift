package import Symbolic

/// Random formulas over a few symbols, and random values for them.
package enum RandomFormula {
  package static let symbols = ["L", "d", "f", "h", "d_h"].map { Symbol($0) }

  /// A polynomial with rational coefficients, and with roundings and choices inside it if asked.
  package static func make(
    _ generator: inout SeededGenerator, hasRoundings: Bool = true, depth: Int = 3
  ) -> Formula {
    guard depth > 0 else { return leaf(&generator) }
    let left = make(&generator, hasRoundings: hasRoundings, depth: depth - 1)
    let right = make(&generator, hasRoundings: hasRoundings, depth: depth - 1)
    switch Int.random(in: 0..<(hasRoundings ? 9 : 5), using: &generator) {
    case 0, 1: return left + right
    case 2: return left - right
    case 3: return left * right
    case 4: return left / Formula(Int128.random(in: 1...6, using: &generator))
    case 5: return .ceiling(left / 16)
    case 6: return .floor(left / 3)
    case 7: return .minimum(left, right)
    default: return .maximum(left, right)
    }
  }

  private static func leaf(_ generator: inout SeededGenerator) -> Formula {
    if Bool.random(using: &generator) {
      return Formula(Int128.random(in: -9...9, using: &generator))
    }
    return Formula(symbols[Int.random(in: 0..<symbols.count, using: &generator)])
  }

  /// A value for each symbol.
  package static func values(_ generator: inout SeededGenerator) -> [Symbol: Rational] {
    Dictionary(
      uniqueKeysWithValues: symbols.map {
        ($0, Rational(Int128.random(in: 1...200, using: &generator)))
      })
  }
}
