import Architecture
import Kernels

extension Executor {
  /// Of each row the row before it in its sequence, and zeros before the first token.
  func previous(_ x: Matrix, _ flow: Flow, _ state: LayerState, _ name: String) -> Matrix {
    let y = scratch.matrix(x.rows, x.columns)
    for (index, sequence) in flow.sequences.enumerated() {
      state.carrying(name, sequence, 1, x.columns) { last in
        for row in flow.rows(of: index) {
          y.row(row).update(from: last.row(0), count: x.columns)
          last.row(0).update(from: x.row(row), count: x.columns)
        }
      }
    }
    return y
  }

  /// `x ← μ·x + (1 − μ)·y` for each row.
  func interpolate(
    _ x: Matrix, _ y: Matrix, _ weight: Weight, at path: String, _ name: String
  ) throws {
    let own = try vector(weight, at: path, center: 0.5)
    let others = scratch.numbers(x.columns)
    meter.literally(name) {
      for column in 0..<x.columns {
        others[column] = (Counted(1) - Counted(own[column])).value
      }
    }
    var each = OperationTally()
    each.multiply = 2
    each.add = 1
    elementwise(x, name, each: each) { row, column in
      let kept = Counted(x[row, column]) * Counted(own[column])
      x[row, column] = (kept + Counted(y[row, column]) * Counted(others[column])).value
    } fast: { row in
      let (numbers, before) = (x.row(row), y.row(row))
      for column in 0..<x.columns {
        numbers[column] = numbers[column] * own[column] + before[column] * others[column]
      }
      return x.columns
    }
  }
}
