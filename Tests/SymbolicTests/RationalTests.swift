import Symbolic
import Testing

@Suite struct RationalTests {
  @Test("Numbers on a command line have units of a thousand, and with an i of 1024")
  func written() {
    let numbers: [(String, Int128)] = [
      ("2048", 2048), ("4k", 4000), ("4K", 4000), ("4Ki", 4096), ("1e3", 1000), ("1.5M", 1_500_000),
      ("7B", 7_000_000_000), ("7G", 7_000_000_000), ("312T", 312_000_000_000_000),
      ("16GiB", 17_179_869_184), ("80GB", 80_000_000_000), ("1TiB", 1_099_511_627_776),
    ]
    for (text, value) in numbers {
      #expect(Rational(written: text, inBytes: true)?.whole == value, "\(text)")
      // Tokens are not counted in kilobytes.
      let isOfBytes = text.hasSuffix("iB") || text.hasSuffix("GB")
      #expect(Rational(written: text)?.whole == (isOfBytes ? nil : value), "\(text)")
    }
    #expect(Rational(written: "0.5k") == Rational(500))
    for text in ["", "k", "4x", "4kk", "４", "4 k", "e", "1e", "B", "1e40T", "GiB"] {
      #expect(Rational(written: text) == nil, "\(text)")
    }
  }

  @Test("A decimal is the decimal that was written, not its binary neighbour")
  func decimals() throws {
    #expect(try Rational(decimal: "0.29") == Rational(29, over: 100))
    #expect(try Rational(decimal: "0.29")?.multiplied(by: Rational(100)).floor == 29)
    #expect(try Rational(decimal: "1e-06") == Rational(1, over: 1_000_000))
    #expect(try Rational(decimal: "-2.50") == Rational(-5, over: 2))
    #expect(Rational(decimal: "1.5e3") == Rational(1500))
    for text in ["", ".", "x", "1.2.3", "1e", "1e99", "0x10", "1.-5"] {
      #expect(Rational(decimal: text) == nil, "\(text)")
    }
  }

  @Test("Rounding goes down for the floor and up for the ceiling, below zero too")
  func rounding() throws {
    for (top, floor, ceiling) in [(7, 3, 4), (-7, -4, -3), (8, 4, 4), (-8, -4, -4), (0, 0, 0)] {
      let value = try Rational(Int128(top), over: 2)
      #expect(value.floor == Int128(floor))
      #expect(value.ceiling == Int128(ceiling))
    }
  }

  @Test("Comparison is exact where a cross product would overflow")
  func comparison() throws {
    let large = Int128.max
    #expect(try Rational(large, over: 3) < Rational(large, over: 2))
    #expect(try Rational(large - 1, over: large) < Rational(1))
    #expect(try !(Rational(1, over: 2) < Rational(2, over: 4)))
  }

  @Test("Lowest terms, a positive denominator, and errors for what has no value")
  func invariant() throws {
    let value = try Rational(6, over: -4)
    #expect(value.numerator == -3)
    #expect(value.denominator == 2)
    #expect(throws: ArithmeticError.divisionByZero) { try Rational(1, over: 0) }
    #expect(throws: ArithmeticError.overflow) { try Rational(Int128.max).adding(Rational(1)) }
    #expect(throws: ArithmeticError.overflow) {
      try Rational(Int128.max).multiplied(by: Rational(2))
    }
  }
}
