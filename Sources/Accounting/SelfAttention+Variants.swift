import Architecture
import Symbolic

extension ValueBias {
  /// The biases of all keys that are kept; their sums with the scores are counted with these.
  func work(over stream: Stream, _ reach: Reach) -> [Work] {
    let keys = stream.sequences * stream.keys(reach)
    let counts =
      keys * map.output * (ReferenceAlgorithms.softplus + OperationCounts([.multiply: 1, .exp: 1]))
    return map.work(.attentionProjections, rows: keys)
      + [Work(map.name, Elementwise(.softmax, counts))]
  }
}
