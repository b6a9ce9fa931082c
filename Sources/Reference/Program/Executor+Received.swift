import Architecture
import Kernels

/// What the keys of each token of the pass have received of attention, added up.
struct ReceivedWeights {
  /// One sum for each row.
  var sums: [Float] = []
  /// The new tokens of the sequence of each row, each of which is a query.
  var queries: [Int] = []
}

extension Executor {
  /// The mean over heads and queries: `[rows, 1]`.
  func meanReceived(_ heads: AttentionHeads, _ flow: Flow, _ name: String) throws -> Matrix {
    let y = scratch.matrix(flow.rows, 1)
    let count = try extent(heads.heads)
    meter.literally(name, rows: 0..<flow.rows) { row in
      let share = 1 / Float(count * received.queries[row])
      y[row, 0] = (Counted(received.sums[row]) * Counted(share)).value
    }
    return y
  }
}
