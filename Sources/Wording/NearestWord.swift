/// The nearest of some words by edit distance, if it is near enough to be a slip of the finger.
///
/// - Source: Levenshtein 1966, with one row of the table.
package func nearestWord(to word: String, among words: some Sequence<String>) -> String? {
  // Nobody slips while typing a word this long, and comparing it would take long.
  guard word.utf8.count <= 200 else { return nil }
  func distance(_ target: [Character]) -> Int {
    var row = Array(0...target.count)
    for (i, a) in word.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, b) in target.enumerated() {
        let next = min(row[j] + 1, row[j + 1] + 1, diagonal + (a == b ? 0 : 1))
        diagonal = row[j + 1]
        row[j + 1] = next
      }
    }
    return row[target.count]
  }
  return words.map { (distance: distance(Array($0)), word: $0) }
    .filter { $0.distance <= max(2, word.count / 3) }
    .min { ($0.distance, $0.word) < ($1.distance, $1.word) }?.word
}
