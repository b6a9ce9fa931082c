import Architecture
import Kernels

extension Executor {
  /// The rows of the tokens that have not left, by sequence.
  func remaining(_ flow: Flow) -> [(rows: [Int], scores: [Float])] {
    flow.sequences.indices.map { index in
      let rows = flow.rows(of: index).filter { left[flow.origins?[$0] ?? $0] == nil }
      return (rows, [Float](repeating: 1, count: rows.count))
    }
  }

  /// Which rows of scores leave: those whose two greatest of the softmax differ by enough.
  func confide(_ scores: Matrix, _ threshold: Constant, _ name: String) throws {
    let bound = try float(threshold)
    leaving = []
    scratch.scoped {
      let shares = scratch.copy(scores)
      meter.literally(name, rows: 0..<shares.rows) { row in
        Counted.softmax(shares.row(row), shares.columns)
        let own = Array(UnsafeBufferPointer(start: shares.row(row), count: shares.columns))
        let best = Counted.best(2, of: own)
        let difference = Counted(own[best[0]]) - Counted(own[best[1]])
        if difference > Counted(bound) { leaving.append(row) }
      }
    }
  }
}

extension Model {
  /// Lets tokens leave behind a layer, with the scores that the head gives of them there.
  ///
  /// While sampling each sequence has one token; nobody leaves a prompt.
  func leave(behind layer: Int, _ x: Matrix, _ flow: Flow, on executor: Executor) throws {
    guard flow.pass.isSampling, let number = exits?.layers.firstIndex(of: layer),
      let program = executor.earlyExit
    else { return }
    guard flow.tokens == 1 else {
      throw ExecutionError.notExecuted(
        modelType: modelType, what: "several tokens at once, each of which may leave early")
    }
    let rows = flow.sequences.indices.filter { executor.left[$0] == nil }
    let alias = executor.weights.alias
    executor.weights.alias = nil
    defer { executor.weights.alias = alias }
    let scores = try executor.scores(program, x, rows, flow, exit: number)
    for row in executor.leaving {
      let own = executor.lasting(scores.rows(row..<row + 1))
      executor.left[rows[row]] = own
    }
  }

  /// The scores of every sequence: of those that have left, from where they left.
  func scoresOfAll(_ x: Matrix, _ flow: Flow, on executor: Executor) throws -> Matrix {
    let count = exits?.layers.count ?? 0
    let rows = flow.sequences.indices.filter { executor.left[$0] == nil }
    let own = try executor.scores(executor.exit, x, rows, flow, exit: count)
    let columns = own.rows > 0 ? own.columns : executor.left.values.first?.width ?? 0
    let all = executor.scratch.matrix(flow.sequences.count, columns)
    for (place, row) in rows.enumerated() {
      all.row(row).update(from: own.row(place), count: columns)
    }
    for (row, scores) in executor.left {
      all.row(row).update(from: scores.matrix.row(0), count: columns)
    }
    return all
  }
}

extension Executor {
  /// The scores of some sequences of one token each.
  fileprivate func scores(
    _ program: Program, _ x: Matrix, _ rows: [Int], _ flow: Flow, exit number: Int
  ) throws -> Matrix {
    meter.decided("exits.\(number)", entered: rows.count, past: 0, positions: [])
    note(RoutingChoice("exits.\(number)", .tokens(rows.map { [flow.positions[$0]] })))
    let inner = Flow(
      sequences: rows.map { flow.sequences[$0] }, lengths: rows.map { _ in 1 },
      positions: rows.map { flow.positions[$0] }, identifiers: rows.map { flow.identifiers[$0] },
      pass: flow.pass)
    let stream = scratch.matrix(rows.count, x.columns)
    for (place, row) in rows.enumerated() {
      stream.row(place).update(from: x.row(row), count: x.columns)
    }
    return try run(program, stream, inner, LayerState(), at: "")
  }

  /// A copy in memory of its own.
  fileprivate func lasting(_ matrix: Matrix) -> RowBuffer {
    let buffer = RowBuffer(width: matrix.columns)
    buffer.append(matrix)
    return buffer
  }
}
