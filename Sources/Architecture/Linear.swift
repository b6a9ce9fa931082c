package import Symbolic

/// An affine map from `[T, input]` to `[T, output]`, or a linear one without a bias.
package struct Linear: Hashable, Sendable {
  package var name: String
  package var input: Formula
  package var output: Formula
  package var hasBias: Bool
  /// Whether the weight is stored `[input, output]`, as GPT-2 does, and not `[output, input]`.
  package var isTransposed: Bool

  package init(
    _ name: String, _ input: Formula, _ output: Formula, bias: Bool = false,
    transposed: Bool = false
  ) {
    self.name = name
    self.input = input
    self.output = output
    hasBias = bias
    isTransposed = transposed
  }

  /// The tensors: the weight, then the bias `[output]` if there is one.
  package func weights(_ part: Part) -> [Weight] {
    let shape = isTransposed ? [input, output] : [output, input]
    let weight = Weight("\(name).weight", shape, part)
    return hasBias ? [weight, Weight("\(name).bias", [output], part)] : [weight]
  }
}

extension Sequence where Element == Linear {
  /// The tensors of every map, in order.
  package func weights(_ part: Part) -> [Weight] { flatMap { $0.weights(part) } }
}

/// An affine map of each head by itself: `heads` maps from `[T, input]` to `[T, output]`.
///
/// Its weights are stacked in one tensor, which its module lists among its own.
package struct HeadwiseLinear: Hashable, Sendable {
  package var name: String
  package var heads: Formula
  package var input: Formula
  package var output: Formula
  package var hasBias: Bool

  package init(
    _ name: String, heads: Formula, _ input: Formula, _ output: Formula, bias: Bool = false
  ) {
    self.name = name
    self.heads = heads
    self.input = input
    self.output = output
    hasBias = bias
  }
}
