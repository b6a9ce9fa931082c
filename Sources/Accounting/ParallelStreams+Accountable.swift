import Architecture
import Symbolic

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
