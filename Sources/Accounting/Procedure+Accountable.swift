import Architecture
import Symbolic

extension Procedure {
  /// The numbers carried to the next token of one sequence.
  var stateSize: Formula {
    switch self {
    case .dynamicConvolution(let convolution): convolution.stateSize
    case .ngrams(let injection): injection.stateSize
    default: 0
    }
  }

  func work(_ part: Product.Part, over stream: Stream) -> [Work] {
    switch self {
    case .activation(let name, let width):
      [
        Work(
          "activation",
          Elementwise(
            .mixer, stream.rows * width * (ReferenceAlgorithms.activation(name) ?? .none)))
      ]
    case .sum(let width): [Work("sum", Elementwise(.residual, [.add: stream.rows * width]))]
    case .mean(let width):
      [
        Work(
          "mean",
          Elementwise(
            .residual, [.add: stream.rows * width, .divide: stream.rows * width]))
      ]
    case .scale(let width, let divides):
      [
        Work(
          "scale",
          Elementwise(.residual, [divides ? .divide : .multiply: stream.rows * width]))
      ]
    case .shortening(let vectors, let width, let isScaled):
      [
        Work(
          "clip",
          Elementwise(
            .norms,
            shortening(vectors: stream.rows * vectors, width: width, isScaled: isScaled)))
      ]
    case .everyExpert(let expert, let count): everyExpert(expert, rows: stream.rows, count: count)
    case .dynamicConvolution(let convolution): convolution.work(part, over: stream)
    case .depthAttention(let queries, let states, let width):
      depthAttention(part, over: stream, queries, states, width)
    case .ngrams(let injection): injection.work(part, over: stream)
    }
  }
}

extension Procedure {
  /// Squares, their sum, its root plus ε; a constant over it, no more than 1, times the vector.
  private func shortening(
    vectors: Formula, width: Formula, isScaled: Bool
  ) -> OperationCounts {
    let numbers = vectors * width
    return OperationCounts([
      .multiply: (isScaled ? 3 : 2) * numbers, .add: numbers + vectors, .sqrt: vectors,
      .divide: vectors, .compare: vectors,
    ])
  }

  /// The inner numbers of each expert are multiplied by its weight, and the answers added up.
  private func everyExpert(_ expert: FeedForward, rows: Formula, count: Formula) -> [Work] {
    let sum = OperationCounts([
      .multiply: rows * count * expert.width, .add: rows * count * expert.output.output,
    ])
    return expert.work(.sharedExperts, rows: rows * count)
      + [Work("sum", Elementwise(.routing, sum))]
  }

  /// Every state is normalized; queries times states, the softmax, and weights times states.
  ///
  /// The library calls one fused product, whose backward pass multiplies the scores once more.
  private func depthAttention(
    _ part: Product.Part, over stream: Stream, _ queries: Formula, _ states: Formula,
    _ width: Formula
  ) -> [Work] {
    let rows = stream.rows
    let numbers = rows * queries * states
    let norm = Normalization("norm", [width], weight: false, vectors: states)
    let softmax =
      ReferenceAlgorithms.softmax(numbers) + OperationCounts([.multiply: numbers])
    let scores = Work(
      "scores",
      Product(part, role: .scores, copies: rows, rows: queries, inner: width, columns: states))
    let values = Work(
      "values",
      Product(part, role: .values, copies: rows, rows: queries, inner: states, columns: width))
    return [norm.work(rows: rows), scores, Work("softmax", Elementwise(.softmax, softmax)), values]
      + (stream.workload.phase == .train ? [scores.inBackwardAlone] : [])
  }
}
