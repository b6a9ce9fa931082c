import Architecture
import Kernels

extension Executor {
  /// A real-gated linear recurrent unit from x, and what the gates of writing and keeping are made
  /// of.
  ///
  /// - Source: De et al. 2024 (Griffin), §2.4, <https://arxiv.org/abs/2402.19427>.
  func gatedUnit(
    _ scan: Scan.GatedUnit, _ values: [Matrix], _ flow: Flow, _ layer: LayerState,
    at scope: String, _ name: String
  ) throws -> Matrix {
    let (inner, writing, keeping) = (values[0], values[1], values[2])
    let width = try extent(scan.width)
    let rates = try vector(scan.rates, at: scope)
    let y = scratch.matrix(inner.rows, width)
    let constants = scratch.numbers(width)
    meter.literally(name) {
      for channel in 0..<width {
        constants[channel] = (Counted(-8) * Counted(rates[channel]).softplus).value
      }
    }
    for (index, sequence) in flow.sequences.enumerated() {
      var carried = layer.carried(name, sequence, count: width)
      carried.withUnsafeMutableBufferPointer { h in
        meter.literally(name, rows: flow.rows(of: index)) { row in
          let isFirst = flow.positions[row] == 0
          for channel in 0..<width {
            let exponent = Counted(keeping[row, channel]).logistic * Counted(constants[channel])
            let (decay, square) = (exponent.exponential, (Counted(2) * exponent).exponential)
            let gated = Counted(writing[row, channel]).logistic * Counted(inner[row, channel])
            let root = (Counted(1) - square).squareRoot
            // What stands before the first position is not kept, and it is written as it is.
            let written = gated * (isFirst ? Counted(1) : root)
            let next = (isFirst ? Counted.zero : decay) * Counted(h[channel]) + written
            h[channel] = next.value
            y[row, channel] = next.value
          }
        }
      }
      layer.carry(carried, name, sequence)
    }
    return y
  }
}
