/// An exact formula over named sizes: a sum of monomials with rational coefficients.
///
/// One value has one form. The terms stand in the order of their monomials, no two terms have the
/// same monomial, and no coefficient is zero; so two formulas are equal as values exactly if they
/// are equal as polynomials. What is not polynomial (a ceiling, a floor, a minimum, a maximum) is
/// an atom whose arguments obey the same invariant; whole parts are taken out of a rounding, so
/// that `ceil(d/16 + 2)` is `ceil(d/16) + 2`. Two atoms of other forms may still have one value, as
/// `ceil(-d/2)` and `-floor(d/2)` have.
///
/// Arithmetic is total. An operation whose exact result does not exist (a coefficient beyond 128
/// bits, a division by zero or by a sum) gives a *faulty* formula, which stays faulty whatever is
/// done with it and throws when it is evaluated. Nothing wraps and nothing traps.
package struct Formula: Hashable, Sendable {
  /// One monomial with its coefficient, which is not zero.
  package struct Term: Hashable, Sendable {
    /// The factor, which is not zero.
    package let coefficient: Rational
    /// The powers that it multiplies.
    package let monomial: Monomial
  }

  /// One reference either way: descriptions hold hundreds of formulas, and copy them.
  private enum Content: Hashable, Sendable {
    case sum([Term])
    indirect case faulty(ArithmeticError)
  }

  private let content: Content

  /// The terms in canonical order; two sound formulas are equal if their terms are.
  package var terms: [Term] { if case .sum(let terms) = content { terms } else { [] } }

  /// Why the formula has no value, or nil for a sound one.
  package var fault: ArithmeticError? {
    if case .faulty(let fault) = content { fault } else { nil }
  }

  /// The empty sum.
  package static let zero = Formula(terms: [])
  /// The number 1.
  package static let one = Formula(1)

  /// Creates a formula from terms that already obey the invariant.
  init(terms: [Term]) {
    content = .sum(terms)
  }

  init(fault: ArithmeticError) {
    content = .faulty(fault)
  }

  /// Creates a constant.
  package init(_ value: Rational) {
    content = .sum(value == .zero ? [] : [Term(coefficient: value, monomial: .one)])
  }

  /// Creates a whole constant.
  package init(_ value: Int128) {
    self.init(Rational(value))
  }

  /// Creates the formula that is one symbol.
  package init(_ symbol: Symbol) {
    self.init(atom: .symbol(symbol))
  }

  init(atom: Atom) {
    self.init(terms: [Term(coefficient: .one, monomial: Monomial(atom))])
  }

  /// Runs a computation, and turns what it throws into a faulty formula.
  init(catching body: () throws(ArithmeticError) -> Formula) {
    do {
      self = try body()
    } catch {
      self.init(fault: error)
    }
  }
}

// MARK: - Questions

extension Formula {
  /// The value, if the formula mentions no symbol.
  package var constant: Rational? {
    guard fault == nil else { return nil }
    let terms = terms
    if terms.isEmpty { return .zero }
    guard terms.count == 1, terms[0].monomial.powers.isEmpty else { return nil }
    return terms[0].coefficient
  }

  /// The value, if the formula is a whole number.
  package var wholeConstant: Int128? {
    guard let constant, constant.isWhole else { return nil }
    return constant.numerator
  }

  /// Whether the formula is one symbol and nothing else.
  package var isSymbol: Bool {
    guard terms.count == 1, terms[0].coefficient == .one, terms[0].monomial.powers.count == 1,
      case .symbol = terms[0].monomial.powers[0].atom
    else { return false }
    return terms[0].monomial.powers[0].exponent == 1
  }

  /// Whether the formula is the constant zero.
  package var isZero: Bool { fault == nil && terms.isEmpty }

  /// Whether every value is certainly a whole number.
  package var isWhole: Bool {
    terms.allSatisfy { $0.coefficient.isWhole && $0.monomial.isWhole }
  }

  /// Every symbol the formula mentions, inside roundings too.
  package var symbols: Set<Symbol> {
    var result: Set<Symbol> = []
    for term in terms {
      for power in term.monomial.powers {
        if case .symbol(let symbol) = power.atom { result.insert(symbol) }
        for argument in power.atom.arguments { result.formUnion(argument.symbols) }
      }
    }
    return result
  }

  /// A total order without meaning, used to put two arguments in order.
  func precedes(_ other: Formula) -> Bool {
    for (a, b) in zip(terms, other.terms) {
      if a.monomial != b.monomial { return a.monomial < b.monomial }
      if a.coefficient != b.coefficient { return a.coefficient < b.coefficient }
    }
    return terms.count < other.terms.count
  }
}

extension Formula: ExpressibleByIntegerLiteral {
  package init(integerLiteral value: Int) {
    self.init(Int128(value))
  }
}
