import Architecture
import Kernels

extension Embedding {
  /// Looks up the rows of a table; learned positions are added to what is there.
  func run(
    _ x: Matrix?, _ flow: Flow, at path: String, on executor: Executor
  ) throws -> Matrix {
    let (count, width) = (try executor.extent(rows), try executor.extent(self.width))
    let name = path.appending("weight")
    executor.weights.claim(name, count * width)
    let y = executor.scratch.matrix(flow.rows, width)
    let indices = index == .token ? flow.identifiers : flow.positions
    // Only the rows that are looked up are made.
    for (place, row) in indices.enumerated() {
      executor.scratch.scoped {
        let found = executor.weights.row(
          name, row, of: count, width, executor.scratch, spread: 1)
        y.row(place).update(from: found, count: width)
      }
    }
    guard index == .position, let x else {
      if isScaled { executor.scale(y, by: Constants.embeddingScale, path) }
      return y
    }
    executor.add(y, to: x, path)
    return x
  }
}
