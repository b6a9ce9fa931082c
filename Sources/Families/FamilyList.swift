/// A list of facts about families, written as text: entries of `words: families`, of which an
/// indented line continues the one before.
///
/// The text is cut into pieces and no further, because a command asks for a few entries of
/// thousands.
struct FamilyList {
  /// What stands before the colon, and the families behind it.
  struct Entry {
    let words: [Substring]
    fileprivate let families: Substring

    /// Each family of the entry.
    var modelTypes: [Substring] { families.words }

    /// Whether a family is among them.
    func contains(_ modelType: String) -> Bool {
      families.utf8.split(whereSeparator: \.isBlank).contains { $0.elementsEqual(modelType.utf8) }
    }
  }

  let entries: [Entry]

  init(_ texts: [String]) {
    entries = texts.flatMap { text in
      var entries: [Entry] = []
      var rest = text[...]
      while let colon = rest.utf8.firstIndex(of: UInt8(ascii: ":")) {
        // Families of this entry end where a line begins without an indent.
        let behind = rest.utf8[rest.utf8.index(after: colon)...]
        var end = behind.endIndex
        for index in behind.indices where behind[index] == UInt8(ascii: "\n") {
          let next = behind.index(after: index)
          guard next < behind.endIndex, !behind[next].isBlank else { continue }
          end = index
          break
        }
        entries.append(
          Entry(words: rest[..<colon].words, families: Substring(behind[..<end])))
        rest = rest[end...]
      }
      return entries
    }
  }
}

extension StringProtocol where UTF8View.SubSequence == Substring.UTF8View {
  /// The pieces between blanks and ends of lines, of a text in ASCII.
  var words: [Substring] { utf8.split(whereSeparator: \.isBlank).map(Substring.init) }
}

extension UInt8 {
  /// Whether a byte is a blank or the end of a line.
  fileprivate var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\n") }
}
