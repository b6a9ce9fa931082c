/// Powers of shares, as of the probability that none of many choices falls on one thing.
extension Rational {
  /// A share from zero to one, to a whole power that is not negative.
  ///
  /// The exact value while its denominator fits in 64 bits, so that there is room for what it is
  /// multiplied with; else the nearest multiple of `grain`, which is proved to be off by less than
  /// `grain` because both bounds of the power are computed.
  ///
  /// - Throws: `ArithmeticError.overflow` for a base that is no share or a power below zero, and
  ///   where the bounds are too far apart, which takes an exponent beyond 2³⁰ and a base as near to
  ///   one.
  package func share(toThe exponent: Int128) throws(ArithmeticError) -> Rational {
    guard self >= .zero, self <= .one, exponent >= 0 else { throw .overflow }
    if let exact = exactPower(exponent), exact.denominator <= 1 << 64 { return exact }
    let bounds = boundedPower(exponent.magnitude)
    guard bounds.most - bounds.least < Self.unit >> 34 else { throw .overflow }
    let middle = bounds.least + (bounds.most - bounds.least) / 2
    let shift = Self.unit >> 32
    return try Rational(Int128((middle + shift / 2) / shift), over: Self.grains)
  }

  /// The step of powers that do not fit: 2⁻³².
  package static let grain = Rational(unit: grains)
  private static let grains: Int128 = 1 << 32

  private init(unit: Int128) { self = (try? Rational(1, over: unit)) ?? .zero }

  /// The power, or nil if it needs more than 128 bits.
  package func exactPower(_ exponent: Int128) -> Rational? {
    if exponent == 0 || self == .one { return .one }
    if self == .zero { return .zero }
    // Any other denominator doubles each time.
    guard exponent < 128 else { return nil }
    return try? power(Int(exponent))
  }

  /// One, as bounds are kept: in steps of 2⁻⁶³.
  private static let unit: UInt128 = 1 << 63

  /// Bounds of the power of a share below one, in steps of 2⁻⁶³.
  private func boundedPower(_ exponent: UInt128) -> (least: UInt128, most: UInt128) {
    // Numerator and denominator with no more than 63 bits, the quotient below and above.
    let excess = max(0, 65 - denominator.magnitude.leadingZeroBitCount)
    let (above, below) = (numerator.magnitude >> excess, denominator.magnitude >> excess)
    let isCut = excess > 0
    var least = above * Self.unit / (isCut ? below + 1 : below)
    var most = min(Self.unit, ((isCut ? above + 1 : above) * Self.unit + below - 1) / below)
    var result = (least: Self.unit, most: Self.unit)
    var rest = exponent
    while rest > 0 {
      if rest & 1 == 1 {
        result.least = result.least * least / Self.unit
        result.most = (result.most * most + Self.unit - 1) / Self.unit
      }
      least = least * least / Self.unit
      most = (most * most + Self.unit - 1) / Self.unit
      rest >>= 1
    }
    return result
  }
}
