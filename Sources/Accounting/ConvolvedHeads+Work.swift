import Architecture
import Symbolic

extension ConvolvedHeads {
  /// The last inputs of both convolutions, and the delayed half of the last values.
  var stateSize: Formula { channels * (channelKernel + headKernel - 2) + delayed.output }

  /// Both convolutions, the means, and the lengths.
  ///
  /// The second convolution needs *k − 1* more positions of the first than there are new tokens.
  func work(over stream: Stream) -> [Work] {
    let rows = stream.rows
    let (queries, keys) = (heads * headSize, keyValueHeads * headSize)
    let positions = stream.sequences * (stream.tokens + headKernel - 1)
    let part = Product.Part.attentionProjections
    let first = Product(
      part, copies: channels, rows: positions, inner: channelKernel, columns: 1, isLearned: true)
    let second = Product(
      part, copies: heads + keyValueHeads, rows: rows, inner: headSize * headKernel,
      columns: headSize, isLearned: true)
    let biases = Elementwise(.bias, [.add: positions * channels + rows * channels])
    // Half the sum of query and key; its mean over a group of heads; both added.
    let means = Elementwise(
      .mixer,
      [
        .add: rows * (2 * queries + channels), .multiply: rows * queries, .divide: rows * keys,
      ])
    // Squares, their sum, its root, no less than ε; a constant over it, times that.
    let vectors = rows * (heads + keyValueHeads)
    let lengths = Elementwise(
      .norms,
      [
        .multiply: rows * 2 * channels, .add: rows * channels, .sqrt: vectors,
        .compare: vectors, .divide: vectors,
      ])
    return [
      Work("conv_qk_depthwise", first), Work("conv_qk_grouped", second),
      Work("conv_qk", biases), Work("means", means), Work("qk_norm", lengths),
    ]
  }
}
