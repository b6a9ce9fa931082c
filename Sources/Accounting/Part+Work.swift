import Architecture
import Symbolic

extension Linear {
  /// The product with the weight, and the addition of the bias.
  func work(_ part: Product.Part, rows: Formula) -> [Work] {
    let product = Product(
      part, rows: rows, inner: input, columns: output, isLearned: true)
    let bias = Elementwise(.bias, [.add: rows * output])
    return [Work(name, product)] + (hasBias ? [Work(name, bias)] : [])
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
  /// The elements that one layer's attention has cached after the pass.
  func cacheElements(after stream: Stream) -> Formula {
    switch self {
    case .selfAttention(let module): module.cacheElements(after: stream)
    case .latentAttention(let module): module.cacheElements(after: stream)
    case .compressedAttention(let module): module.cacheElements(after: stream)
    case .embedding, .normalization, .linear, .head, .feedForward, .mixtureOfExperts,
      .depthRouter, .idle, .recurrent, .stream:
      .zero
    }
  }
}
