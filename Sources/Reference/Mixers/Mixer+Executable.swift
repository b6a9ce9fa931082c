import Architecture
import Kernels

extension Mixer {
  /// A map with an activation behind it, and perhaps another map, for every row: `[rows, d]`.
  func run(
    _ x: Matrix, _ flow: Flow, _ state: LayerState, at path: String, on executor: Executor
  ) throws -> Matrix {
    guard case .activation(let name, _) = procedure, let activation = Activation(name) else {
      preconditionFailure("an obstacle names such a procedure before the pass")
    }
    let inner = try executor.linear(x, linears[0], at: path)
    executor.activate(inner, activation, times: nil, path.appending("activation"))
    return linears.count == 1 ? inner : try executor.linear(inner, linears[1], at: path)
  }
}
