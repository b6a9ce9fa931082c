import Architecture
import Symbolic

extension Procedure {
  func work(_ part: Product.Part, over stream: Stream) -> [Work] {
    switch self {
    case .activation(let name, let width):
      [
        Work(
          "activation",
          Elementwise(
            .mixer, stream.rows * width * (ReferenceAlgorithms.activation(name) ?? .none)))
      ]
    }
  }
}
