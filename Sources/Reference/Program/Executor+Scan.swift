import Architecture
import Kernels

extension Executor {
  /// Takes a scan over the tokens of each sequence: `[rows, width]`.
  func scan(
    _ values: [Matrix], _ scan: Scan, _ flow: Flow, _ state: LayerState, at scope: String,
    _ name: String
  ) throws -> Matrix {
    switch scan {
    case .selective(let scan): return try selective(scan, values, flow, state, at: scope, name)
    case .gatedUnit(let scan): return try gatedUnit(scan, values, flow, state, at: scope, name)
    case .duality(let scan):
      let run = DualityScan(
        heads: try extent(scan.heads), size: try extent(scan.headSize),
        state: try extent(scan.state), chunk: try extent(scan.chunk))
      return try run.run(scan, values, flow, state, at: scope, name, on: self)
    case .gatedDelta(let scan): return try gatedDelta(scan, values, flow, state, at: scope, name)
    case .channelDelta(let scan):
      return try channelDelta(scan, values, flow, state, at: scope, name)
    case .lightning(let scan): return try lightning(scan, values, flow, state, at: scope, name)
    case .matrixMemory(let scan):
      return try matrixMemory(scan, values, flow, state, at: scope, name)
    case .weightedMean(let scan):
      return try weightedMean(scan, values, flow, state, at: scope, name)
    }
  }
}
