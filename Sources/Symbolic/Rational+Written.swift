/// Numbers as people write them on a command line: `2048`, `4k`, `1.5e9`, `7B`, `16GiB`.
extension Rational {
  /// What a letter behind a number multiplies it by: powers of a thousand, and with an *i* of 1024.
  package static let units: [String: Int128] = {
    var units: [String: Int128] = ["k": 1000, "G": 1_000_000_000]
    for (index, letter) in "KMBT".enumerated() {
      let thousands = (0...index).reduce(1 as Int128) { product, _ in product * 1000 }
      units[String(letter)] = thousands
    }
    for (index, letter) in "KMGT".enumerated() {
      let binary: Int128 = 1 << (10 * (index + 1))
      let decimal = (0...index).reduce(1 as Int128) { product, _ in product * 1000 }
      (units["\(letter)i"], units["\(letter)iB"]) = (binary, binary)
      units["\(letter)B"] = decimal
    }
    return units
  }()

  /// Reads a decimal with or without a unit, which is one of bytes only where bytes are meant.
  ///
  /// - Returns: nil for anything else, or what needs more than 128 bits.
  package init?(written text: some StringProtocol, inBytes: Bool = false) {
    guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
    let unit = String(text.reversed().prefix { $0.isLetter }.reversed())
    let isOfBytes = unit.count > 1 && unit.hasSuffix("B")
    guard !unit.isEmpty, unit != text, inBytes || !isOfBytes, let scale = Self.units[unit] else {
      guard let value = Rational(decimal: text) else { return nil }
      self = value
      return
    }
    guard let number = Rational(decimal: text.dropLast(unit.count)),
      let scaled = try? number.multiplied(by: Rational(scale))
    else { return nil }
    self = scaled
  }
}
