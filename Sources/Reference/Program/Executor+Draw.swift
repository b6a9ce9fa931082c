import Architecture
import Symbolic

extension Executor {
  /// All rows of the sequences that a draw lets in, by sequence: with the seed, the layer, the sequence
  /// and the position of the pass it is the same draw again.
  ///
  /// A draw that is for training alone lets in everyone, because no training step runs here.
  func drawn(
    _ draw: DepthRouter.Draw, _ probability: Formula, _ flow: Flow, _ name: String
  ) throws -> [(rows: [Int], scores: [Float])] {
    let share = try probability.evaluated(with: values)
    let bound = Double(share.numerator) / Double(share.denominator)
    return flow.sequences.enumerated().map { index, sequence in
      let rows = Array(flow.rows(of: index))
      guard draw == .inTraining || uniform("\(name).\(sequence).\(past)") < bound else {
        return ([], [])
      }
      return (rows, [Float](repeating: 1, count: rows.count))
    }
  }

  /// A number from 0 to 1 that follows from the seed and a name.
  private func uniform(_ name: String) -> Double {
    var hash = WeightSource.key(weights.seed, name) &* 0x9e37_79b9_7f4a_7c15
    hash = (hash ^ (hash >> 32)) &* 0xd6e8_feb8_6659_fd93
    hash = (hash ^ (hash >> 32)) &* 0xd6e8_feb8_6659_fd93
    return Double((hash ^ (hash >> 32)) >> 11) * 0x1p-53
  }
}
