import Testing

@testable import Reference

/// Which of some scores are the best.
@Suite struct ChoiceTests {
  @Test(
    "The highest come first, of equal ones the first, and none twice",
    arguments: [
      (2, [1, 3, 3, 2, 3], [1, 2]), (3, [5, 4, 6, 1], [2, 0, 1]), (2, [0, 0, 0], [0, 1]),
      (3, [-.infinity, 7, -.infinity, -.infinity], [1, 0, 2]), (0, [1], []),
    ] as [(Int, [Float], [Int])])
  func best(_ count: Int, _ scores: [Float], _ places: [Int]) {
    // The counters are those of the process; another test may be counting.
    var best: [Int] = []
    Meter().literally("") { best = Counted.best(count, of: scores) }
    #expect(best == places)
  }
}
