extension Formula {
  /// The value for given sizes.
  ///
  /// - Parameter values: A value for every symbol that the formula mentions.
  /// - Throws: `ArithmeticError.unbound`, `.overflow`, `.divisionByZero`, or the formula's fault.
  /// - Returns: The exact value, in lowest terms.
  package func evaluated(with values: [Symbol: Rational]) throws(ArithmeticError) -> Rational {
    try evaluated(with: { values[$0] })
  }

  /// The value for sizes that are looked up.
  func evaluated(with value: (Symbol) -> Rational?) throws(ArithmeticError) -> Rational {
    if let fault { throw fault }
    var sum = Rational.zero
    for term in terms {
      var product = term.coefficient
      for power in term.monomial.powers {
        let base = try power.atom.evaluated(with: value)
        product = try product.multiplied(
          by: power.exponent == 1 ? base : try base.power(power.exponent))
      }
      sum = try sum.adding(product)
    }
    return sum
  }

  /// The value for given sizes, which has to be whole.
  ///
  /// - Throws: As `evaluated(with:)`, and `ArithmeticError.notAnInteger`.
  package func count(with values: [Symbol: Rational]) throws(ArithmeticError) -> Int128 {
    try evaluated(with: values).wholeValue()
  }

  /// The formula with some symbols replaced by formulas; the others stay.
  package func substituting(_ replacements: [Symbol: Formula]) -> Formula {
    substituting { replacements[$0] }
  }

  /// The formula with some symbols replaced; nil leaves a symbol what it is.
  func substituting(_ replacement: (Symbol) -> Formula?) -> Formula {
    if fault != nil { return self }
    return terms.map { term in
      term.monomial.powers.reduce(Formula(term.coefficient)) { product, power in
        product * power.atom.substituting(replacement).power(power.exponent)
      }
    }.sum()
  }

  /// The partial derivative with respect to a symbol.
  ///
  /// - Throws: `ArithmeticError.notDifferentiable` if a rounding or a choice mentions the symbol.
  package func derivative(in symbol: Symbol) throws(ArithmeticError) -> Formula {
    if let fault { throw fault }
    var sum = Formula.zero
    for term in terms {
      for power in term.monomial.powers {
        guard case .symbol(symbol) = power.atom else {
          if power.atom.arguments.contains(where: { $0.symbols.contains(symbol) }) {
            throw .notDifferentiable(symbol)
          }
          continue
        }
        sum += Formula(terms: [term]) * Formula(Int128(power.exponent)) / Formula(symbol)
      }
    }
    return sum
  }
}

extension Atom {
  fileprivate func evaluated(
    with value: (Symbol) -> Rational?
  ) throws(ArithmeticError) -> Rational {
    switch self {
    case .symbol(let symbol):
      guard let value = value(symbol) else { throw .unbound(symbol) }
      return value
    case .ceiling(let argument): return Rational(try argument.evaluated(with: value).ceiling)
    case .floor(let argument): return Rational(try argument.evaluated(with: value).floor)
    case .minimum(let left, let right):
      return min(try left.evaluated(with: value), try right.evaluated(with: value))
    case .maximum(let left, let right):
      return max(try left.evaluated(with: value), try right.evaluated(with: value))
    case .power(let share, let exponent):
      return try share.evaluated(with: value)
        .share(toThe: try exponent.evaluated(with: value).wholeValue())
    case .filled(let arguments):
      var numbers: [Rational] = []
      for argument in arguments { numbers.append(try argument.evaluated(with: value)) }
      return try .filled(
        tokens: numbers[0], choices: numbers[1], of: numbers[2], own: numbers[3],
        places: numbers[4])
    }
  }

  func substituting(_ replacement: (Symbol) -> Formula?) -> Formula {
    switch self {
    case .symbol(let symbol): replacement(symbol) ?? Formula(symbol)
    case .ceiling(let argument): .ceiling(argument.substituting(replacement))
    case .floor(let argument): .floor(argument.substituting(replacement))
    case .minimum(let left, let right):
      .minimum(left.substituting(replacement), right.substituting(replacement))
    case .maximum(let left, let right):
      .maximum(left.substituting(replacement), right.substituting(replacement))
    case .power(let share, let exponent):
      .power(share.substituting(replacement), exponent.substituting(replacement))
    case .filled(let arguments): .filled(arguments.map { $0.substituting(replacement) })
    }
  }
}
