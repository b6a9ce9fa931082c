/// A module of no common kind: tensors, and perhaps a procedure that says what is done with them.
package struct Mixer: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable {
    /// A causal convolution and nothing else.
    case shortConvolution = "conv"
    /// Anything else, of which only the tensors are known.
    case other
  }

  package var kind: Kind
  package var part: Part
  /// The projections.
  package var linears: [Linear]
  package var convolutions: [CausalConvolution]
  /// Every other tensor.
  package var vectors: [Weight]
  /// What it does beside its projections and convolutions.
  package var procedure: Procedure?

  package init(
    _ kind: Kind, part: Part = .mixer, linears: [Linear], convolutions: [CausalConvolution] = [],
    vectors: [Weight]
  ) {
    self.kind = kind
    self.part = part
    self.linears = linears
    self.convolutions = convolutions
    self.vectors = vectors
  }

  package var weights: [Weight] {
    linears.weights(part) + convolutions.flatMap { $0.weights(part) } + vectors
  }
}
