import Symbolic
import TestSupport
import Testing

/// What is said of the direction of a formula holds for its values.
@Suite struct DirectionTests {
  @Test(
    "Where the direction shows",
    arguments: [
      ("2*d^2 + d*f", Direction.rising), ("f*L", .constant), ("f/d", .falling),
      ("f - d", .falling), ("floor(d/3) + ceil(d/2)", .rising), ("min(d, f)*d", .rising),
      ("-2*max(1, floor(d/16))", .falling),
    ])
  func known(_ row: (text: String, direction: Direction)) throws {
    #expect(try Formula(parsing: row.text).direction(in: Symbol("d")) == row.direction)
  }

  @Test("A share to a power falls the more often it is taken, and what is missing to one rises")
  func powers() throws {
    let d = Formula(Symbol("d"))
    let power = Formula.power(Formula(try Rational(1, over: 2)), d)
    #expect(power.direction(in: Symbol("d")) == .falling)
    #expect((1 - power).direction(in: Symbol("d")) == .rising)
  }

  @Test("Where nothing is proved", arguments: ["d^2 - d", "d + f/d", "(d - f)*max(d - f, 0 - d)"])
  func unknown(_ text: String) throws {
    #expect(try Formula(parsing: text).direction(in: Symbol("d")) == nil)
  }

  @Test("Random formulas move as they say", arguments: 0..<300)
  func random(_ seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let formula = RandomFormula.make(&generator, depth: 3)
    let symbol = Symbol("d")
    guard let direction = formula.direction(in: symbol) else { return }
    var values = RandomFormula.values(&generator)
    var last: Rational?
    for size in 1...40 as ClosedRange<Int128> {
      values[symbol] = Rational(size)
      let value = try formula.evaluated(with: values)
      if let last {
        switch direction {
        case .constant: #expect(value == last, "seed \(seed)")
        case .rising: #expect(value >= last, "seed \(seed)")
        case .falling: #expect(value <= last, "seed \(seed)")
        }
      }
      last = value
    }
  }
}
