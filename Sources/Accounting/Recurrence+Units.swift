import Architecture
import Symbolic

extension Recurrence {
  /// A mean of all values before, weighted by keys and a decay, under a receptance.
  ///
  /// - Source: Peng et al. 2023 (RWKV), §3.1 and appendix D, <https://arxiv.org/abs/2305.13048>.
  func receptance(_ stream: Stream, _ input: Formula, _ width: Formula) -> [Work] {
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
    let gate = ReferenceAlgorithms.sigmoid + OperationCounts([.multiply: 1])
    return [
      Work(
        "mix",
        Elementwise(
          .mixer, ReferenceAlgorithms.shiftedMixes(3, rows: stream.rows, width: input))),
      Work("scan", Elementwise(.mixer, constants + numbers * (output + state + gate))),
    ]
  }
}

extension ReferenceAlgorithms {
  /// `μ·x + (1 − μ)·x'` of each token and the one before, under so many weights *μ*.
  static func shiftedMixes(_ mixes: Formula, rows: Formula, width: Formula) -> OperationCounts {
    let numbers = mixes * rows * width
    return OperationCounts([
      .multiply: 2 * numbers, .add: numbers, .subtract: mixes * width,
    ])
  }
}
