/// A named size in a formula, such as *d*, the width of a model.
package struct Symbol: Hashable, Sendable {
  /// The letter, with an optional subscript after an underscore: `d`, `d_h`, `L_moe`.
  package let name: String
  /// Whether every value is a whole number, so that rounding it changes nothing.
  package let isWhole: Bool

  package init(_ name: String, isWhole: Bool = true) {
    self.name = name
    self.isWhole = isWhole
  }

  /// Whether a text can name a symbol: a letter, then letters, digits and underscores.
  package static func isName(_ text: some StringProtocol) -> Bool {
    guard let first = text.unicodeScalars.first, first.properties.isAlphabetic else { return false }
    return text.unicodeScalars.allSatisfy {
      $0.properties.isAlphabetic || $0 == "_" || ("0"..."9").contains($0)
    }
  }
}

extension Symbol: Comparable {
  package static func < (left: Symbol, right: Symbol) -> Bool {
    left.name == right.name ? left.isWhole && !right.isWhole : left.name < right.name
  }
}
