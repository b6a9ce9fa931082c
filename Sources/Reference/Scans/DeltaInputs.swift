import Architecture
import Kernels

/// What enters a delta rule: rows of tokens, heads side by side.
struct DeltaInputs {
  /// `[rows, keyHeads · keySize]`.
  var queries: Matrix
  var keys: Matrix
  /// `[rows, heads · valueSize]`.
  var values: Matrix
  /// How strongly each head writes, before its logistic function: `[rows, heads]`.
  var strengths: Matrix
  /// How fast it fades, before its function: a number for each head, or for each channel.
  var decays: Matrix

  /// The values of a scan, in the order of its `inputs`.
  init(_ values: [Matrix]) {
    (queries, keys, self.values) = (values[0], values[1], values[2])
    (strengths, decays) = (values[3], values[4])
  }
}

/// One head of one sequence, with tokens as rows.
struct DeltaHead {
  /// Of length one, and the queries over the root of their width.
  var queries: Matrix
  var keys: Matrix
  var values: Matrix
  /// The strength of the writing of each token.
  var strengths: [Float]
  /// The logarithms of the decays: one for each token, or `[tokens, keySize]`.
  var decays: Matrix

  /// Makes queries and keys of length one, and divides queries by the root of their width.
  ///
  /// - `dividesEach`: whether each number is divided by the length, and not multiplied by its inverse.
  func normalize(_ epsilon: Float, dividesEach: Bool) {
    let width = queries.columns
    for vectors in [queries, keys] {
      for row in 0..<vectors.rows {
        let vector = vectors.row(row)
        var squares = Counted.zero
        for place in 0..<width {
          squares = squares + Counted(vector[place]) * Counted(vector[place])
        }
        let length = (squares + Counted(epsilon)).squareRoot
        if dividesEach {
          for place in 0..<width { vector[place] = (Counted(vector[place]) / length).value }
        } else {
          let inverse = Counted(1) / length
          for place in 0..<width { vector[place] = (Counted(vector[place]) * inverse).value }
        }
      }
    }
    let scale = 1 / Float(width).squareRoot()
    for row in 0..<queries.rows {
      for place in 0..<width {
        queries[row, place] = (Counted(queries[row, place]) * Counted(scale)).value
      }
    }
  }

  /// The same with rows of zeros behind, up to a number of rows.
  func padded(to rows: Int, _ scratch: Scratch) -> DeltaHead {
    func longer(_ matrix: Matrix) -> Matrix {
      let copy = scratch.zeros(rows, matrix.columns)
      matrix.copy(into: copy.rows(0..<matrix.rows))
      return copy
    }
    return DeltaHead(
      queries: longer(queries), keys: longer(keys), values: longer(values),
      strengths: strengths + [Float](repeating: 0, count: rows - strengths.count),
      decays: longer(decays))
  }

  func rows(_ rows: Range<Int>) -> DeltaHead {
    DeltaHead(
      queries: queries.rows(rows), keys: keys.rows(rows), values: values.rows(rows),
      strengths: Array(strengths[rows]), decays: decays.rows(rows))
  }
}

/// A rule by which the state of one head `[keySize, valueSize]` fades and is written.
protocol DeltaKernel {
  var chunk: Int { get }

  /// One token: its answer, and the memory after it.
  func step(
    _ head: DeltaHead, _ memory: Matrix, into y: Matrix, _ name: String, on executor: Executor)

  /// One chunk: its answer, and the memory after it.
  func run(
    _ head: DeltaHead, _ memory: Matrix, into y: Matrix, _ name: String, on executor: Executor)
}

extension DeltaKernel {
  /// The tokens of one head of one sequence, from the state that it has.
  func answer(
    _ head: DeltaHead, _ memory: Matrix, isStep: Bool, into y: Matrix, _ name: String,
    on executor: Executor
  ) {
    let scratch = executor.scratch
    guard !isStep else { return step(head, memory, into: y, name, on: executor) }
    let padded = (y.rows + chunk - 1) / chunk * chunk
    let all = head.padded(to: padded, scratch)
    let answer = scratch.matrix(padded, y.columns)
    for first in stride(from: 0, to: padded, by: chunk) {
      let rows = first..<first + chunk
      scratch.scoped {
        run(all.rows(rows), memory, into: answer.rows(rows), name, on: executor)
      }
    }
    answer.rows(0..<y.rows).copy(into: y)
  }
}
