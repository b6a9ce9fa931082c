import Architecture
import Symbolic

extension DepthReading {
  /// Queries times streams, the softmax, and weights times streams.
  ///
  /// The library calls one fused product, whose backward pass multiplies the scores once more.
  func work(_ part: Product.Part, over stream: Stream, streams: Int) -> [Work] {
    let (rows, states) = (stream.rows, Formula(Int128(streams)))
    let numbers = rows * queries * states
    let softmax =
      ReferenceAlgorithms.softmax(numbers) + OperationCounts([.multiply: numbers])
    let scores = Work(
      "scores",
      Product(part, role: .scores, copies: rows, rows: queries, inner: width, columns: states))
    let values = Work(
      "values",
      Product(part, role: .values, copies: rows, rows: queries, inner: states, columns: width))
    return [scores, Work("softmax", Elementwise(.softmax, softmax)), values]
      + (stream.workload.phase == .train ? [scores.inBackwardAlone] : [])
  }
}
