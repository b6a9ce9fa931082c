/// Checked 128-bit arithmetic: an operation gives the exact result or throws, it never wraps.
extension Int128 {
  /// The sum.
  ///
  /// - Throws: `ArithmeticError.overflow` if the result needs more than 128 bits.
  package func adding(_ other: Int128) throws(ArithmeticError) -> Int128 {
    let (result, overflow) = addingReportingOverflow(other)
    guard !overflow else { throw .overflow }
    return result
  }

  /// The product.
  ///
  /// - Throws: `ArithmeticError.overflow` if the result needs more than 128 bits.
  package func multiplied(by other: Int128) throws(ArithmeticError) -> Int128 {
    let (result, overflow) = multipliedReportingOverflow(by: other)
    guard !overflow else { throw .overflow }
    return result
  }

  /// The integer raised to a power of zero or more.
  ///
  /// - Throws: `ArithmeticError.overflow` if the result needs more than 128 bits.
  package func power(_ exponent: Int) throws(ArithmeticError) -> Int128 {
    var result: Int128 = 1
    for _ in 0..<exponent { result = try result.multiplied(by: self) }
    return result
  }

  /// The greatest common divisor of two magnitudes.
  package static func greatestCommonDivisor(_ first: Int128, _ second: Int128) -> UInt128 {
    var (a, b) = (first.magnitude, second.magnitude)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }
}
