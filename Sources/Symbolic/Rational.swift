/// An exact fraction of two 128-bit integers.
///
/// Invariant: the denominator is positive, and numerator and denominator have no common divisor.
/// Two fractions are therefore equal exactly if their fields are.
package struct Rational: Hashable, Sendable {
  /// The numerator, which has the sign.
  package let numerator: Int128
  /// The denominator, which is positive and has no factor in common with the numerator.
  package let denominator: Int128

  /// The number 0.
  package static let zero = Rational(0)
  /// The number 1.
  package static let one = Rational(1)

  /// Creates a whole number.
  package init(_ value: Int128) {
    numerator = value
    denominator = 1
  }

  /// Takes the two numbers of a fraction that is in lowest terms, its denominator above zero.
  package init(reduced numerator: Int128, over denominator: Int128) {
    self.numerator = numerator
    self.denominator = denominator
  }

  /// Creates a fraction in lowest terms.
  ///
  /// - Throws: `ArithmeticError.divisionByZero`, or `.overflow` for a magnitude of 2^127.
  package init(_ numerator: Int128, over denominator: Int128) throws(ArithmeticError) {
    guard denominator != 0 else { throw .divisionByZero }
    let divisor = Int128.greatestCommonDivisor(numerator, denominator)
    let top = numerator.magnitude / divisor
    let bottom = denominator.magnitude / divisor
    guard let positive = Int128(exactly: top), let under = Int128(exactly: bottom) else {
      throw .overflow
    }
    self.numerator = (numerator < 0) != (denominator < 0) ? -positive : positive
    self.denominator = under
  }

  /// The decimal a person wrote, taken at its word: `0.29` is 29/100 and not the nearest binary.
  ///
  /// Returns nil if the text is not a decimal or needs more than 128 bits.
  package init?(decimal text: some StringProtocol) {
    var digits = ""
    var exponent = 0
    let halves = text.lowercased().split(separator: "e", omittingEmptySubsequences: false)
    guard let mantissa = halves.first, halves.count <= 2 else { return nil }
    if halves.count == 2 {
      guard let power = Int(halves[1]), power.magnitude <= 40 else { return nil }
      exponent = power
    }
    let pieces = mantissa.split(separator: ".", omittingEmptySubsequences: false)
    guard pieces.count <= 2 else { return nil }
    digits = String(pieces[0])
    if pieces.count == 2 {
      guard pieces[1].allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
      digits += pieces[1]
      exponent -= pieces[1].count
    }
    guard let value = Int128(digits) else { return nil }
    do {
      let scale = try Int128(10).power(abs(exponent))
      self =
        exponent < 0 ? try Rational(value, over: scale) : Rational(try value.multiplied(by: scale))
    } catch {
      return nil
    }
  }

  /// Whether the fraction is a whole number.
  package var isWhole: Bool { denominator == 1 }

  /// The whole number this fraction is, or nil.
  package var whole: Int128? { isWhole ? numerator : nil }

  /// The whole number this fraction is.
  ///
  /// - Throws: `ArithmeticError.notAnInteger` if it is none.
  package func wholeValue() throws(ArithmeticError) -> Int128 {
    guard isWhole else { throw .notAnInteger(self) }
    return numerator
  }

  /// The greatest whole number that is not above the fraction.
  package var floor: Int128 {
    let (quotient, remainder) = numerator.quotientAndRemainder(dividingBy: denominator)
    return remainder < 0 ? quotient - 1 : quotient
  }

  /// The least whole number that is not below the fraction.
  package var ceiling: Int128 { isWhole ? numerator : floor + 1 }
}

// MARK: - Arithmetic

extension Rational {
  /// The sum; throws if it needs more than 128 bits.
  package func adding(_ other: Rational) throws(ArithmeticError) -> Rational {
    if isWhole && other.isWhole { return Rational(try numerator.adding(other.numerator)) }
    let left = try numerator.multiplied(by: other.denominator)
    let right = try other.numerator.multiplied(by: denominator)
    return try Rational(
      try left.adding(right), over: try denominator.multiplied(by: other.denominator))
  }

  /// The product; throws if it needs more than 128 bits.
  package func multiplied(by other: Rational) throws(ArithmeticError) -> Rational {
    if isWhole && other.isWhole { return Rational(try numerator.multiplied(by: other.numerator)) }
    // Reduce crosswise first, so that an intermediate product never overflows needlessly.
    let first = try Rational(numerator, over: other.denominator)
    let second = try Rational(other.numerator, over: denominator)
    return try Rational(
      try first.numerator.multiplied(by: second.numerator),
      over: try first.denominator.multiplied(by: second.denominator))
  }

  /// The quotient; throws for a divisor of zero, or if it needs more than 128 bits.
  package func divided(by other: Rational) throws(ArithmeticError) -> Rational {
    try multiplied(by: try Rational(other.denominator, over: other.numerator))
  }

  /// The number with the other sign; throws for the least one of 128 bits.
  package func negated() throws(ArithmeticError) -> Rational {
    try multiplied(by: Rational(-1))
  }

  /// The fraction raised to any whole power.
  package func power(_ exponent: Int) throws(ArithmeticError) -> Rational {
    if isWhole, exponent >= 0 { return Rational(try numerator.power(exponent)) }
    let top = try numerator.power(abs(exponent))
    let bottom = try denominator.power(abs(exponent))
    return exponent < 0 ? try Rational(bottom, over: top) : try Rational(top, over: bottom)
  }
}

extension Rational: Comparable {
  package static func < (left: Rational, right: Rational) -> Bool {
    if left.denominator == right.denominator { return left.numerator < right.numerator }
    let a = left.numerator.multipliedFullWidth(by: right.denominator)
    let b = right.numerator.multipliedFullWidth(by: left.denominator)
    return a.high == b.high ? a.low < b.low : a.high < b.high
  }
}

extension Rational: CustomStringConvertible {
  package var description: String { isWhole ? "\(numerator)" : "\(numerator)/\(denominator)" }
}
