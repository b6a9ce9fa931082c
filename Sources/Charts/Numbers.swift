#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Arithmetic that charts need, and numbers as few digits as they can be.
enum Numbers {
  /// The value if it can be drawn: finite, and far enough from the ends of the number range.
  static func drawable(_ value: Double) -> Double? {
    guard value.isFinite, value.magnitude <= 1e300 else { return nil }
    return value.magnitude < 1e-300 ? 0 : value
  }

  static func logarithm(_ value: Double) -> Double { log10(value) }

  static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

  /// A mantissa times a power of ten, rounded as the written number would be.
  static func decimal(_ mantissa: Double, exponent: Int) -> Double {
    exponent < 0
      ? mantissa / pow(10, Double(-exponent)) : mantissa * pow(10, Double(exponent))
  }

  /// The exponent of the leading digit, sure even right at a power of ten.
  static func exponent(_ value: Double) -> Int {
    let guess = Int(log10(value.magnitude).rounded(.down))
    if decimal(1, exponent: guess + 1) <= value.magnitude { return guess + 1 }
    return decimal(1, exponent: guess) > value.magnitude ? guess - 1 : guess
  }

  static func isPowerOfTwo(_ value: Double) -> Bool {
    value > 0 && value.significand == 1
  }

  /// A number with at most `places` decimals, without trailing zeros unless they are required.
  static func text(
    _ value: Double, places: Int, minus: String = "\u{2212}", isPadded: Bool = false
  ) -> String {
    var places = places
    while places > 0, value.magnitude * decimal(1, exponent: places) > 9e15 { places -= 1 }
    let scaled = (value.magnitude * decimal(1, exponent: places)).rounded()
    guard scaled > 0 || isPadded else { return "0" }
    guard scaled < 9e18 else { return "\(value)" }
    var digits = "\(Int(scaled))"
    if places > 0 {
      if digits.utf8.count <= places {
        digits = String(repeating: "0", count: places + 1 - digits.utf8.count) + digits
      }
      digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -places))
      while !isPadded, digits.hasSuffix("0") { digits.removeLast() }
      if digits.hasSuffix(".") { digits.removeLast() }
    }
    return value < 0 && scaled > 0 ? minus + digits : digits
  }

  /// A coordinate in the drawing, to a tenth.
  static func coordinate(_ value: Double) -> String {
    value.isFinite ? text(value, places: 1, minus: "-") : "0"
  }
}
