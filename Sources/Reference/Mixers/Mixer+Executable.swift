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
    case .selective(let channels, let size):
      let scan = SelectiveScan(
        channels: try executor.extent(channels), state: try executor.extent(size))
      return try scan.run(self, x, flow, state, at: path, on: executor)
    case .duality(let heads, let size, let width, let chunk):
      let scan = DualityScan(
        heads: try executor.extent(heads), size: try executor.extent(size),
        state: try executor.extent(width), chunk: try executor.extent(chunk))
      return try scan.run(self, x, flow, state, at: path, on: executor)
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
    case .gatedConvolution(let width):
      return try shortConvolution(
        x, try executor.extent(width), flow, state, at: path, on: executor)
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

  /// `out(C ∘ conv(B ∘ x))`.
  ///
  /// - Source: Liquid AI 2025 (LFM2).
  private func shortConvolution(
    _ x: Matrix, _ width: Int, _ flow: Flow, _ state: LayerState, at path: String,
    on executor: Executor
  ) throws -> Matrix {
    let projected = try executor.linear(x, linears[0], at: path)
    let inner = executor.scratch.copy(projected.columns(2 * width..<3 * width))
    executor.multiplyElements(inner, by: projected.columns(0..<width), path.appending("gates"))
    let convolved = try executor.convolve(inner, convolutions[0], flow, state, at: path)
    executor.multiplyElements(
      convolved, by: projected.columns(width..<2 * width), path.appending("gates"))
    return try executor.linear(convolved, linears[1], at: path)
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
}

extension Executor {
  /// Whether a recurrence goes one step, from a state that it has.
  func isStep(_ flow: Flow) -> Bool { past > 0 && flow.tokens == 1 }

  /// The product of each channel's last inputs with its kernel: `[rows, channels]`.
  ///
  /// A prompt is padded on both sides, as the kernels of libraries do it, and what lies beyond its
  /// end is dropped; after a cache its last inputs stand in front.
  func convolve(
    _ x: Matrix, _ convolution: CausalConvolution, _ flow: Flow, _ state: LayerState,
    at path: String
  ) throws -> Matrix {
    let (channels, kernel) = (try extent(convolution.channels), try extent(convolution.kernel))
    let name = path.appending(convolution.name)
    weights.claim("\(name).weight", channels * kernel)
    if convolution.hasBias { weights.claim("\(name).bias", channels) }
    let y = scratch.matrix(x.rows, channels)
    scratch.scoped {
      let w = weights.matrix(
        "\(name).weight", rows: channels, columns: kernel,
        spread: (3 / Float(kernel)).squareRoot(), scratch)
      for (index, sequence) in flow.sequences.enumerated() {
        scratch.scoped {
          let own = x.rows(flow.rows(of: index))
          let before = past == 0 ? 0 : kernel
          let carried = state.carried(name, sequence, count: kernel * channels)
          // The inputs, with zeros around: in front what was carried, or kernel − 1 zeros.
          let sides = isStep(flow) ? 0 : kernel - 1
          let length = max(before + flow.tokens, before == 0 ? kernel : 0)
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
          var last = carried + Array(repeating: 0, count: flow.tokens * channels)
          for row in 0..<flow.tokens {
            for channel in 0..<channels {
              last[(kernel + row) * channels + channel] = own[row, channel]
            }
          }
          state.carry(Array(last.suffix(kernel * channels)), name, sequence)
        }
      }
      if convolution.hasBias {
        let bias = weights.matrix("\(name).bias", rows: 1, columns: channels, spread: 0.05, scratch)
        addVector(bias.start, to: y, name)
      }
    }
    if convolution.isActivated { activate(y, .silu, times: nil, name) }
    return y
  }
}
