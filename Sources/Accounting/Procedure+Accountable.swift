import Architecture
import Symbolic

extension Procedure {
  /// The numbers carried to the next token of one sequence.
  var stateSize: Formula {
    switch self {
    case .convolvedHeads(let heads): heads.stateSize
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
    case .bias(let width): [Work("bias", Elementwise(.bias, [.add: stream.rows * width]))]
    case .gate(let name, let width):
      [
        Work(
          "activation",
          Elementwise(
            .mixer,
            stream.rows * width
              * ((ReferenceAlgorithms.activation(name) ?? .none) + OperationCounts([.multiply: 1])))
        )
      ]
    case .laurel(let width):
      [
        Work(
          "residual",
          Elementwise(
            .residual, [.add: 2 * stream.rows * width, .divide: stream.rows * width]))
      ]
    case .norm(let norm): [norm.work(rows: stream.rows)]
    case .affine(let streams, let width):
      [
        Work(
          "scale",
          Elementwise(
            .residual,
            [
              .add: stream.rows * streams * width, .multiply: stream.rows * streams * width,
            ]))
      ]
    case .convolvedHeads(let heads): heads.work(part, over: stream)
    case .alternatingUpdate(let update): update.work(part, over: stream)
    case .hyperConnection(let connection): connection.work(part, over: stream)
    case .streamMix(let mix): mix.work(over: stream)
    case .ngrams(let injection): injection.work(part, over: stream)
    case .copies(let streams, let width, let averages):
      [Work("copies", copies(streams, width, averages, rows: stream.rows))]
    case .sum(let width): [Work("sum", Elementwise(.residual, [.add: stream.rows * width]))]
    }
  }
}

extension Procedure {
  private func copies(
    _ streams: Formula, _ width: Formula, _ averages: Bool, rows: Formula
  ) -> Elementwise {
    let (others, numbers) = (rows * (streams - 1), rows * width)
    // The root mean square of each stream; of the others a factor, and the quotient.
    return Elementwise(
      .mixer,
      [
        .multiply: rows * streams * width + others * width,
        .add: rows * streams * width + (averages ? streams * numbers : 0),
        .divide: rows * streams + others * width + (averages ? numbers : 0),
        .sqrt: rows * streams, .compare: others,
      ])
  }
}
