package import Symbolic

/// An affine map from `[T, input]` to `[T, output]`, or a linear one without a bias.
package struct Linear: Hashable, Sendable {
  /// The path of its tensors inside the module.
  package var name: String
  /// The width of what goes in.
  package var input: Formula
  /// The width of what comes out.
  package var output: Formula
  /// Whether a bias `[output]` is added.
  package var hasBias: Bool
  /// Whether the weight is stored `[input, output]`, as GPT-2 does, and not `[output, input]`.
  package var isTransposed: Bool
  /// Whether the weight is stored under the name of the map itself.
  package var isBare = false
  /// The path of the bias inside the module, where it does not stand beside the weight.
  package var ownBiasName: String?
  /// What its weight is multiplied with when a model is loaded, if anything; no pass computes it.
  package var loadScale: Constant?

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

  /// The name of the weight.
  package var weightName: String { isBare ? name : "\(name).weight" }

  /// The name of the bias, if there is one.
  package var biasName: String { ownBiasName ?? "\(name).bias" }

  /// The tensors: the weight, then the bias `[output]` if there is one.
  package func weights(_ part: Part) -> [Weight] {
    let shape = isTransposed ? [input, output] : [output, input]
    var weight = Weight(weightName, shape, part)
    weight.isMap = true
    return hasBias ? [weight, Weight(biasName, [output], part)] : [weight]
  }
}

extension Sequence where Element == Linear {
  /// The tensors of every map, in order.
  package func weights(_ part: Part) -> [Weight] { flatMap { $0.weights(part) } }
}

/// An affine map of each head by itself: `heads` maps from `[T, input]` to `[T, output]`.
///
/// What goes in, and what comes out, stands head by head in the row.
package struct HeadwiseLinear: Hashable, Sendable {
  /// The name under which the product is listed.
  package var name: String
  /// The number of heads.
  package var heads: Formula
  /// The widths of one head.
  package var input: Formula
  /// The width of what comes out, for one head.
  package var output: Formula
  /// The maps of all heads, one after the other.
  package var weight: Weight
  /// `[heads, output]`, if there is one.
  package var bias: Weight?
  /// Whether each map is stored `[input, output]`, and not `[output, input]`.
  package var isTransposed: Bool
  /// Whether all heads have the same map.
  package var isShared = false

  /// - `tensors`: the names of the weight, and of the bias if there is one.
  package init(
    _ name: String, heads: Formula, _ input: Formula, _ output: Formula,
    tensors: (weight: String, bias: String?), _ part: Part, transposed: Bool = false
  ) {
    self.name = name
    self.heads = heads
    self.input = input
    self.output = output
    weight = Weight(
      tensors.weight, transposed ? [heads, input, output] : [heads, output, input], part)
    weight.isMap = true
    bias = tensors.bias.map { Weight($0, [heads, output], part) }
    isTransposed = transposed
  }

  /// One map for all heads, stored `[input, output]`.
  package init(
    sharing name: String, heads: Formula, _ input: Formula, _ output: Formula, _ part: Part
  ) {
    self.name = name
    self.heads = heads
    self.input = input
    self.output = output
    weight = Weight(name, [input, output], part)
    weight.isMap = true
    isTransposed = true
    isShared = true
  }

  /// The weight, and the bias where there is one.
  package var weights: [Weight] { [weight] + (bias.map { [$0] } ?? []) }
}

/// A map of a whole row, or one of each head by itself.
package enum RowMap: Hashable, Sendable {
  case whole(Linear)
  case headwise(HeadwiseLinear)

  /// The tensors of the map; a headwise one has a part of its own.
  package func weights(_ part: Part) -> [Weight] {
    switch self {
    case .whole(let map): map.weights(part)
    case .headwise(let map): map.weights
    }
  }
}
