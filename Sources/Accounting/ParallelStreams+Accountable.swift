import Architecture
import Symbolic

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

extension StreamMix {
  /// What is done to single numbers between and after the maps.
  func work(over stream: Stream) -> [Work] {
    let rows = stream.rows
    let all = rows * streams * width
    // silu of the compressed streams over their number; the logistic function of each weight; the
    // weighted streams added up, over their number.
    var counts =
      rows * rank * ReferenceAlgorithms.sigmoid + all * ReferenceAlgorithms.sigmoid
      + OperationCounts([.divide: rows * (rank + width), .multiply: all, .add: all])
    if injects {
      // Twice the logistic function for each stream; one of the additions is the layer's own.
      counts =
        counts + rows * streams * ReferenceAlgorithms.sigmoid
        + OperationCounts([
          .divide: rows * streams, .multiply: rows * streams + all, .add: all - rows * width,
        ])
    }
    return [Work("mix", Elementwise(.mixer, counts))]
  }
}

extension NgramInjection {
  /// The last inputs of the convolution.
  var stateSize: Formula { streams * width * (kernel - 1) * dilation }

  /// The convolution, and what is done to single numbers around it.
  func work(_ part: Product.Part, over stream: Stream) -> [Work] {
    let rows = stream.rows
    let (all, gates) = (rows * streams * width, rows * streams)
    let convolution = Product(
      part, copies: streams * width, rows: rows, inner: kernel, columns: 1, isLearned: true)
    // Key times stream, over a constant; the root of its magnitude with its sign; the logistic
    // function, times the value; silu of the convolution; both added to the streams.
    let counts =
      (gates + all) * ReferenceAlgorithms.sigmoid
      + OperationCounts([
        .multiply: 2 * all + gates, .add: 3 * all, .divide: gates, .subtract: gates,
        .compare: 3 * gates, .sqrt: gates,
      ])
    return [Work("conv1d", convolution), Work("gates", Elementwise(.mixer, counts))]
  }
}
