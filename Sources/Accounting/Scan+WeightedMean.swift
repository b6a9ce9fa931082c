import Architecture
import Symbolic

extension Scan.WeightedMean {
  /// A mean of all values before, weighted by keys and a decay, for each channel by itself.
  ///
  /// - Source: Peng et al. 2023 (RWKV), appendix D, <https://arxiv.org/abs/2305.13048>.
  func work(_ stream: Stream) -> [Work] {
    let numbers = stream.rows * width
    // The decay 0 − e^w, once for each channel.
    let constants = OperationCounts([.exp: width, .subtract: width])
    // With the bonus, k + u: the greatest exponent, two exponentials, numerator over denominator.
    let output = OperationCounts([
      .add: 3, .compare: 1, .subtract: 2, .exp: 2, .multiply: 3, .divide: 1,
    ])
    // The same for the state, after its decay.
    let state = OperationCounts([
      .add: 3, .compare: 1, .subtract: 2, .exp: 2, .multiply: 3,
    ])
    return [Work("scan", Elementwise(.mixer, constants + numbers * (output + state)))]
  }
}
