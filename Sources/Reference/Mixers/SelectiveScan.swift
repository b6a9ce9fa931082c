import Architecture
import Kernels

/// A selective state space, token by token.
///
/// - Source: Gu and Dao 2023, algorithm 2, <https://arxiv.org/abs/2312.00752>.
struct SelectiveScan {
  let channels: Int
  let state: Int

  func run(
    _ mixer: Mixer, _ x: Matrix, _ flow: Flow, _ layer: LayerState, at path: String,
    on executor: Executor
  ) throws -> Matrix {
    let projected = try executor.linear(x, mixer.linears[0], at: path)
    let inner = try executor.convolve(
      projected.columns(0..<channels), mixer.convolutions[0], flow, layer, at: path)
    let parameters = try executor.linear(inner, mixer.linears[1], at: path)
    let rank = parameters.columns - 2 * state
    let steps = parameters.columns(0..<rank)
    let inputs = parameters.columns(rank..<rank + state)
    let outputs = parameters.columns(rank + state..<rank + 2 * state)
    for (prefix, part) in [("dt", steps), ("b", inputs), ("c", outputs)] {
      if let norm = mixer.norm(prefix) { try executor.normalize(part, norm, at: path) }
    }
    let delta = try executor.linear(steps, mixer.linears[2], at: path)
    let rates = try mixer.vector("A_log", at: path, on: executor)
    let skip = try mixer.vector("D", at: path, on: executor)
    let y = executor.scratch.matrix(x.rows, channels)
    let name = path.appending("scan")
    let (channels, state) = (channels, state)
    let decays = executor.scratch.numbers(channels * state)
    executor.meter.literally(name) {
      for index in 0..<channels * state {
        decays[index] = (Counted.zero - Counted(rates[index]).exponential).value
      }
    }
    for (index, sequence) in flow.sequences.enumerated() {
      var carried = layer.carried(name, sequence, count: channels * state)
      let rows = flow.rows(of: index)
      carried.withUnsafeMutableBufferPointer { h in
        executor.meter.literally(name, rows: rows) { row in
          for channel in 0..<channels {
            let step = Counted(delta[row, channel]).softplus
            let input = Counted(inner[row, channel])
            let driven = step * input
            var sum = Counted.zero
            for place in 0..<state {
              let at = channel * state + place
              let decay = (step * Counted(decays[at])).exponential
              let next = decay * Counted(h[at]) + driven * Counted(inputs[row, place])
              h[at] = next.value
              sum = sum + next * Counted(outputs[row, place])
            }
            y[row, channel] = (sum + Counted(skip[channel]) * input).value
          }
        }
      }
      layer.carry(carried, name, sequence)
    }
    try mixer.finish(
      y, gatedBy: projected.columns(channels..<2 * channels), at: path, on: executor)
    return try executor.linear(y, mixer.linears[3], at: path)
  }
}
