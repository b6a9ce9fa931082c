import Architecture
import Kernels

/// Recurrent mixers.
///
/// Their projections and products run as everywhere; what happens between them has only a literal
/// form, which serves both kinds of evidence.
extension Mixer {
  /// The mixer for every row: `[rows, d]`.
  func run(
    _ x: Matrix, _ flow: Flow, _ state: LayerState, at path: String, on executor: Executor
  ) throws -> Matrix {
    switch recurrence {
    case .delta(let heads, let keySize, let valueSize, let chunk):
      let scan = DeltaScan(
        heads: try executor.extent(heads), keySize: try executor.extent(keySize),
        valueSize: try executor.extent(valueSize), chunk: try executor.extent(chunk))
      return try scan.run(self, x, flow, state, at: path, on: executor)
    case .lightning(let heads, let size, let block):
      let scan = LightningScan(
        heads: try executor.extent(heads), size: try executor.extent(size),
        block: try executor.extent(block))
      return try scan.run(self, x, flow, state, at: path, on: executor)
    case nil: return try plain(x, at: path, on: executor)
    default: preconditionFailure("an obstacle names such a recurrence before the pass")
    }
  }

  /// A map with an activation behind it, and perhaps another map.
  private func plain(_ x: Matrix, at path: String, on executor: Executor) throws -> Matrix {
    guard case .activation(let name, _) = procedure, let activation = Activation(name) else {
      preconditionFailure("an obstacle names such a procedure before the pass")
    }
    let inner = try executor.linear(x, linears[0], at: path)
    executor.activate(inner, activation, times: nil, path.appending("activation"))
    return linears.count == 1 ? inner : try executor.linear(inner, linears[1], at: path)
  }

  /// The gate of `z` on the output, and the norm of it.
  func finish(_ y: Matrix, gatedBy z: Matrix, at path: String, on executor: Executor) throws {
    guard let activation = Activation(gateActivation) else {
      preconditionFailure("an obstacle names such an activation before the pass")
    }
    let gates = executor.scratch.copy(z)
    executor.activate(gates, activation, times: y, path.appending("gate"))
    gates.copy(into: y)
  }

  /// A vector of the mixer.
  func vector(
    _ name: String, at path: String, on executor: Executor
  ) throws -> UnsafeMutablePointer<Float> {
    try executor.vector(name, among: vectors, at: path)
  }

  /// A norm of the mixer by the beginning of its name.
  func norm(_ prefix: String) -> Normalization? { norms.first { $0.name.hasPrefix(prefix) } }

  /// A convolution of the mixer, and `silu` behind it where there is one.
  func convolve(
    _ x: Matrix, _ convolution: CausalConvolution, _ flow: Flow, _ state: LayerState,
    at path: String, on executor: Executor
  ) throws -> Matrix {
    let y = try executor.convolve(x, convolution, flow, state, at: path)
    if convolution.isActivated {
      executor.activate(y, .silu, times: nil, path.appending(convolution.name))
    }
    return y
  }
}
