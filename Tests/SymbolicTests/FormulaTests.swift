import Symbolic
import TestSupport
import Testing

/// The laws of the algebra on random formulas; a failing seed becomes a row of its own.
@Suite struct FormulaTests {
  static let seeds = Array<UInt64>(0..<60)

  @Test("Addition and multiplication obey the laws of a commutative ring", arguments: seeds)
  func ring(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let (a, b, c) = (
      RandomFormula.make(&generator), RandomFormula.make(&generator),
      RandomFormula.make(&generator)
    )
    #expect(a + b == b + a)
    #expect((a + b) + c == a + (b + c))
    #expect(a + 0 == a)
    #expect(a - a == 0)
    #expect(a * b == b * a)
    #expect((a * b) * c == a * (b * c))
    #expect(a * 1 == a)
    #expect(a * 0 == 0)
    #expect(a * (b + c) == a * b + a * c)
    #expect(-a == a * -1)
  }

  @Test(
    "Evaluation is a homomorphism: operate then evaluate is evaluate then operate", arguments: seeds
  )
  func homomorphism(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let (a, b) = (RandomFormula.make(&generator), RandomFormula.make(&generator))
    let values = RandomFormula.values(&generator)
    let (x, y) = (try a.evaluated(with: values), try b.evaluated(with: values))
    #expect(try (a + b).evaluated(with: values) == x.adding(y))
    #expect(try (a * b).evaluated(with: values) == x.multiplied(by: y))
    #expect(
      try Formula.ceiling(a / 7).evaluated(with: values)
        == Rational(x.divided(by: Rational(7)).ceiling))
    #expect(
      try Formula.floor(a / 7).evaluated(with: values) == Rational(x.divided(by: Rational(7)).floor)
    )
    #expect(try Formula.minimum(a, b).evaluated(with: values) == min(x, y))
    #expect(try Formula.maximum(a, b).evaluated(with: values) == max(x, y))
  }

  @Test("Terms stand in strict order and none is zero", arguments: seeds)
  func canonical(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let formula = RandomFormula.make(&generator, depth: 4)
    for (left, right) in zip(formula.terms, formula.terms.dropFirst()) {
      #expect(left.monomial < right.monomial)
    }
    #expect(formula.terms.allSatisfy { $0.coefficient != .zero })
  }

  @Test("Parsing what was printed gives the same formula", arguments: seeds)
  func parseOfPrint(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let formula =
      RandomFormula.make(&generator)
      / Formula(RandomFormula.symbols[Int.random(in: 0..<5, using: &generator)])
    #expect(try Formula(parsing: formula.text(.plain)) == formula)
    #expect(try Formula(parsing: "(\(formula)) * 1 + 0") == formula)
  }

  @Test("Substituting values is evaluating", arguments: seeds)
  func substitution(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let formula = RandomFormula.make(&generator)
    let values = RandomFormula.values(&generator)
    let constant = formula.substituting(values.mapValues { Formula($0) }).constant
    #expect(try constant == formula.evaluated(with: values))
  }

  @Test("The derivatives of a polynomial sum to its exact difference (Taylor)", arguments: seeds)
  func derivative(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let formula = RandomFormula.make(&generator, hasRoundings: false)
    let d = Symbol("d")
    let step = formula.substituting([d: Formula(d) + 1]) - formula
    var series = Formula.zero
    var derivative = formula
    var factorial: Int128 = 1
    for order in Int128(1)...16 {
      derivative = try derivative.derivative(in: d)
      factorial *= order
      series += derivative / Formula(factorial)
    }
    #expect(series == step)
  }

  // MARK: - Single cases

  @Test("Text is written the way people write a polynomial")
  func text() throws {
    let formula = try Formula(parsing: "2*L*d^2 + 3*d*f/(40*h) - ceil(3*d/2 + 2) + 0.25")
    #expect(formula.text(.plain) == "2*L*d^2 - d + 3*d*f/(40*h) - ceil(d/2) - 7/4")
    #expect(formula.text(.unicode) == "2·L·d² - d + 3·d·f/(40·h) - ceil(d/2) - 7/4")
    #expect(
      formula.text(.latex)
        == #"2\,L\,d^{2} - d + \frac{3\,d\,f}{40\,h} - \left\lceil \frac{d}{2} \right\rceil - \frac{7}{4}"#
    )
    #expect(try Formula(parsing: "d_h*L_moe").text(.latex) == #"L_{\mathrm{moe}}\,d_{h}"#)
  }

  @Test("A rounding of a share of tokens does not vanish, because the share is no whole number")
  func capacity() throws {
    let share = Formula(Symbol("κ", isWhole: false))
    let tokens = Formula(Symbol("T"))
    #expect(Formula.floor(share * tokens).text(.plain) == "floor(T*κ)")
    #expect(Formula.floor(2 * tokens + 3).text(.plain) == "2*T + 3")
  }

  @Test("An overflow is an error wherever it happens, and never wraps")
  func overflow() {
    let large = Formula(Int128.max)
    #expect((large + 1).fault == .overflow)
    #expect((large * large).fault == .overflow)
    #expect(((large + 1) * 0).fault == .overflow)
    #expect(throws: ArithmeticError.overflow) { try (large + 1).evaluated(with: [:]) }
    let d = Symbol("d")
    #expect(throws: ArithmeticError.overflow) {
      try (Formula(d) * Formula(d)).evaluated(with: [d: Rational(Int128.max)])
    }
  }

  @Test("Divisions without an exact form are errors")
  func divisions() {
    let d = Formula(Symbol("d"))
    #expect((d / 0).fault == .divisionByZero)
    #expect((d / (d + 1)).fault == .notAMonomial)
    #expect(d * d / d == d)
    #expect((d + 1) / (d + 1) == 1)
    #expect(throws: ArithmeticError.notAnInteger(Rational(5) / 2)) {
      try (d / 2).count(with: [Symbol("d"): Rational(5)])
    }
    #expect(throws: ArithmeticError.unbound(Symbol("d"))) { try d.evaluated(with: [:]) }
  }

  struct Mistake: CustomTestStringConvertible {
    let text: String
    let message: String
    let offset: Int

    var testDescription: String { text }
  }

  @Test(
    "A text that is no formula says where it stops being one",
    arguments: [
      Mistake(text: "", message: "the formula ends too soon", offset: 0),
      Mistake(text: "2*", message: "the formula ends too soon", offset: 2),
      Mistake(text: "2*(d", message: "expected ')'", offset: 4),
      Mistake(text: "d d", message: "unexpected 'd'", offset: 2),
      Mistake(text: "d^x", message: "expected a whole exponent up to 64", offset: 2),
      Mistake(
        text: "1+sin(d)",
        message: "unknown function 'sin'; there are ceil, floor, min, max, pow and filled",
        offset: 2),
      Mistake(text: "3 $ 4", message: "unexpected '$'", offset: 2),
    ])
  func mistakes(_ mistake: Mistake) {
    #expect(throws: FormulaSyntaxError(message: mistake.message, offset: mistake.offset)) {
      try Formula(parsing: mistake.text)
    }
  }
}

extension Rational {
  /// A fraction written in a test.
  fileprivate static func / (left: Rational, right: Int128) -> Rational {
    (try? left.divided(by: Rational(right))) ?? .zero
  }
}
