import Architecture
import Kernels

extension Executor {
  /// Makes weights of the scores of each row for some recursions, `[rows, N]`, and assigns the row to
  /// the number of recursions at whose place the greatest stands.
  func assign(_ scores: Matrix, _ assignment: RecursionAssignment, _ name: String) {
    assigned = Array(repeating: 0, count: scores.rows)
    meter.literally(name, rows: 0..<scores.rows) { row in
      let numbers = scores.row(row)
      switch assignment.gate {
      case .softmax: Counted.softmax(numbers, scores.columns)
      case .sigmoid:
        for place in 0..<scores.columns { numbers[place] = Counted(numbers[place]).logistic.value }
      }
      let own = Array(UnsafeBufferPointer(start: numbers, count: scores.columns))
      assigned[row] = (Counted.best(1, of: own).first ?? 0) + 1
    }
  }

  /// The rows of a flow that are assigned to at least a number of recursions, by sequence.
  func assigned(
    atLeast count: Int, _ flow: Flow, _ name: String
  ) -> [(rows: [Int], scores: [Float])] {
    let entering = flow.sequences.indices.map { index in
      let rows = flow.rows(of: index).filter { assigned[flow.origins?[$0] ?? $0] >= count }
      return (rows, [Float](repeating: 1, count: rows.count))
    }
    note(RoutingChoice(name, .tokens(entering.map { $0.0.map { flow.positions[$0] }.sorted() })))
    return entering
  }

  /// Of a value with a row for every token of the pass the rows of a flow.
  func rows(of register: Register, _ flow: Flow) -> Register {
    guard let origins = flow.origins, case .numbers(let all) = register else { return register }
    let own = scratch.matrix(origins.count, all.columns)
    for (place, row) in origins.enumerated() {
      own.row(place).update(from: all.row(row), count: all.columns)
    }
    return .numbers(own)
  }
}
