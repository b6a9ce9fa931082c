/// Numbers as short as an axis needs them.
enum NumberLabel {
  private static let scales: [(Double, String)] = [
    (1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"), (1, ""),
  ]
  private static let byteUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]

  /// A number by itself: `1.5T`, `512 MiB`, `0.125`; whole ones below a limit stay whole.
  static func short(
    _ value: Double, unit: String = "", digits: Int = 3, wholeBelow: Double = 10_000
  ) -> String {
    let magnitude = value.magnitude
    guard magnitude > 0 else { return unit == "bytes" ? "0 B" : "0" }
    if unit == "bytes" { return bytes(value, digits: digits) }
    guard magnitude < 1e21, magnitude >= 1e-4 else { return scientific(value, digits: digits) }
    for (scale, suffix) in scales.dropLast() {
      let rounding = scale * 0.5 * Numbers.decimal(1, exponent: -digits)
      guard magnitude >= max(scale - rounding, wholeBelow) else { continue }
      return significant(value / scale, digits: digits) + suffix
    }
    return significant(value, digits: digits)
  }

  /// The labels of evenly spaced ticks: all in one unit, with the decimals the step needs.
  static func evenly(_ values: [Double], step: Double, unit: String) -> [String] {
    let most = values.map(\.magnitude).max() ?? 0
    guard most > 0, step > 0 else { return values.map { short($0, unit: unit) } }
    let digits = min(12, max(3, Numbers.exponent(most) - Numbers.exponent(step) + 2))
    if unit == "bytes" { return values.map { $0 == 0 ? "0" : bytes($0, digits: digits) } }
    guard most < 1e21, most >= 1e-3 else {
      return values.map { $0 == 0 ? "0" : scientific($0, digits: digits) }
    }
    for (scale, suffix) in scales where most >= scale && (scale == 1 || most >= 10_000) {
      let places = decimals(step / scale)
      guard places <= (most < 10 * scale ? 3 : 2) || scale == 1 else { continue }
      return values.map { value in
        let text = Numbers.text(value / scale, places: places)
        return text == "0" ? text : text + suffix
      }
    }
    return values.map { short($0, digits: digits) }
  }

  /// The labels of values that are read one beside another: with equally many decimals, if the
  /// smallest still shows three digits or nearly so.
  static func alike(_ values: [Double], unit: String) -> [String] {
    let sizes = values.map(\.magnitude).filter { $0 > 0 }
    guard unit != "bytes", let least = sizes.min(), let most = sizes.max(), most < 10_000,
      least >= 0.001, most / least < 100, values.contains(where: { $0 != $0.rounded() })
    else { return values.map { short($0, unit: unit) } }
    let places = max(0, 2 - Numbers.exponent(most))
    return values.map { Numbers.text($0, places: places, isPadded: true) }
  }

  /// The label of a power of two, which is easiest to know in full.
  static func powerOfTwo(_ value: Double, unit: String) -> String {
    guard unit != "bytes" else { return bytes(value, digits: 4) }
    guard value < 100_000, value >= 1.0 / 1024 else { return short(value) }
    return Numbers.text(value, places: 10)
  }

  private static func bytes(_ value: Double, digits: Int) -> String {
    var (scaled, unit) = (value, 0)
    while unit + 1 < byteUnits.count, scaled.magnitude >= 1023.5 {
      scaled /= 1024
      unit += 1
    }
    guard scaled.magnitude < 1e6 else { return scientific(value, digits: digits) + " B" }
    return significant(scaled, digits: digits) + " " + byteUnits[unit]
  }

  private static func significant(_ value: Double, digits: Int) -> String {
    guard value != 0 else { return "0" }
    return Numbers.text(value, places: max(0, digits - 1 - Numbers.exponent(value)))
  }

  /// A number as a mantissa and a power of ten: `2.5e30`.
  static func scientific(_ value: Double, digits: Int) -> String {
    guard value != 0 else { return "0" }
    var exponent = Numbers.exponent(value)
    var mantissa = Numbers.text(Numbers.decimal(value, exponent: -exponent), places: digits - 1)
    if mantissa == "10" || mantissa == "\u{2212}10" {
      mantissa.removeLast()
      exponent += 1
    }
    return mantissa + "e" + (exponent < 0 ? "\u{2212}" : "") + "\(exponent.magnitude)"
  }

  /// How many decimals write the number exactly, as far as it matters.
  private static func decimals(_ value: Double) -> Int {
    for places in 0..<12 {
      let scaled = value * Numbers.decimal(1, exponent: places)
      if scaled >= 0.5, (scaled - scaled.rounded()).magnitude < 1e-6 * scaled { return places }
    }
    return 12
  }
}
