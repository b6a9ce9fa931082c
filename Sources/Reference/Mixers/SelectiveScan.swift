import Architecture
import Kernels

extension Executor {
  /// A selective state space, token by token, from x, δ, B and C.
  ///
  /// - Source: Gu and Dao 2023, algorithm 2, <https://arxiv.org/abs/2312.00752>.
  func selective(
    _ scan: Scan.Selective, _ values: [Matrix], _ flow: Flow, _ layer: LayerState,
    at scope: String, _ name: String
  ) throws -> Matrix {
    let (inner, delta, inputs, outputs) = (values[0], values[1], values[2], values[3])
    let (channels, state) = (try extent(scan.channels), try extent(scan.state))
    let shared = channels / (try extent(scan.groups))
    let rates = try vector(scan.rates, at: scope)
    let skip = try vector(scan.skip, at: scope)
    let y = scratch.matrix(inner.rows, channels)
    let decays = scratch.numbers(channels * state)
    meter.literally(name) {
      for index in 0..<channels * state {
        decays[index] = (Counted.zero - Counted(rates[index]).exponential).value
      }
    }
    for (index, sequence) in flow.sequences.enumerated() {
      var carried = layer.carried(name, sequence, count: channels * state)
      let rows = flow.rows(of: index)
      carried.withUnsafeMutableBufferPointer { h in
        meter.literally(name, rows: rows) { row in
          for channel in 0..<channels {
            let step = Counted(delta[row, channel]).softplus
            let input = Counted(inner[row, channel])
            let driven = step * input
            let first = channel / shared * state
            var sum = Counted.zero
            for place in 0..<state {
              let at = channel * state + place
              let decay = (step * Counted(decays[at])).exponential
              let next = decay * Counted(h[at]) + driven * Counted(inputs[row, first + place])
              h[at] = next.value
              sum = sum + next * Counted(outputs[row, first + place])
            }
            y[row, channel] = (sum + Counted(skip[channel]) * input).value
          }
        }
      }
      layer.carry(carried, name, sequence)
    }
    return y
  }
}
