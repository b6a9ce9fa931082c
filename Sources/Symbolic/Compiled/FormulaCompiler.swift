/// Puts a program together: operations that are equal are one, and constants are computed here.
///
/// Values of formulas are in `FormulaCompiler+Formulas.swift`, and what becomes of an operation in
/// `FormulaCompiler+Operations.swift`.
package struct FormulaCompiler {
  let inputs: [FormulaInput]
  var operations: [CompiledFormulas.Operation] = []
  var bounds: [UInt128] = []
  var isLane: [Bool] = []
  var places: [CompiledFormulas.Operation: Int] = [:]
  var inputIndices: [Symbol: Int] = [:]
  /// Whether a magnitude, a divisor or a power is beyond what a program computes.
  var hasFailed = false
  var known: [Formula: CompiledFormulas.Fraction] = [:]

  package init(inputs: [FormulaInput]) {
    self.inputs = inputs
    for (index, input) in inputs.enumerated() { inputIndices[input.symbol] = index }
  }

  /// The program, or nil if an operation may need more than 127 bits, or a divisor may be zero.
  package var program: CompiledFormulas? {
    guard !hasFailed, let most = bounds.max() ?? 0 as UInt128?, most < 1 << 126 else { return nil }
    return CompiledFormulas(
      operations: operations, isLane: isLane, scales: inputs.map(\.scale),
      width: most < 1 << 62 ? .bits64 : .bits128)
  }

  // MARK: - Values

  /// A number.
  package mutating func constant(_ value: Rational) -> CompiledFormulas.Fraction {
    CompiledFormulas.Fraction(
      numerator: place(.constant(value.numerator)), denominator: place(.constant(value.denominator))
    )
  }

  /// The sum, over the least common denominator where both are constants.
  package mutating func sum(
    _ one: CompiledFormulas.Fraction, _ other: CompiledFormulas.Fraction
  ) -> CompiledFormulas.Fraction {
    if one.denominator == other.denominator {
      return CompiledFormulas.Fraction(
        numerator: place(.add(one.numerator, other.numerator)), denominator: one.denominator)
    }
    if let a = number(one.denominator), let b = number(other.denominator) {
      let divisor = Int128(Int128.greatestCommonDivisor(a, b))
      return CompiledFormulas.Fraction(
        numerator: place(
          .add(scaled(one.numerator, b / divisor), scaled(other.numerator, a / divisor))),
        denominator: scaled(one.denominator, b / divisor))
    }
    return CompiledFormulas.Fraction(
      numerator: place(
        .add(
          place(.multiply(one.numerator, other.denominator)),
          place(.multiply(other.numerator, one.denominator)))),
      denominator: place(.multiply(one.denominator, other.denominator)))
  }

  /// The value with the other sign.
  package mutating func negative(_ value: CompiledFormulas.Fraction) -> CompiledFormulas.Fraction {
    CompiledFormulas.Fraction(
      numerator: place(.subtract(place(.constant(0)), value.numerator)),
      denominator: value.denominator)
  }

  /// The product, which is not reduced.
  package mutating func product(
    _ one: CompiledFormulas.Fraction, _ other: CompiledFormulas.Fraction
  ) -> CompiledFormulas.Fraction {
    CompiledFormulas.Fraction(
      numerator: place(.multiply(one.numerator, other.numerator)),
      denominator: place(.multiply(one.denominator, other.denominator)))
  }

  /// The quotient; a divisor that may be zero or below gives no program.
  package mutating func quotient(
    _ one: CompiledFormulas.Fraction, _ other: CompiledFormulas.Fraction
  ) -> CompiledFormulas.Fraction {
    if !isPositive(other.numerator) { hasFailed = true }
    return CompiledFormulas.Fraction(
      numerator: place(.multiply(one.numerator, other.denominator)),
      denominator: place(.multiply(one.denominator, other.numerator)))
  }

  // MARK: - Questions, which are one or zero

  /// Whether the first value is at most the second.
  package mutating func isAtMost(
    _ one: CompiledFormulas.Fraction, _ other: CompiledFormulas.Fraction
  ) -> Int {
    let (a, b) = common(one, other)
    return place(.atMost(a, b))
  }

  /// Whether both values are equal.
  package mutating func isEqual(
    _ one: CompiledFormulas.Fraction, _ other: CompiledFormulas.Fraction
  ) -> Int {
    let (a, b) = common(one, other)
    return place(.equal(a, b))
  }

  /// Whether the first value is a whole multiple of the second; one that may be zero gives no
  /// program.
  package mutating func isMultiple(
    _ one: CompiledFormulas.Fraction, of other: CompiledFormulas.Fraction
  ) -> Int {
    let (a, b) = common(one, other)
    if !isPositive(b) { hasFailed = true }
    return place(.multiple(a, b))
  }

  /// An answer as a number, one or zero.
  package mutating func whole(_ answer: Int) -> CompiledFormulas.Fraction {
    CompiledFormulas.Fraction(numerator: answer, denominator: place(.constant(1)))
  }

  /// Whether both answers are one.
  package mutating func both(_ one: Int, _ other: Int) -> Int { place(.minimum(one, other)) }

  /// Whether one of the answers is one.
  package mutating func either(_ one: Int, _ other: Int) -> Int { place(.maximum(one, other)) }

  /// The other answer.
  package mutating func not(_ one: Int) -> Int { place(.subtract(place(.constant(1)), one)) }

  /// Two numerators over one denominator.
  mutating func common(
    _ one: CompiledFormulas.Fraction, _ other: CompiledFormulas.Fraction
  ) -> (Int, Int) {
    if one.denominator == other.denominator { return (one.numerator, other.numerator) }
    return (
      place(.multiply(one.numerator, other.denominator)),
      place(.multiply(other.numerator, one.denominator))
    )
  }
}
