/// The word that another is a slip of the finger for, if there is exactly one.
///
/// Words are alike if they differ in a letter, or long ones in two, or in what stands between their
/// parts. Words with other digits are not: `qwen3_vl` and `qwen3_5`, or `llama2-7b` and `llama2-13b`, look alike and are different
/// things. Two words that are equally near are none.
///
/// - Source: Damerau 1964 and Levenshtein 1966: letters inserted, left out, replaced, or swapped with
///   their neighbours.
package func nearestWord(to word: String, among words: some Sequence<String>) -> String? {
  // Nobody slips while typing a word this long, and comparing it would take long.
  guard word.utf8.count <= 200 else { return nil }
  let typed = Spelling(word)
  var nearest: (distance: Int, words: Set<String>) = (.max, [])
  // Most words are much longer or shorter, and need not be taken apart.
  let length = plainLength(word)
  for candidate in words
  where candidate != word && abs(plainLength(candidate) - length) <= Spelling.mostSlips {
    guard let distance = typed.distance(to: Spelling(candidate)) else { continue }
    if distance < nearest.distance { nearest = (distance, []) }
    if distance == nearest.distance { nearest.words.insert(candidate) }
  }
  return nearest.words.count == 1 ? nearest.words.first : nil
}

/// How many letters and digits a word has, without what stands between its parts.
private func plainLength(_ word: String) -> Int {
  word.utf8.reduce(0) { count, byte in
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"), 0xC0...:
      count + 1
    default: count
    }
  }
}

/// A word taken apart.
private struct Spelling {
  /// The slips of a long word that is still alike.
  static let mostSlips = 2

  let parts: [[Character]]
  let letters: [Character]
  let digits: [Character]

  init(_ word: String) {
    let word = word.lowercased()
    parts = word.split { !$0.isLetter && !$0.isNumber }.map { Array($0) }
    letters = parts.flatMap { $0 }
    digits = word.filter(\.isNumber).map { $0 }
  }

  /// How many slips lie between two words; nil if they are not alike.
  func distance(to other: Spelling) -> Int? {
    guard digits == other.digits else { return nil }
    if letters == other.letters { return 0 }
    guard parts.count == other.parts.count else { return nil }
    var sum = 0
    for (one, another) in zip(parts, other.parts) where one != another {
      let slips = Self.slips(one, another)
      guard slips <= max(1, min(one.count, another.count) / 3) else { return nil }
      sum += slips
    }
    return sum <= (letters.count < 12 ? 1 : Self.mostSlips) ? sum : nil
  }

  private static func slips(_ word: [Character], _ target: [Character]) -> Int {
    guard abs(word.count - target.count) < 10 else { return .max / 2 }
    var before: [Int] = []
    var row = Array(0...target.count)
    for (i, letter) in word.enumerated() {
      var next = [i + 1]
      for (j, wanted) in target.enumerated() {
        var least = min(row[j + 1] + 1, next[j] + 1, row[j] + (letter == wanted ? 0 : 1))
        if i > 0, j > 0, letter == target[j - 1], word[i - 1] == wanted {
          least = min(least, before[j - 1] + 1)
        }
        next.append(least)
      }
      (before, row) = (row, next)
    }
    return row[target.count]
  }
}
