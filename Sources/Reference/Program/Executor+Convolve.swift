import Architecture
import Kernels

extension Executor {
  /// Whether a recurrence goes one step, from a state that it has.
  func isStep(_ flow: Flow) -> Bool { past > 0 && flow.tokens == 1 }

  /// The product of each channel's last inputs with its kernel: `[rows, channels]`.
  ///
  /// A prompt is padded on both sides, as the kernels of libraries do it, and what lies beyond its
  /// end is dropped; after a cache its last inputs stand in front, but for a convolution that
  /// forgets the past.
  func convolve(
    _ x: Matrix, _ convolution: CausalConvolution, _ flow: Flow, _ state: LayerState,
    at path: String
  ) throws -> Matrix {
    let (channels, kernel) = (try extent(convolution.channels), try extent(convolution.kernel))
    let name = path.appending(convolution.name)
    weights.claim("\(name).weight", channels * kernel)
    if convolution.hasBias { weights.claim("\(name).bias", channels) }
    let y = scratch.matrix(x.rows, channels)
    try scratch.scoped {
      let w = weights.matrix(
        "\(name).weight", rows: channels, columns: kernel,
        spread: (3 / Float(kernel)).squareRoot(), scratch)
      for (index, sequence) in flow.sequences.enumerated() {
        try scratch.scoped {
          let own = x.rows(flow.rows(of: index))
          let forgets = convolution.forgetsPast
          let count =
            convolution.skipsPadding ? (kernel - 1) * (try extent(convolution.dilation)) : kernel
          var carried = state.carried(name, sequence, count: count * channels)
          if forgets, flow.tokens > 1 {
            carried = [Float](repeating: 0, count: kernel * channels)
          }
          defer { state.carry(last(count, of: own, after: carried), name, sequence) }
          if convolution.skipsPadding {
            return try convolve(
              own, carried, w, convolution, into: y.rows(flow.rows(of: index)), name)
          }
          if forgets, flow.tokens == 1 {
            return step(own, carried, w, into: y.rows(flow.rows(of: index)), name)
          }
          let before = past == 0 || forgets ? 0 : kernel
          // The inputs, with zeros around: in front what was carried, or kernel − 1 zeros.
          let sides = isStep(flow) ? 0 : kernel - 1
          let length = max(before + flow.tokens, before == 0 && !forgets ? kernel : 0)
          let inputs = scratch.zeros(length + 2 * sides, channels)
          for row in 0..<before {
            inputs.row(sides + row).update(
              from: Array(carried[row * channels..<(row + 1) * channels]), count: channels)
          }
          own.copy(into: inputs.rows(sides + before..<sides + before + flow.tokens))
          let positions = length + 2 * sides - kernel + 1
          let outputs = scratch.matrix(positions, channels)
          meter.literally(name, rows: 0..<positions) { position in
            for channel in 0..<channels {
              var sum = Counted.zero
              for tap in 0..<kernel {
                sum = sum + Counted(inputs[position + tap, channel]) * Counted(w[channel, tap])
              }
              outputs[position, channel] = sum.value
            }
          }
          // The output whose last input is the first new token.
          let first = sides + before - kernel + 1
          outputs.rows(first..<first + flow.tokens).copy(into: y.rows(flow.rows(of: index)))
        }
      }
      if convolution.hasBias {
        let bias = weights.matrix("\(name).bias", rows: 1, columns: channels, spread: 0.05, scratch)
        addVector(bias.start, to: y, name)
      }
    }
    return y
  }

  /// As many positions as there are tokens, each with the inputs that lie before it.
  private func convolve(
    _ own: Matrix, _ carried: [Float], _ w: Matrix, _ convolution: CausalConvolution,
    into y: Matrix, _ name: String
  ) throws {
    let (channels, kernel) = (w.rows, w.columns)
    let dilation = try extent(convolution.dilation)
    let before = carried.count / max(1, channels)
    let inputs = scratch.matrix(before + own.rows, channels)
    for row in 0..<before {
      for channel in 0..<channels { inputs[row, channel] = carried[row * channels + channel] }
    }
    own.copy(into: inputs.rows(before..<before + own.rows))
    meter.literally(name, rows: 0..<own.rows) { row in
      for channel in 0..<channels {
        var sum = Counted.zero
        for tap in 0..<kernel {
          sum = sum + Counted(inputs[row + tap * dilation, channel]) * Counted(w[channel, tap])
        }
        y[row, channel] = sum.value
      }
    }
  }

  /// The same with a kernel of each token beside the one of all: `[rows, channels]`.
  func convolve(
    _ x: Matrix, by kernels: Matrix, _ convolution: DynamicConvolution, _ flow: Flow,
    _ state: LayerState, at path: String
  ) throws -> Matrix {
    let (channels, kernel) = (try extent(convolution.channels), try extent(convolution.kernel))
    let width = channels / (try extent(convolution.heads))
    let name = path.appending(convolution.name)
    let fixed = try vector(convolution.fixed, at: path)
    let y = scratch.matrix(x.rows, channels)
    for (index, sequence) in flow.sequences.enumerated() {
      let rows = flow.rows(of: index)
      let own = x.rows(rows)
      let carried = state.carried(name, sequence, count: kernel * channels)
      /// The input that lies a number of tokens before a row.
      func input(_ row: Int, _ lag: Int, _ channel: Int) -> Float {
        row >= lag
          ? own[row - lag, channel] : carried[(kernel + row - lag) * channels + channel]
      }
      meter.literally(name, rows: 0..<own.rows) { row in
        for channel in 0..<channels {
          var sum = Counted.zero
          for lag in 0..<kernel {
            let weight =
              Counted(fixed[lag * channels + channel])
              + Counted(kernels[rows.lowerBound + row, channel / width * kernel + lag])
            sum = sum + Counted(input(row, lag, channel)) * weight
          }
          y[rows.lowerBound + row, channel] = sum.value
        }
      }
      state.carry(last(kernel, of: own, after: carried), name, sequence)
    }
    return y
  }

  /// One token with the inputs before it, number by number.
  private func step(
    _ own: Matrix, _ carried: [Float], _ w: Matrix, into y: Matrix, _ name: String
  ) {
    let (channels, kernel) = (w.rows, w.columns)
    meter.literally(name) {
      for channel in 0..<channels {
        var sum = Counted.zero
        for tap in 0..<kernel {
          let input =
            tap == kernel - 1 ? own[0, channel] : carried[(tap + 1) * channels + channel]
          sum = sum + Counted(input) * Counted(w[channel, tap])
        }
        y[0, channel] = sum.value
      }
    }
  }

  /// The last rows of a matrix behind those that were carried.
  private func last(_ count: Int, of own: Matrix, after carried: [Float]) -> [Float] {
    var all = carried
    for row in max(0, own.rows - count)..<own.rows {
      for column in 0..<own.columns { all.append(own[row, column]) }
    }
    return Array(all.suffix(count * own.columns))
  }
}
