import Sweeping
import Symbolic
import TestSupport
import Testing

/// The best of some rows, by comparing every row with every other.
@Suite struct SelectionTests {
  static func rows(_ seed: Int, columns: Int, range: Int128) -> [SweepRow] {
    var generator = SeededGenerator(seed: UInt64(seed))
    return (0..<200).map { point in
      SweepRow(
        point: Int128(point), solved: nil,
        values: (0..<columns).map { _ in
          Rational(Int128.random(in: 0..<range, using: &generator))
        })
    }
  }

  @Test("A row gives back what it was given, in few bytes or in many")
  func values() {
    let half = Rational(reduced: 1, over: 2)
    for values: [Rational?] in [
      [.one, half, nil, Rational(reduced: -7, over: 3)], [Rational(1 << 70), nil, half], [],
      [Rational(reduced: 1, over: 1 << 80)],
    ] {
      for solved: Rational? in [nil, .one, Rational(1 << 90)] {
        let row = SweepRow(point: 3, solved: solved, values: values)
        #expect(Array(row.values) == values)
        #expect(row.solved == solved)
      }
    }
  }

  static func isAsGood(_ one: SweepRow, _ other: SweepRow, _ goals: [Selection.Goal]) -> Bool {
    goals.allSatisfy { goal in
      guard let a = one.values[goal.column], let b = other.values[goal.column] else { return false }
      return goal.isMost ? a >= b : a <= b
    }
  }

  @Test("A frontier is what nothing beats; of equals the first", arguments: 0..<30)
  func frontier(_ seed: Int) {
    for columns in 2...4 {
      let rows = Self.rows(seed, columns: columns, range: seed.isMultiple(of: 2) ? 9 : 1000)
      let goals = (0..<columns).map {
        Selection.Goal(column: $0, isMost: (seed + $0).isMultiple(of: 3))
      }
      let expected = rows.filter { row in
        !rows.contains { other in
          guard other.point != row.point, Self.isAsGood(other, row, goals) else { return false }
          return !Self.isAsGood(row, other, goals) || other.point < row.point
        }
      }
      #expect(Selection.frontier(goals).best(of: rows) == expected, "seed \(seed)")
      // Chosen piece by piece it is the same.
      let pieces = stride(from: 0, to: rows.count, by: 37).map {
        Array(rows[$0..<min($0 + 37, rows.count)])
      }
      let chosen = pieces.reduce([]) { Selection.frontier(goals).best(of: $0 + $1) }
      #expect(chosen == expected, "seed \(seed)")
    }
  }

  @Test("The first in an order, equal ones as they come", arguments: 0..<10)
  func top(_ seed: Int) {
    let rows = Self.rows(seed, columns: 1, range: 20)
    let goal = Selection.Goal(column: 0, isMost: seed.isMultiple(of: 2))
    let best = Selection.top(15, goal).best(of: rows)
    #expect(best.count == 15)
    for (one, next) in zip(best, best.dropFirst()) {
      #expect(Self.isAsGood(one, next, [goal]))
      if one.values == next.values { #expect(one.point < next.point) }
    }
    let last = best[14]
    for row in rows where !best.contains(row) {
      #expect(Self.isAsGood(last, row, [goal]))
    }
  }
}
