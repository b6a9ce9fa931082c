import Architecture
import Kernels

extension FeedForward {
  /// The layer for every row: `[rows, d]`.
  ///
  /// Weights are factors of the inner numbers of each row, before the output map.
  func run(
    _ x: Matrix, at path: String, on executor: Executor, weighedBy weights: [Float]? = nil,
    _ weightPath: String = ""
  ) throws -> Matrix {
    guard let activation = Activation(activation) else {
      preconditionFailure("an obstacle names such an activation before the pass")
    }
    let width = try executor.extent(self.width)
    let projected = try inputs.map { try executor.linear(x, $0, at: path) }
    var (gate, factor) = (projected[0], projected.count > 1 ? projected[1] : nil)
    if isGated, factor == nil {
      factor = gate.columns(width..<2 * width)
      gate = gate.columns(0..<width)
    }
    executor.activate(
      gate, activation, times: isGated ? factor : nil, path.appending("activation"))
    if let weights { executor.multiplyRows(gate, by: weights, weightPath) }
    return try executor.linear(gate, output, at: path)
  }

  /// Enters the layer's tensors into the record of weights, where no token meets them.
  func claim(at path: String, on executor: Executor) throws {
    for map in inputs + [output] {
      executor.claim(
        map, at: path, try executor.extent(map.input), try executor.extent(map.output))
    }
  }
}
