/// A list of facts about families, written as text: entries of `words: families`, of which an
/// indented line continues the one before.
///
/// The text is cut into entries and no further, because a command needs a few of thousands.
struct FamilyList {
  /// What stands before the colon, and the families behind it.
  struct Entry {
    fileprivate let head: Substring
    fileprivate let families: Substring

    /// Each word before the colon.
    var words: [Substring] { head.words }

    /// Each family of the entry.
    var modelTypes: [Substring] { families.words }

    /// Whether a word stands before the colon.
    func has(_ word: String) -> Bool { head.hasWord(word) }

    /// Whether a family is among them.
    func contains(_ modelType: String) -> Bool { families.hasWord(modelType) }
  }

  let entries: [Entry]

  init(_ texts: [String]) { entries = texts.flatMap { Self.entries(of: $0) } }

  private static func entries(of text: String) -> [Entry] {
    var text = text
    // Where each entry begins, has its colon, and ends: in front of a line without an indent.
    let cuts = text.withUTF8 { bytes in
      var cuts: [(start: Int, colon: Int, end: Int)] = []
      var (start, colon): (Int, Int?) = (0, nil)
      for (index, byte) in bytes.enumerated() {
        if byte == UInt8(ascii: ":") {
          colon = colon ?? index
        } else if byte == UInt8(ascii: "\n"), let end = colon,
          index + 1 < bytes.count, !bytes[index + 1].isBlank
        {
          cuts.append((start, end, index))
          (start, colon) = (index + 1, nil)
        }
      }
      if let colon { cuts.append((start, colon, bytes.count)) }
      return cuts
    }
    func place(_ offset: Int) -> String.Index {
      text.utf8.index(text.startIndex, offsetBy: offset)
    }
    return cuts.map { cut in
      Entry(
        head: text[place(cut.start)..<place(cut.colon)],
        families: text[place(cut.colon + 1)..<place(cut.end)])
    }
  }
}

extension StringProtocol where UTF8View.SubSequence == Substring.UTF8View {
  /// The pieces between blanks and ends of lines, of a text in ASCII.
  var words: [Substring] { utf8.split(whereSeparator: \.isBlank).map(Substring.init) }
}

extension Substring {
  /// Whether a word stands between blanks and ends of lines, of a text in ASCII.
  ///
  /// To look for a few words is cheaper than to make a set of all.
  func hasWord(_ word: String) -> Bool {
    var (text, word) = (self, word)
    return word.withUTF8 { word in
      text.withUTF8 { text in
        guard let first = word.first, !word.contains(where: \.isBlank) else { return false }
        var index = 0
        while index + word.count <= text.count {
          let end = index + word.count
          if text[index] == first, end == text.count || text[end].isBlank,
            text[index..<end].elementsEqual(word)
          {
            return true
          }
          while index < text.count, !text[index].isBlank { index += 1 }
          while index < text.count, text[index].isBlank { index += 1 }
        }
        return false
      }
    }
  }
}

extension UInt8 {
  /// Whether a byte is a blank or the end of a line.
  fileprivate var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\n") }
}
