package import Symbolic

/// A normalization over the last axis.
package struct Normalization: Hashable, Sendable {
  /// What is computed from a vector `x`.
  package enum Kind: Hashable, Sendable {
    /// `w·x/√(mean(x²)+ε)`. Source: Zhang and Sennrich 2019, <https://arxiv.org/abs/1910.07467>.
    case rootMeanSquare
    /// `w·(x−mean(x))/√(var(x)+ε)+b`. Source: Ba et al. 2016, <https://arxiv.org/abs/1607.06450>.
    case layer
  }

  package var name: String
  package var kind: Kind
  /// The shape of the weight: the width, or several axes where each head has a vector.
  package var shape: [Formula]
  package var hasWeight: Bool
  package var hasBias: Bool
  /// How many norms of this name there are, with `#` for their number, one for each head.
  package var copies: Formula
  /// How many vectors of one token it normalizes: heads, where each has its own.
  package var vectors: Formula
  /// The equal parts of a vector that are normalized each by itself, under one weight.
  package var parts: Formula = 1

  package init(
    _ name: String, _ shape: [Formula], _ kind: Kind = .rootMeanSquare, weight: Bool = true,
    bias: Bool = false, copies: Formula = 1, vectors: Formula = 1
  ) {
    self.name = name
    self.kind = kind
    self.shape = shape
    hasWeight = weight
    hasBias = bias
    self.copies = copies
    self.vectors = vectors
  }

  /// The tensors: weight and bias, each of the norm's shape, where it has them.
  package func weights(_ part: Part = .norms) -> [Weight] {
    (hasWeight ? [Weight("\(name).weight", shape, part, copies: copies)] : [])
      + (hasBias ? [Weight("\(name).bias", shape, part, copies: copies)] : [])
  }
}
