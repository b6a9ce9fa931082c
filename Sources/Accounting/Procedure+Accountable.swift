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
    case .bias(let width): [Work("bias", Elementwise(.bias, [.add: stream.rows * width]))]
    case .sum(let width): [Work("sum", Elementwise(.residual, [.add: stream.rows * width]))]
    }
  }
}
