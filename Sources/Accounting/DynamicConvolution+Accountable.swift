import Architecture
import Symbolic

extension DynamicConvolution {
  /// The last inputs.
  var stateSize: Formula { channels * kernel }

  /// The map, the sum of both kernels, the weighted inputs, and the mean with the input itself.
  func work(_ part: Product.Part, over stream: Stream) -> [Work] {
    let numbers = stream.rows * channels
    let map = Product(
      part, rows: stream.rows, inner: input, columns: heads * kernel, isLearned: true)
    let counts = OperationCounts([
      .multiply: numbers * kernel, .add: 2 * numbers * kernel + numbers, .divide: numbers,
    ])
    return [
      Work("\(name).weight_proj", map), Work(name, Elementwise(.mixer, counts)),
    ]
  }
}
