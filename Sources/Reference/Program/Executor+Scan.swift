import Architecture
import Kernels

extension Executor {
  /// Takes a scan over the tokens of each sequence: `[rows, width]`.
  func scan(
    _ values: [Matrix], _ scan: Scan, _ flow: Flow, _ state: LayerState, at scope: String,
    _ name: String
  ) throws -> Matrix {
    switch scan {
    case .selective(let scan): try selective(scan, values, flow, state, at: scope, name)
    }
  }
}
