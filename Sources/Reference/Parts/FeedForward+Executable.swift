import Architecture
import Kernels

extension FeedForward {
  /// The layer for every row: `[rows, d]`.
  ///
  /// Weights are factors of the inner numbers of each row, before the output map. Without a row
  /// nothing runs, and the layer asks for its weights.
  func run(
    _ x: Matrix, at path: String, on executor: Executor, weighedBy weights: [Float]? = nil,
    _ weightPath: String = ""
  ) throws -> Matrix {
    guard x.rows > 0 else {
      try claim(at: path, on: executor)
      return executor.scratch.matrix(0, try executor.extent(output.output))
    }
    guard var activation = Activation(activation) else {
      preconditionFailure("an obstacle names such an activation before the pass")
    }
    if case .expandedIntegral = activation {
      activation = try slopes(at: path, on: executor)
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

  /// xIELU with its slopes: `softplus(α_p)` and `β + softplus(α_n)`, where β is ½.
  func slopes(at path: String, on executor: Executor) throws -> Activation {
    let positive = try executor.vector("act_fn.alpha_p", among: vectors, at: path)
    let negative = try executor.vector("act_fn.alpha_n", among: vectors, at: path)
    for weight in vectors where weight.isBuffer {
      executor.weights.claim(path.appending(weight.name), 1, isBuffer: true)
    }
    var slopes: (positive: Float, negative: Float) = (0, 0)
    executor.meter.literally(path.appending("activation")) {
      slopes.positive = Counted(positive[0]).softplus.value
      slopes.negative = (Counted(0.5) + Counted(negative[0]).softplus).value
    }
    return .expandedIntegral(positive: slopes.positive, negative: slopes.negative)
  }

  /// Enters the layer's tensors into the record of weights, where no token meets them.
  func claim(at path: String, on executor: Executor) throws {
    for weight in vectors {
      executor.weights.claim(
        path.appending(weight.name), try executor.extent(weight.count), isBuffer: weight.isBuffer)
    }
    for map in inputs + [output] {
      executor.claim(
        map, at: path, try executor.extent(map.input), try executor.extent(map.output))
    }
  }
}
