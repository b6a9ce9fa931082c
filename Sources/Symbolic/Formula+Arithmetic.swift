extension Formula {
  package static func + (left: Formula, right: Formula) -> Formula {
    if let fault = left.fault ?? right.fault { return Formula(fault: fault) }
    if left.terms.isEmpty { return right }
    if right.terms.isEmpty { return left }
    return Formula { () throws(ArithmeticError) in
      var result: [Term] = []
      result.reserveCapacity(left.terms.count + right.terms.count)
      var (i, j) = (0, 0)
      while i < left.terms.count && j < right.terms.count {
        let (a, b) = (left.terms[i], right.terms[j])
        if a.monomial == b.monomial {
          let sum = try a.coefficient.adding(b.coefficient)
          if sum != .zero { result.append(Term(coefficient: sum, monomial: a.monomial)) }
          i += 1
          j += 1
        } else if a.monomial < b.monomial {
          result.append(a)
          i += 1
        } else {
          result.append(b)
          j += 1
        }
      }
      result += left.terms[i...]
      result += right.terms[j...]
      return Formula(terms: result)
    }
  }

  /// The formula with the other sign.
  package static prefix func - (formula: Formula) -> Formula { Formula(-1) * formula }

  package static func - (left: Formula, right: Formula) -> Formula { left + -right }

  package static func * (left: Formula, right: Formula) -> Formula {
    if let fault = left.fault ?? right.fault { return Formula(fault: fault) }
    if left.terms.isEmpty || right.terms.isEmpty { return .zero }
    if left.terms.count == 1 { return right.multiplied(by: left.terms[0]) }
    if right.terms.count == 1 { return left.multiplied(by: right.terms[0]) }
    guard left.terms.count * right.terms.count <= mostProducts else {
      return Formula(fault: .tooLarge)
    }
    return Formula { () throws(ArithmeticError) in
      var products: [Term] = []
      products.reserveCapacity(left.terms.count * right.terms.count)
      for a in left.terms {
        for b in right.terms { products.append(try a.multiplied(by: b)) }
      }
      return try Formula(collecting: products)
    }
  }

  /// The product with one term, in which no two terms meet.
  private func multiplied(by factor: Term) -> Formula {
    let isNumber = factor.monomial.powers.isEmpty
    if isNumber, factor.coefficient == .one { return self }
    return Formula { () throws(ArithmeticError) in
      var products: [Term] = []
      products.reserveCapacity(terms.count)
      for term in terms { products.append(try term.multiplied(by: factor)) }
      // A number changes no order.
      if !isNumber, products.count > 1 { products.sort { $0.monomial < $1.monomial } }
      return Formula(terms: products)
    }
  }

  /// Counts of models have tens of terms and powers below ten; more is a slip or an attack, and
  /// would take for ever.
  private static let mostProducts = 10_000
  fileprivate static let highestPower = 1000

  /// The quotient by a single term; a sum or zero as divisor gives a faulty formula.
  package static func / (left: Formula, right: Formula) -> Formula {
    if let fault = left.fault ?? right.fault { return Formula(fault: fault) }
    guard let divisor = right.terms.first else { return Formula(fault: .divisionByZero) }
    guard right.terms.count == 1 else {
      return left == right ? .one : Formula(fault: .notAMonomial)
    }
    return Formula { () throws(ArithmeticError) in
      let inverse = Term(
        coefficient: try Rational.one.divided(by: divisor.coefficient),
        monomial: divisor.monomial.inverse)
      return left * Formula(terms: [inverse])
    }
  }

  package static func += (left: inout Formula, right: Formula) { left = left + right }

  package static func *= (left: inout Formula, right: Formula) { left = left * right }

  /// The formula raised to a whole power; a negative one needs a single term.
  package func power(_ exponent: Int) -> Formula {
    var result = Formula.one
    for _ in 0..<abs(exponent) { result *= self }
    return exponent < 0 ? .one / result : result
  }
}

extension Formula.Term {
  fileprivate func multiplied(by factor: Formula.Term) throws(ArithmeticError) -> Formula.Term {
    let product = try coefficient.multiplied(by: factor.coefficient)
    if factor.monomial.powers.isEmpty {
      return Formula.Term(coefficient: product, monomial: monomial)
    }
    let powers = monomial * factor.monomial
    guard powers.powers.allSatisfy({ abs($0.exponent) <= Formula.highestPower }) else {
      throw .tooLarge
    }
    return Formula.Term(coefficient: product, monomial: powers)
  }
}

extension Formula {
  /// Takes terms in any order, of which several may have one monomial.
  fileprivate init(collecting terms: [Term]) throws(ArithmeticError) {
    var result: [Term] = []
    result.reserveCapacity(terms.count)
    for term in terms.sorted(by: { $0.monomial < $1.monomial }) {
      guard let last = result.last, last.monomial == term.monomial else {
        result.append(term)
        continue
      }
      let sum = try last.coefficient.adding(term.coefficient)
      result[result.count - 1] = Term(coefficient: sum, monomial: term.monomial)
    }
    result.removeAll { $0.coefficient == .zero }
    self.init(terms: result)
  }
}

// MARK: - Rounding and choice

extension Formula {
  /// The least whole number that is not below `argument`.
  package static func ceiling(_ argument: Formula) -> Formula {
    rounded(argument, constant: \.ceiling, atom: Atom.ceiling)
  }

  /// The greatest whole number that is not above `argument`.
  package static func floor(_ argument: Formula) -> Formula {
    rounded(argument, constant: \.floor, atom: Atom.floor)
  }

  /// The lesser of two formulas.
  package static func minimum(_ left: Formula, _ right: Formula) -> Formula {
    chosen(left, right, constant: { min($0, $1) }, atom: Atom.minimum)
  }

  /// The greater of two formulas.
  package static func maximum(_ left: Formula, _ right: Formula) -> Formula {
    chosen(left, right, constant: { max($0, $1) }, atom: Atom.maximum)
  }

  /// A share from zero to one, to a whole power, as `Rational.share(toThe:)` computes it.
  package static func power(_ share: Formula, _ exponent: Formula) -> Formula {
    if share.fault != nil { return share }
    if exponent.fault != nil { return exponent }
    if exponent.isZero || share == .one { return .one }
    if exponent == .one { return share }
    guard let base = share.constant, let number = exponent.constant else {
      return Formula(atom: .power(share, exponent))
    }
    return Formula { () throws(ArithmeticError) in
      Formula(try base.share(toThe: try number.wholeValue()))
    }
  }

  /// The mean number of filled slots, as `Rational.filled` computes it.
  package static func filled(
    tokens: Formula, choices: Formula, of things: Formula, own: Formula, places: Formula
  ) -> Formula {
    filled([tokens, choices, things, own, places])
  }

  /// The same of a list of five.
  static func filled(_ arguments: [Formula]) -> Formula {
    for argument in arguments where argument.fault != nil { return argument }
    if arguments[0].isZero || arguments[4].isZero { return .zero }
    let numbers = arguments.compactMap(\.constant)
    guard numbers.count == 5 else { return Formula(atom: .filled(arguments)) }
    return Formula { () throws(ArithmeticError) in
      Formula(
        try Rational.filled(
          tokens: numbers[0], choices: numbers[1], of: numbers[2], own: numbers[3],
          places: numbers[4]))
    }
  }

  /// Takes the whole part of every coefficient out of a rounding, and rounds what remains.
  private static func rounded(
    _ argument: Formula, constant: (Rational) -> Int128, atom: (Formula) -> Atom
  ) -> Formula {
    guard argument.fault == nil else { return argument }
    return Formula { () throws(ArithmeticError) in
      var outside: [Term] = []
      var inside: [Term] = []
      for term in argument.terms {
        guard term.monomial.isWhole else {
          inside.append(term)
          continue
        }
        let whole = Rational(term.coefficient.floor)
        let rest = try term.coefficient.adding(try whole.negated())
        if whole != .zero { outside.append(Term(coefficient: whole, monomial: term.monomial)) }
        if rest != .zero { inside.append(Term(coefficient: rest, monomial: term.monomial)) }
      }
      let remainder = Formula(terms: inside)
      guard let value = remainder.constant else {
        return Formula(terms: outside) + Formula(atom: atom(remainder))
      }
      return Formula(terms: outside) + Formula(constant(value))
    }
  }

  private static func chosen(
    _ left: Formula, _ right: Formula, constant: (Rational, Rational) -> Rational,
    atom: (Formula, Formula) -> Atom
  ) -> Formula {
    if let fault = left.fault ?? right.fault { return Formula(fault: fault) }
    if left == right { return left }
    if let a = left.constant, let b = right.constant { return Formula(constant(a, b)) }
    return Formula(atom: left.precedes(right) ? atom(left, right) : atom(right, left))
  }
}

extension Sequence where Element == Formula {
  /// The sum of the formulas.
  ///
  /// All terms are put in order once; adding one formula after the other would merge the growing sum
  /// as often as there are formulas.
  package func sum() -> Formula {
    var terms: [Formula.Term] = []
    var first: Formula?
    var isSum = false
    for formula in self {
      if formula.fault != nil { return formula }
      if formula.isZero { continue }
      isSum = first != nil
      first = first ?? formula
      terms += formula.terms
    }
    guard isSum else { return first ?? .zero }
    return Formula { () throws(ArithmeticError) in try Formula(collecting: terms) }
  }

  /// The product of the formulas.
  package func product() -> Formula { reduce(.one, *) }
}
