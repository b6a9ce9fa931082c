import Symbolic
import Testing

/// Powers of shares: exact while they are small, and never further off than they say.
@Suite struct ShareTests {
  @Test(
    "A power is exact while its denominator fits in 64 bits",
    arguments: [
      // Python's fractions.Fraction(b) ** n.
      (above: 3, below: 4, exponent: 4, power: Rational(81, 256)),
      (above: 31, below: 32, exponent: 0, power: .one),
      (above: 31, below: 32, exponent: 12, power: Rational(787_662_783_788_549_761, 1 << 60)),
      (above: 0, below: 1, exponent: 1 << 40, power: .zero),
      (above: 1, below: 1, exponent: 1 << 40, power: .one),
    ] as [(above: Int128, below: Int128, exponent: Int128, power: Rational)])
  func exact(_ row: (above: Int128, below: Int128, exponent: Int128, power: Rational)) throws {
    #expect(try Rational(row.above, over: row.below).share(toThe: row.exponent) == row.power)
  }

  @Test(
    "Any other is the nearest multiple of 2^-32",
    arguments: [
      // round(Fraction(b) ** n * 2 ** 32) by Python; the last two by 60 decimals.
      (above: 31, below: 32, exponent: 100, multiple: 179_527_678),
      (above: 5, below: 6, exponent: 200, multiple: 0),
      (above: 255, below: 256, exponent: 4096, multiple: 468),
      (above: (1 << 20) - 1, below: 1 << 20, exponent: 1 << 24, multiple: 483),
    ] as [(above: Int128, below: Int128, exponent: Int128, multiple: Int128)])
  func rounded(_ row: (above: Int128, below: Int128, exponent: Int128, multiple: Int128)) throws {
    let power = try Rational(row.above, over: row.below).share(toThe: row.exponent)
    #expect(power == Rational(row.multiple, 1 << 32))
  }

  @Test("What is no share has no such power, and what cannot be bounded says so")
  func refused() throws {
    let half = try Rational(1, over: 2)
    #expect(throws: ArithmeticError.overflow) { try Rational(2).share(toThe: 3) }
    #expect(throws: ArithmeticError.overflow) { try half.share(toThe: -1) }
    let nearOne = try Rational((1 << 60) - 1, over: 1 << 60)
    #expect(throws: ArithmeticError.overflow) { try nearOne.share(toThe: 1 << 60) }
  }

  @Test(
    "A power in a formula reads back, is put in at once or in turn, and falls with its exponent")
  func formulas() throws {
    let text = "E - E*pow(1 - K/E, B*T)"
    let formula = try Formula(parsing: text)
    #expect(try Formula(parsing: formula.description) == formula)
    let sizes: [Symbol: Formula] = [Symbol("E"): 8, Symbol("K"): 2]
    let pass: [Symbol: Formula] = [Symbol("B"): 2, Symbol("T"): 2]
    // Mixtral: 8·(1 − (3/4)⁴).
    let met = Formula(Rational(175, 32))
    #expect(formula.substituting(sizes).substituting(pass) == met)
    #expect(formula.substituting(pass).substituting(sizes) == met)
    #expect(
      try formula.evaluated(with: [
        Symbol("E"): Rational(8), Symbol("K"): Rational(2), Symbol("B"): Rational(2),
        Symbol("T"): Rational(2),
      ]) == Rational(175, 32))
    #expect(
      Formula.power(Formula(Symbol("s")), Formula(Symbol("n"))).direction(in: Symbol("n"))
        == .falling)
    #expect(
      Formula.power(Formula(Symbol("s")), Formula(Symbol("n"))).direction(in: Symbol("s"))
        == .rising)
  }
}

extension Rational {
  /// A fraction of a test; both numbers are small and the divisor is not zero.
  fileprivate init(_ above: Int128, _ below: Int128) {
    self = (try? Rational(above, over: below)) ?? .zero
  }
}
