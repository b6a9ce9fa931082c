import Architecture
import Kernels

extension Executor {
  /// The weighted mean of all values before, for each channel by itself: `[rows, width]`.
  ///
  /// The state of a channel is numerator, denominator, and the greatest exponent so far, by which
  /// both are divided.
  ///
  /// - Source: Peng et al. 2023 (RWKV), appendix D, <https://arxiv.org/abs/2305.13048>.
  func weightedMean(
    _ mean: Scan.WeightedMean, _ operands: [Matrix], _ flow: Flow, _ layer: LayerState,
    at path: String, _ name: String
  ) throws -> Matrix {
    let (keys, values) = (operands[0], operands[1])
    let width = try extent(mean.width)
    let logarithms = try vector(mean.decay, at: path)
    let bonus = try vector(mean.bonus, at: path)
    let y = scratch.matrix(keys.rows, width)
    let decays = scratch.numbers(width)
    meter.literally(name) {
      for channel in 0..<width {
        decays[channel] = (Counted.zero - Counted(logarithms[channel]).exponential).value
      }
    }
    for (index, sequence) in flow.sequences.enumerated() {
      layer.carrying(name, sequence, 3, width) { state in
        if past == 0 { state.row(2).update(repeating: -1e38, count: width) }
        meter.literally(name, rows: flow.rows(of: index)) { row in
          for channel in 0..<width {
            let (key, value) = (Counted(keys[row, channel]), Counted(values[row, channel]))
            let sums = (Counted(state[0, channel]), Counted(state[1, channel]))
            let greatest = Counted(state[2, channel])
            let boosted = key + Counted(bonus[channel])
            let answer = Self.mix(sums, greatest, value, boosted)
            y[row, channel] = (answer.numerator / answer.denominator).value
            let next = Self.mix(sums, greatest + Counted(decays[channel]), value, key)
            state[0, channel] = next.numerator.value
            state[1, channel] = next.denominator.value
            state[2, channel] = next.greatest.value
          }
        }
      }
    }
    return y
  }

  /// Sums under an exponent, and a value under another: both under the greater.
  @inline(__always)
  private static func mix(
    _ sums: (Counted, Counted), _ exponent: Counted, _ value: Counted, _ own: Counted
  ) -> (numerator: Counted, denominator: Counted, greatest: Counted) {
    let greatest = own > exponent ? own : exponent
    let kept = (exponent - greatest).exponential
    let added = (own - greatest).exponential
    return (kept * sums.0 + added * value, kept * sums.1 + added, greatest)
  }
}
