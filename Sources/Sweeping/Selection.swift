import Symbolic

/// Which of the rows stay, where only the best are requested.
package enum Selection: Hashable, Sendable {
  /// A column, and whether the most of it is best.
  package struct Goal: Hashable, Sendable {
    /// The column that is compared.
    package let column: Int
    /// Whether the greatest value is best.
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
  /// The `count` rows that are best in one goal, in its order; equal ones in the order of the grid.
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

  /// What turns most points away before anything else is computed of them.
  package func screen(_ best: [SweepRow]) -> Screen? {
    func values(_ row: SweepRow, _ goals: [Goal]) -> [Rational]? {
      let values = goals.compactMap { row.values[$0.column] }
      return values.count == goals.count ? values : nil
    }
    switch self {
    case .top(let count, let goal):
      guard best.count >= count, let last = best.last, let values = values(last, [goal]) else {
        return nil
      }
      return Screen(goals: [goal], marks: [values])
    case .frontier(let goals):
      var marks = best.compactMap { values($0, goals) }
      guard !marks.isEmpty else { return nil }
      if goals.count == 2 {
        marks.sort { goals[0].isBetter($0[0], $1[0]) }
      } else {
        // A few of the best, evenly spaced, beat nearly all there are.
        let step = max(1, marks.count / 32)
        marks = stride(from: 0, to: marks.count, by: step).map { marks[$0] }
      }
      return Screen(goals: goals, marks: marks)
    }
  }

  private func top(_ rows: [SweepRow], _ count: Int, _ goal: Goal) -> [SweepRow] {
    // The values of the goal side by side, so that sorting looks nowhere else and moves no rows.
    let keys = rows.map { $0.values[goal.column] }
    let order = keys.withUnsafeBufferPointer { keys in
      keys.indices.filter { keys[$0] != nil }.sorted { one, other in
        guard let a = keys[one], let b = keys[other], a != b else {
          return rows[one].point < rows[other].point
        }
        return goal.isBetter(a, b)
      }
    }
    return order.prefix(count).map { rows[$0] }
  }

  private func frontier(_ rows: [SweepRow], _ goals: [Goal]) -> [SweepRow] {
    let valued = rows.filter { row in goals.allSatisfy { row.values[$0.column] != nil } }
    // The values of the goals side by side, so that sorting looks nowhere else.
    let count = goals.count
    let keys = valued.flatMap { row in goals.map { row.values[$0.column] ?? .zero } }
    // Sorted by the goals in turn, a row can only be beaten by one before it.
    let order = keys.withUnsafeBufferPointer { keys in
      valued.indices.sorted { one, other in
        for goal in 0..<count {
          let (a, b) = (keys[one * count + goal], keys[other * count + goal])
          if a != b { return goals[goal].isBetter(a, b) }
        }
        return valued[one].point < valued[other].point
      }
    }
    func isAsGood(_ one: Int, as other: Int) -> Bool {
      (0..<count).allSatisfy {
        goals[$0].isAsGood(keys[one * count + $0], keys[other * count + $0])
      }
    }
    var best: [Int] = []
    // Of three goals the first is settled by the order; of those kept, the ones that matter for the
    // other two stand in the order of the second, in which the third gets better from step to step.
    var steps: [Int] = []
    func isStepBeaten(_ row: Int) -> Bool {
      func isAsGoodIn(_ goal: Int, _ one: Int, _ other: Int) -> Bool {
        goals[goal].isAsGood(keys[one * count + goal], keys[other * count + goal])
      }
      var (low, high) = (0, steps.count)
      while low < high {
        let middle = (low + high) / 2
        if isAsGoodIn(1, steps[middle], row) { low = middle + 1 } else { high = middle }
      }
      if low > 0, isAsGoodIn(2, steps[low - 1], row) { return true }
      var end = low
      while end < steps.count, isAsGoodIn(2, row, steps[end]) { end += 1 }
      steps.replaceSubrange(low..<end, with: [row])
      return false
    }
    for row in order {
      // With two goals the last row kept is the only one that can beat the next.
      let isBeaten =
        switch count {
        case ...2: best.last.map { isAsGood($0, as: row) } ?? false
        case 3: isStepBeaten(row)
        default: best.contains { isAsGood($0, as: row) }
        }
      if !isBeaten { best.append(row) }
    }
    return best.sorted().map { valued[$0] }.sorted { $0.point < $1.point }
  }
}

/// Values that are known to be reached: whoever is as good in none of the goals need not come.
package struct Screen: Sendable {
  let goals: [Selection.Goal]
  let marks: [[Rational]]

  /// Whether some mark is at least as good in every goal, so that the point cannot be chosen.
  ///
  /// Points come in the order of the grid, so an equal one comes too late as well.
  func turnsAway(_ value: (Int) -> Rational?) -> Bool {
    var own: [Rational] = []
    for goal in goals {
      guard let value = value(goal.column) else { return true }
      own.append(value)
    }
    guard goals.count == 2 else {
      return marks.contains { mark in
        goals.indices.allSatisfy { goals[$0].isAsGood(mark[$0], own[$0]) }
      }
    }
    // From mark to mark the first goal gets worse and the second better, so that of those that are
    // as good in the first only the last can be as good in the second.
    var (low, high) = (0, marks.count)
    while low < high {
      let middle = (low + high) / 2
      if goals[0].isAsGood(marks[middle][0], own[0]) { low = middle + 1 } else { high = middle }
    }
    return low > 0 && goals[1].isAsGood(marks[low - 1][1], own[1])
  }
}

extension Selection.Goal {
  fileprivate func isBetter(_ one: Rational, _ other: Rational) -> Bool {
    isMost ? one > other : one < other
  }

  fileprivate func isAsGood(_ one: Rational, _ other: Rational) -> Bool {
    !isBetter(other, one)
  }
}
