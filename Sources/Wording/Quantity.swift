/// Numbers as people read them; every digit comes from integer arithmetic.
package enum Quantity {
  /// A count in powers of 1000 with two decimals, rounded half up: `13.02B`.
  package static func short(_ count: Int128) -> String {
    let units: [(Int128, String)] = [
      (1_000_000_000_000, "T"), (1_000_000_000, "B"), (1_000_000, "M"), (1000, "K"),
    ]
    // Beyond a thousand millions of millions nobody knows the letters.
    guard count.magnitude < 999_995_000_000_000 else { return scientific(count) }
    // From 999,995 on a thousand of one unit is one of the next.
    for (scale, unit) in units where count.magnitude >= scale.magnitude - scale.magnitude / 200_000
    {
      return decimal(count, over: scale, places: 2) + unit
    }
    return "\(count)"
  }

  /// A fraction in the same units, and with up to four decimals where it is below 1000.
  package static func short(_ numerator: Int128, over denominator: Int128) -> String {
    let whole = numerator / denominator
    if whole.magnitude < 1000 {
      return decimal(numerator, over: denominator, places: 4, trimmed: true)
    }
    // From a thousand on, two decimals of the unit show nothing of what is below one.
    return short(whole)
  }

  /// A fraction with every digit; nil where the digits do not end.
  package static func exact(_ numerator: Int128, over denominator: Int128) -> String? {
    var (rest, places) = (denominator, 0)
    while rest.isMultiple(of: 10) { (rest, places) = (rest / 10, places + 1) }
    while rest.isMultiple(of: 5) { (rest, places) = (rest / 5, places + 1) }
    while rest.isMultiple(of: 2) { (rest, places) = (rest / 2, places + 1) }
    guard rest == 1, places <= 37 else { return nil }
    return decimal(numerator, over: denominator, places: places, trimmed: true)
  }

  /// Bytes in binary units with two decimals, spelt as such: `12.55 GiB`.
  package static func bytes(_ count: Int128) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    guard count.magnitude >= 1024 else { return "\(count) B" }
    var scale: Int128 = 1024
    var unit = 0
    while unit + 1 < units.count, count.magnitude / scale.magnitude >= 1024 {
      scale *= 1024
      unit += 1
    }
    return "\(decimal(count, over: scale, places: 2)) \(units[unit])"
  }

  private static func scientific(_ count: Int128) -> String {
    var scale: Int128 = 1
    var exponent = 0
    // From 9.995 on it is ten, which is one of the next power.
    while count.magnitude / scale.magnitude >= 10
      || (count.magnitude / scale.magnitude == 9
        && count.magnitude - 9 * scale.magnitude >= scale.magnitude - scale.magnitude / 200)
    {
      scale *= 10
      exponent += 1
    }
    return decimal(count, over: scale, places: 2) + "e\(exponent)"
  }

  /// A fraction with a fixed number of decimals, rounded half up.
  package static func decimal(
    _ numerator: Int128, over denominator: Int128, places: Int, trimmed: Bool = false
  ) -> String {
    var (whole, rest) = numerator.magnitude.quotientAndRemainder(dividingBy: denominator.magnitude)
    var digits: [UInt128] = []
    for _ in 0..<places {
      // The remainder is below the denominator, so ten times it fits unless that is enormous.
      let (next, overflow) = rest.multipliedReportingOverflow(by: 10)
      guard !overflow else { break }
      digits.append(next / denominator.magnitude)
      rest = next % denominator.magnitude
    }
    if rest >= denominator.magnitude - rest {
      var place = digits.count - 1
      while place >= 0 && digits[place] == 9 {
        digits[place] = 0
        place -= 1
      }
      if place >= 0 { digits[place] += 1 } else { whole += 1 }
    }
    if trimmed { while digits.last == 0 { digits.removeLast() } }
    let sign = (numerator < 0) != (denominator < 0) && (whole != 0 || !digits.isEmpty) ? "-" : ""
    let fraction = digits.isEmpty ? "" : "." + digits.map { "\($0)" }.joined()
    return "\(sign)\(whole)\(fraction)"
  }
}
