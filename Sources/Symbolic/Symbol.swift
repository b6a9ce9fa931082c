/// A named size in a formula, such as *d*, the width of a model; or a free letter.
///
/// Sizes and free letters never meet, even under one name: what is called *f* because somebody left
/// it free is not the size *f*.
package struct Symbol: Hashable, Sendable {
  /// The letter, with an optional subscript after an underscore: `d`, `d_h`, `L_moe`.
  package let name: String
  /// Whether every value is a whole number, so that rounding it changes nothing.
  package let isWhole: Bool

  /// Whether it is a letter that stands for a number that was left open, and no size.
  package let isFree: Bool

  /// A size.
  package init(_ name: String, isWhole: Bool = true) {
    self.name = name
    self.isWhole = isWhole
    isFree = false
  }

  /// A free letter.
  package init(letter name: String, isWhole: Bool = true) {
    self.name = name
    self.isWhole = isWhole
    isFree = true
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
    if left.name != right.name { return left.name < right.name }
    if left.isWhole != right.isWhole { return left.isWhole }
    return !left.isFree && right.isFree
  }
}
