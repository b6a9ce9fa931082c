/// A named size in a formula, such as *d*, the width of a model; or a free variable.
///
/// Sizes and free variables never meet, even under one name: a variable *f* of a command line is not
/// the size *f*.
package struct Symbol: Sendable {
  /// The name, with an optional subscript after an underscore: `d`, `d_h`, `L_moe`.
  package let name: String
  /// The first eight bytes of an ASCII name, the first one on top, and zero for any other name.
  ///
  /// Two that differ and are not zero stand in the order of their names, and one that ends in a zero
  /// is the whole name: products compare symbols more often than all else.
  private let head: UInt64
  /// Whether every value is a whole number, so that rounding it changes nothing.
  package let isWhole: Bool

  /// Whether it is a free variable, which stands for a number that was left open, and no size.
  package let isFree: Bool

  /// A size.
  package init(_ name: String, isWhole: Bool = true) {
    self.init(name, isWhole: isWhole, isFree: false)
  }

  /// A free variable.
  package init(variable name: String, isWhole: Bool = true) {
    self.init(name, isWhole: isWhole, isFree: true)
  }

  private init(_ name: String, isWhole: Bool, isFree: Bool) {
    self.name = name
    self.isWhole = isWhole
    self.isFree = isFree
    var head: UInt64 = 0
    var isPlain = true
    for (index, byte) in name.utf8.enumerated() {
      isPlain = isPlain && byte > 0 && byte < 128
      if index < 8 { head |= UInt64(byte) << (56 - 8 * UInt64(index)) }
    }
    self.head = isPlain ? head : 0
  }

  private var isHeadAlone: Bool { head != 0 && head & 0xFF == 0 }

  /// Whether a text can name a symbol: a letter, then letters, digits and underscores.
  package static func isName(_ text: some StringProtocol) -> Bool {
    guard let first = text.unicodeScalars.first, first.properties.isAlphabetic else { return false }
    return text.unicodeScalars.allSatisfy {
      $0.properties.isAlphabetic || $0 == "_" || ("0"..."9").contains($0)
    }
  }
}

extension Symbol: Hashable {
  package static func == (left: Symbol, right: Symbol) -> Bool {
    left.head == right.head && left.isWhole == right.isWhole && left.isFree == right.isFree
      && (left.isHeadAlone || left.name == right.name)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(head)
    if !isHeadAlone { hasher.combine(name) }
  }
}

extension Symbol: Comparable {
  package static func < (left: Symbol, right: Symbol) -> Bool {
    if left.head != right.head, left.head != 0, right.head != 0 { return left.head < right.head }
    if left.name != right.name { return left.name < right.name }
    if left.isWhole != right.isWhole { return left.isWhole }
    return !left.isFree && right.isFree
  }
}
