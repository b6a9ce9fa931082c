import Symbolic
import Testing

/// The mean number of filled places: against every choice there is, and against exact fractions of
/// another program.
@Suite struct FillingTests {
  private static func filled(
    _ tokens: Rational, _ choices: Int128, _ things: Int128, _ own: Int128, _ places: Rational
  ) throws -> Rational {
    try Rational.filled(
      tokens: tokens, choices: Rational(choices), of: Rational(things), own: Rational(own),
      places: places)
  }

  /// The mean over all choices of all tokens, one after the other.
  private static func enumerated(
    _ tokens: Int, _ choices: Int, _ things: Int, _ own: Int, _ places: Int
  ) throws -> Rational {
    // Subsets of the things, as bits.
    let subsets = (0..<1 << things).filter { $0.nonzeroBitCount == choices }
    let loads = subsets.map { ($0 & (1 << own - 1)).nonzeroBitCount }
    var all = [0]
    for _ in 0..<tokens { all = all.flatMap { load in loads.map { load + $0 } } }
    let sum = all.reduce(0) { $0 + min($1, places) }
    return try Rational(Int128(sum), over: Int128(all.count))
  }

  @Test("Small cases, counted by hand")
  func hand() throws {
    // Two tokens choose one of two: the loads 0, 1, 2 of the first have 1, 2, 1 of 4 ways.
    #expect(try Self.filled(Rational(2), 1, 2, 1, .one) == Rational(3, over: 4))
    // Three tokens choose two of four: only if no token takes it, in 1 of 8 ways, is its place empty.
    #expect(try Self.filled(Rational(3), 2, 4, 1, .one) == Rational(7, over: 8))
    // Two tokens choose two of four, two of which share two places. A token puts 0, 1, 2 there in 1,
    // 4, 1 of 6 ways; both together 0, 1, 2, 3, 4 in 1, 8, 18, 8, 1 of 36: (8 + 36 + 16 + 2)/36.
    #expect(try Self.filled(Rational(2), 2, 4, 2, Rational(2)) == Rational(31, over: 18))
    // Half a token is half of one.
    #expect(try Self.filled(Rational(1, over: 2), 1, 4, 1, .one) == Rational(1, over: 8))
    // Who chooses all, fills all.
    #expect(try Self.filled(Rational(5), 4, 4, 1, Rational(3)) == Rational(3))
    #expect(try Self.filled(Rational(5), 2, 4, 4, Rational(100)) == Rational(10))
    #expect(try Self.filled(.zero, 2, 4, 1, .one) == .zero)
  }

  @Test("All choices there are give the same mean")
  func enumeration() throws {
    for (tokens, choices, things) in [(3, 1, 4), (2, 2, 5), (3, 2, 4), (2, 3, 6), (3, 3, 4)] {
      for own in 1...things {
        for places in 0...tokens * choices {
          let mean = try Self.filled(
            Rational(Int128(tokens)), Int128(choices), Int128(things), Int128(own),
            Rational(Int128(places)))
          let other = try Self.enumerated(tokens, choices, things, own, places)
          #expect(mean == other, "\(tokens) \(choices) \(things) \(own) \(places)")
        }
      }
    }
  }

  /// Made with Python's `fractions`: Σ min(j, C)·P(j), rounded to 2⁻³².
  @Test(
    "Long ones are the nearest multiple of a grain",
    arguments: [
      (2048, 2, 8, 1, 512, 2_165_452_666_417), (2048, 8, 256, 1, 80, 274_546_595_523),
      (40, 6, 64, 8, 30, 120_451_068_663),
    ] as [(Int128, Int128, Int128, Int128, Int128, Int128)])
  func long(
    _ row: (
      tokens: Int128, choices: Int128, things: Int128, own: Int128, places: Int128, grains: Int128
    )
  ) throws {
    let mean = try Self.filled(
      Rational(row.tokens), row.choices, row.things, row.own, Rational(row.places))
    #expect(mean == (try Rational(row.grains, over: 1 << 32)))
  }

  @Test("One whose fraction fits is that fraction")
  func exact() throws {
    // Python's `fractions`, as above.
    #expect(
      try Self.filled(Rational(20), 2, 8, 1, Rational(5))
        == Rational(1_165_828_171_475, over: 274_877_906_944))
  }

  @Test("What it cannot compute it says")
  func refused() {
    for (choices, own) in [(5, 1), (-1, 1), (1, 5), (1, -1)] as [(Int128, Int128)] {
      #expect(throws: ArithmeticError.overflow) { try Self.filled(.one, choices, 4, own, .one) }
    }
    #expect(throws: ArithmeticError.overflow) { try Self.filled(Rational(-1), 1, 4, 1, .one) }
    #expect(throws: ArithmeticError.overflow) {
      try Self.filled(Rational(1 << 40), 1, 4, 1, .one)
    }
  }

  @Test("As part of a formula it reads back, and moves as it should")
  func formula() throws {
    let (tokens, experts, places) = (Symbol("T"), Symbol("E"), Symbol("c"))
    let formula = Formula.filled(
      tokens: Formula(tokens), choices: 2, of: Formula(experts), own: 1, places: Formula(places))
    #expect(formula.text(.plain) == "filled(T, 2, E, 1, c)")
    #expect(try Formula(parsing: "3*filled(T, 2, E, 1, c)") == 3 * formula)
    #expect(formula.text(.latex) == "\\operatorname{filled}\\left(T, 2, E, 1, c\\right)")
    #expect(formula.direction(in: tokens) == .rising)
    #expect(formula.direction(in: places) == .rising)
    #expect(formula.direction(in: experts) == .falling)
    let values = [tokens: Rational(3), experts: Rational(4), places: .one]
    #expect(try formula.evaluated(with: values) == Rational(7, over: 8))
    let put = formula.substituting([tokens: 3, experts: 4, places: 1])
    #expect(put.constant == (try Rational(7, over: 8)))
  }
}
