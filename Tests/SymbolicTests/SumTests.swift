import Symbolic
import Testing

/// Closed forms of sums, beside the sums term by term.
@Suite struct SumTests {
  private static let index = Symbol("i")
  private static let variables = ["a", "s", "W"].map { Symbol($0) }

  private static func formula(_ text: String) throws -> Formula {
    try Formula(parsing: text)
  }

  @Test(
    "A closed form is the sum of its terms",
    arguments: [
      "7", "i", "i^2 + 3*i*a", "i^5 - i", "min(i + a, W)", "W*min(i + a, W)", "min(i + a, W)^2",
      "i*min(i + a, W) + i", "max(i - W, a)", "max(2*i, W)", "min(3*i, W)",
      "min(i + a, W)*min(i, 2*W)", "min(i + W, i + a)", "floor((i + a)/s)", "floor((i + a)/4)",
      "i*floor((i + a)/s)", "floor((i + a)/s)^2", "ceil((i + a)/s)", "ceil((i + a)/4)*i",
      "min(floor((i + a)/s), W)", "floor((i + a)/4)*min(i + a, W)",
      "floor((i + a)/s)*floor((i + a + 1)/s)", "(i + a - s*floor((i + a)/s))^2",
      "floor(2*i/3)", "i*floor(3*(i + a)/10)", "max(1, floor(3*(i + a)/10))*i",
      "min(W, max(i - a, 0))", "a*min(4*floor((i + a)/4), W)",
    ])
  func closedForm(_ text: String) throws {
    let formula = try Self.formula(text)
    let closed = formula.summed(over: Self.index, below: Formula(Symbol("n")))
    #expect(closed.fault == nil)
    #expect(!closed.symbols.contains(Self.index))
    for (a, s, window) in [(0, 1, 1), (1, 2, 3), (3, 4, 5), (5, 3, 2), (9, 7, 30), (0, 5, 16)] {
      var values: [Symbol: Rational] = [:]
      for (variable, value) in zip(Self.variables, [a, s, window]) {
        values[variable] = Rational(Int128(value))
      }
      var sum = Rational.zero
      for count in 0..<20 {
        values[Symbol("n")] = Rational(Int128(count))
        #expect(try closed.evaluated(with: values) == sum, "\(text), \(count), \(a) \(s) \(window)")
        values[Self.index] = Rational(Int128(count))
        sum = try sum.adding(try formula.evaluated(with: values))
        values[Self.index] = nil
      }
    }
  }

  @Test(
    "What has no closed form says so",
    arguments: ["1/i", "min(i*a, W)", "floor((i + a)/s)*min(i + a, W)"])
  func none(_ text: String) throws {
    let closed = try Self.formula(text).summed(over: Self.index, below: 9)
    #expect(closed.fault == .noClosedForm(Self.index))
  }
}
