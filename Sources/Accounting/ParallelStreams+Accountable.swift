import Architecture
import Symbolic

extension AlternatingUpdate {
  /// The second run of the router, the predictions, and what is done to single numbers.
  func work(_ part: Product.Part, over stream: Stream) -> [Work] {
    let rows = stream.rows
    let (numbers, all) = (rows * width, rows * width * streams)
    let router = Product(part, rows: rows, inner: width, columns: streams, isLearned: true)
    let prediction = Product(part, copies: rows, rows: width, inner: streams, columns: streams)
    // The router's input scaled and its output bounded, twice; predictions plus copies; the answer
    // minus its prediction, times a coefficient plus 1, plus the predictions.
    let counts = OperationCounts([
      .multiply: 2 * numbers + all + (scalesOutput ? numbers : 0), .tanh: 2 * rows * streams,
      .add: 2 * all + rows * streams, .subtract: numbers,
    ])
    return [
      Work("predict", prediction), Work("correct.modality_router", router),
      Work("correct", Elementwise(.mixer, counts)),
    ]
  }
}

extension HyperConnection {
  /// The map, the weights, the stream that is read, and the streams that are written.
  func work(_ part: Product.Part, over stream: Stream) -> [Work] {
    let rows = stream.rows
    let all = rows * streams * width
    let weighted = rows * weights
    let norm = Normalization("norm", [streams * width], weight: false)
    // The weights are scaled and shifted; those that read are logistic, plus ε.
    var counts =
      ReferenceAlgorithms.norm(norm, vectors: rows, width: streams * width)
      + rows * streams * ReferenceAlgorithms.sigmoid
      + OperationCounts([
        .multiply: weighted + all, .add: weighted + rows * streams + all,
      ])
    if normsOutput { counts = counts + OperationCounts([.multiply: weighted - all]) }
    let map = Product(
      part, rows: rows, inner: streams * width, columns: weights, isLearned: true)
    var work = [Work("\(name)fn", map)]
    if form != .head {
      // Those that write are logistic, times a constant; one addition is the layer's own.
      counts =
        counts + rows * streams * ReferenceAlgorithms.sigmoid
        + OperationCounts([
          .multiply: rows * streams + all, .add: all - rows * width,
        ])
    }
    if form == .residual { counts = counts + OperationCounts([.add: rows * streams]) }
    if case .mixed(let iterations) = form {
      let square = rows * streams * streams
      // The softmax of each row, plus ε; then columns and rows in turn over their sum plus ε.
      counts =
        counts + ReferenceAlgorithms.softmax(square)
        + OperationCounts([
          .add: square + (2 * iterations - 1) * (square + rows * streams),
          .divide: (2 * iterations - 1) * square,
        ])
      work.append(
        Work(
          "\(name)mix",
          Product(part, copies: rows, rows: streams, inner: streams, columns: width)))
    }
    return work + [Work("\(name)fn", Elementwise(.mixer, counts))]
  }
}
