import Symbolic

/// Which of the rows stay, where only the best are asked for.
package enum Selection: Hashable, Sendable {
  /// A column, and whether the most of it is best.
  package struct Goal: Hashable, Sendable {
    package let column: Int
    package let isMost: Bool

    package init(column: Int, isMost: Bool) {
      self.column = column
      self.isMost = isMost
    }
  }

  /// Rows that no other row is at least as good as in every goal, and better in one.
  ///
  /// Of rows that are equal in every goal, the first in the order of the grid stands for all.
  case frontier([Goal])
  /// So many rows that are best in one goal, in its order; equal ones in the order of the grid.
  case top(Int, Goal)

  /// The best of these rows.
  ///
  /// Rows without a value in a goal are never among the best.
  package func best(of rows: [SweepRow]) -> [SweepRow] {
    switch self {
    case .frontier(let goals): frontier(rows, goals)
    case .top(let count, let goal): top(rows, count, goal)
    }
  }

  private func top(_ rows: [SweepRow], _ count: Int, _ goal: Goal) -> [SweepRow] {
    let valued = rows.filter { $0.values[goal.column] != nil }
    return Array(
      valued.sorted { one, other in
        guard let a = one.values[goal.column], let b = other.values[goal.column], a != b else {
          return one.point < other.point
        }
        return goal.isMost ? a > b : a < b
      }.prefix(count))
  }

  private func frontier(_ rows: [SweepRow], _ goals: [Goal]) -> [SweepRow] {
    // Sorted by the goals in turn, a row can only be beaten by one before it.
    func precedes(_ one: SweepRow, _ other: SweepRow) -> Bool {
      for goal in goals {
        guard let a = one.values[goal.column], let b = other.values[goal.column], a != b else {
          continue
        }
        return goal.isMost ? a > b : a < b
      }
      return one.point < other.point
    }
    func isAsGood(_ one: SweepRow, as other: SweepRow) -> Bool {
      goals.allSatisfy { goal in
        guard let a = one.values[goal.column], let b = other.values[goal.column] else {
          return false
        }
        return goal.isMost ? a >= b : a <= b
      }
    }
    let valued = rows.filter { row in goals.allSatisfy { row.values[$0.column] != nil } }
    var best: [SweepRow] = []
    for row in valued.sorted(by: precedes) {
      // With two goals the last row kept is the only one that can beat the next.
      let isBeaten =
        goals.count <= 2
        ? best.last.map { isAsGood($0, as: row) } ?? false
        : best.contains { isAsGood($0, as: row) }
      if !isBeaten { best.append(row) }
    }
    return best.sorted { $0.point < $1.point }
  }
}
