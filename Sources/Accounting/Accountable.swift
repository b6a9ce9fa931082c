import Architecture
import Symbolic

/// A part of a model that states what it executes for a stream of tokens.
///
/// Parts state extents, never totals: the two operations of a multiply-add are counted once, in
/// `Product`, and the algorithms of element-wise work once, in `ReferenceAlgorithms`.
protocol Accountable {
  /// Everything executed for one layer that has the part.
  func work(over stream: Stream) -> [Work]
}

extension Linear {
  /// The product with the weight, and the addition of the bias.
  func work(_ part: Product.Part, rows: Formula) -> [Work] {
    let product = Product(
      part, rows: rows, inner: input, columns: output, isLearned: true)
    let bias = Elementwise(.bias, [.add: rows * output])
    return [Work(name, product)] + (hasBias ? [Work(name, bias)] : [])
  }
}

extension Sequence where Element == Linear {
  func work(_ part: Product.Part, rows: Formula) -> [Work] {
    flatMap { $0.work(part, rows: rows) }
  }
}

extension Normalization {
  /// The norm of every token of a stream.
  func work(rows: Formula, _ category: Elementwise.Category = .norms) -> Work {
    let width = shape.last ?? 1
    let counts = ReferenceAlgorithms.norm(
      self, vectors: rows * vectors * groups, width: width / groups)
    return Work(name.replacing(".#", with: ""), Elementwise(category, counts))
  }
}

extension Module {
  /// Everything executed for a stream of tokens; `filling` says what only the data decide.
  func work(over stream: Stream, filling: MixtureOfExperts.Filling = .all) -> [Work] {
    switch self {
    case .embedding, .depthRouter: []
    case .normalization(let module): [module.work(rows: stream.rows)]
    case .linear(let module): module.work(.mixer, rows: stream.rows)
    case .head(let module, _): module.work(.head, rows: stream.rows)
    case .selfAttention(let module): module.work(over: stream)
    case .latentAttention(let module): ProgramWork(stream).work(of: module.program).map(\.0)
    case .compressedAttention(let module):
      ProgramWork(stream).work(of: module.program).map(\.0)
    case .feedForward(let module):
      module.work(.denseFeedForward, rows: stream.rows, runs: stream.runs)
    case .mixtureOfExperts(let module): module.work(over: stream, filling: filling)
    case .mixer(let module): module.work(over: stream)
    case .recurrent(let module): ProgramWork(stream).work(of: module.program).map(\.0)
    // It is lowered, and never counts as a whole.
    case .stream: []
    }
  }

  /// The numbers that one layer's attention has cached after the pass.
  func cacheElements(after stream: Stream) -> Formula {
    switch self {
    case .selfAttention(let module): module.cacheElements(after: stream)
    case .latentAttention(let module): module.cacheElements(after: stream)
    case .compressedAttention(let module): module.cacheElements(after: stream)
    default: .zero
    }
  }
}
