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

  /// What a norm inside attention normalizes.
  package enum Subject: Hashable, Sendable {
    case queries, keys, values
    /// One norm with one weight for both.
    case queriesAndKeys
    /// What the heads return, before its map.
    case output
  }

  /// The path of its tensors inside the module.
  package var name: String
  /// What is computed.
  package var kind: Kind
  /// The shape of the weight: the width, or several axes where each head has a vector.
  package var shape: [Formula]
  /// Whether the result is multiplied with a learned weight.
  package var hasWeight: Bool
  /// Whether a learned bias is added.
  package var hasBias: Bool
  /// How many norms of this name there are, with `#` for their number, one for each head.
  package var copies: Formula
  /// How many vectors of one token it normalizes: heads, where each has its own.
  package var vectors: Formula
  /// How many parts of each vector are normalized by themselves.
  package var groups: Formula = 1
  /// *ε* under the root; nil until the description says it.
  package var epsilon: Constant?
  /// Whether the weight is stored without the one that is added to it.
  package var addsOne = false
  /// Whether its weight is whole, in a family whose other norms add one.
  package var isPlain = false
  /// What it normalizes, if it stands inside attention.
  package var subject: Subject?
  /// What its answer is gated by, if by anything.
  package var gate: NormGate?

  package init(
    _ name: String, _ shape: [Formula], _ kind: Kind = .rootMeanSquare, weight: Bool = true,
    bias: Bool = false, copies: Formula = 1, vectors: Formula = 1, of subject: Subject? = nil
  ) {
    self.subject = subject
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
      + (gate?.maps.weights(part) ?? [])
  }
}

/// A gate on the answer of a norm, of low rank: `y·σ(up·silu(down·y))`.
///
/// - Source: SK Telecom 2026 (A.X K2), `gated_norm_rank`.
package struct NormGate: Hashable, Sendable {
  /// The path of the norm that has it.
  package var name: String
  /// From the normalized vector to the rank of the gate.
  package var down: Linear
  /// From that rank back to the width of the vector.
  package var up: Linear

  package init(_ name: String, down: Linear, up: Linear) {
    self.name = name
    self.down = down
    self.up = up
  }

  /// Both maps.
  package var maps: [Linear] { [down, up] }
}
