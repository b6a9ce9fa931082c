/// Softmax and choice over few elements: the scores of experts, or of tokens.
///
/// They have only a literal form, which serves both kinds of evidence.
extension Counted {
  /// The softmax of `count` elements in place: greatest, difference, exponential, sum, quotient.
  ///
  /// - Returns: The greatest, and the sum by which was divided.
  @discardableResult
  static func softmax(
    _ numbers: UnsafeMutablePointer<Float>, _ count: Int
  ) -> (greatest: Counted, sum: Counted) {
    var greatest = Counted(-.infinity)
    for index in 0..<count where Counted(numbers[index]) > greatest {
      greatest = Counted(numbers[index])
    }
    var sum = Counted.zero
    for index in 0..<count {
      let term = (Counted(numbers[index]) - greatest).exponential
      numbers[index] = term.value
      sum = sum + term
    }
    for index in 0..<count { numbers[index] = (Counted(numbers[index]) / sum).value }
    return (greatest, sum)
  }

  /// The places of the k highest scores, the highest first; of equal ones the first is chosen.
  ///
  /// Each is found by one look at every score.
  static func best(_ count: Int, of scores: [Float]) -> [Int] {
    var choice = BestFirst(scores)
    for _ in 0..<count { choice.takeNext() }
    return choice.chosen
  }
}

/// Scores of which the highest that is left is taken, one after the other.
private struct BestFirst {
  private var left: [Float]
  private(set) var chosen: [Int] = []

  init(_ scores: [Float]) { left = scores }

  mutating func takeNext() {
    var (place, greatest) = (-1, Counted(-.infinity))
    for index in left.indices where Counted(left[index]) > greatest {
      (place, greatest) = (index, Counted(left[index]))
    }
    // Fewer than `count` can be told apart from minus infinity: take the first that is left.
    if place < 0 { place = left.indices.first { !chosen.contains($0) } ?? 0 }
    chosen.append(place)
    left[place] = -.infinity
  }
}

extension Executor {
  /// The places of the k highest scores, in order, counted under a path.
  func best(_ count: Int, of scores: [Float], _ path: String) -> [Int] {
    var choice = BestFirst(scores)
    meter.literally(path, rows: 0..<count) { _ in choice.takeNext() }
    return choice.chosen.sorted()
  }
}
