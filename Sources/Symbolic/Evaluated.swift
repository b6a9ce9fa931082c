/// What a formula is once every size has its value: a number, unless variables were left free.
///
/// It is a type of its own, so that nothing is put in twice: a formula in sizes is evaluated, a
/// value is not. The variables in it are those that stand in place of a number on a command line. They
/// are no sizes, whatever they are called.
package struct Evaluated: Hashable, Sendable {
  /// In free variables alone.
  let formula: Formula

  fileprivate init(formula: Formula) {
    self.formula = formula
  }

  package init(_ number: Rational) {
    formula = Formula(number)
  }

  package init(_ number: Int128) {
    formula = Formula(number)
  }

  /// One free variable.
  package init(variable: Symbol) {
    formula = variable.isFree ? Formula(variable) : Formula(fault: .unbound(variable))
  }

  /// Reads a number, or a formula whose names are all free variables: `4*x`.
  ///
  /// - Parameters:
  ///   - text: What was written.
  ///   - isWhole: Whether every value of the variables is a whole number.
  /// - Throws: `FormulaSyntaxError`, as `Formula(parsing:)`.
  package init(parsing text: String, isWhole: Bool = true) throws(FormulaSyntaxError) {
    formula = try Formula(parsing: text) { Symbol(variable: $0, isWhole: isWhole) }
  }

  /// The number 0.
  package static let zero = Evaluated(0)
}

extension Formula {
  /// The formula with the value of every size put in.
  ///
  /// - Returns: What follows from the values; faulty, with `ArithmeticError.unbound`, where a size
  ///   has none.
  package func evaluated(in values: [Symbol: Evaluated]) -> Evaluated {
    // Where every size is a number, numbers are put in; what fails then has its fault from below.
    if let number = try? evaluated(with: { values[$0]?.constant }) { return Evaluated(number) }
    return Evaluated(
      formula: substituting { symbol in
        values[symbol]?.formula ?? (symbol.isFree ? nil : Formula(fault: .unbound(symbol)))
      })
  }
}

// MARK: - Questions

extension Evaluated {
  /// The number, unless a variable is free.
  package var constant: Rational? { formula.constant }

  /// The number, if it is whole.
  package var wholeConstant: Int128? { formula.wholeConstant }

  /// Whether it is the number 0.
  package var isZero: Bool { formula.isZero }

  /// Whether it is one variable and nothing else.
  package var isVariable: Bool { formula.isSymbol }

  /// The variables that were left free.
  package var variables: Set<Symbol> { formula.symbols }

  /// Why there is no value, or nil.
  package var fault: ArithmeticError? { formula.fault }

  /// How it moves while a variable grows; see `Formula.direction(in:)`.
  package func direction(in variable: Symbol) -> Direction? { formula.direction(in: variable) }

  /// The number for given values of the variables.
  ///
  /// - Throws: `ArithmeticError`, as `Formula.evaluated(with:)`.
  package func evaluated(with variables: [Symbol: Rational]) throws(ArithmeticError) -> Rational {
    try formula.evaluated(with: variables)
  }

  /// The formula as text, in one of the notations.
  package func text(_ notation: Notation) -> String { formula.text(notation) }
}

extension Evaluated: CustomStringConvertible {
  package var description: String { text(.plain) }
}

extension Evaluated: ExpressibleByIntegerLiteral {
  package init(integerLiteral value: Int) {
    self.init(Int128(value))
  }
}

// MARK: - Arithmetic

extension Evaluated {
  package static func + (left: Evaluated, right: Evaluated) -> Evaluated {
    Evaluated(formula: left.formula + right.formula)
  }

  package static func += (left: inout Evaluated, right: Evaluated) { left = left + right }

  package static func - (left: Evaluated, right: Evaluated) -> Evaluated {
    Evaluated(formula: left.formula - right.formula)
  }

  package static func * (left: Evaluated, right: Evaluated) -> Evaluated {
    Evaluated(formula: left.formula * right.formula)
  }

  package static func / (left: Evaluated, right: Evaluated) -> Evaluated {
    Evaluated(formula: left.formula / right.formula)
  }

  /// The lesser of two values.
  package static func minimum(_ left: Evaluated, _ right: Evaluated) -> Evaluated {
    Evaluated(formula: .minimum(left.formula, right.formula))
  }
}

extension Sequence where Element == Evaluated {
  /// The sum of the values.
  package func sum() -> Evaluated { reduce(.zero, +) }
}

extension FormulaCompiler {
  /// The index of a value in a program over its variables.
  package mutating func value(of value: Evaluated) -> CompiledFormulas.Fraction {
    self.value(of: value.formula)
  }
}
