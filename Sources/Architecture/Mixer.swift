package import Symbolic

/// A sequence mixer that is not softmax attention: it carries a state instead of a cache.
package struct Mixer: Hashable, Sendable {
  /// The algorithm.
  package enum Kind: String, Hashable, Sendable {
    /// A causal convolution and nothing else.
    case shortConvolution = "conv"
    /// Receptance-weighted key-value mixing. Source: Peng et al. 2023.
    case receptance = "rwkv"
    /// Anything else, of which only the tensors are known.
    case other
  }

  package var kind: Kind
  package var part: Part
  /// The projections.
  package var linears: [Linear]
  package var convolutions: [CausalConvolution]
  /// Norms inside the module.
  package var norms: [Normalization]
  /// Decay tables, time-step biases: every other tensor.
  package var vectors: [Weight]
  /// How the state is carried on; nil where only the tensors are known.
  package var recurrence: Recurrence?
  /// The heads of a gate on the output, where `z` gates it before or after its norm.
  package var gatedWidth: Formula = 0
  /// What it does beside all of that.
  package var procedure: Procedure?
  /// The name of the function of that gate.
  package var gateActivation = "silu"

  package init(
    _ kind: Kind, part: Part = .mixer, linears: [Linear], convolutions: [CausalConvolution] = [],
    norms: [Normalization] = [], vectors: [Weight], recurrence: Recurrence? = nil,
    gatedWidth: Formula = 0
  ) {
    self.kind = kind
    self.part = part
    self.linears = linears
    self.convolutions = convolutions
    self.norms = norms
    self.vectors = vectors
    self.recurrence = recurrence
    self.gatedWidth = gatedWidth
  }

  package var weights: [Weight] {
    linears.weights(part) + convolutions.flatMap { $0.weights(part) }
      + norms.flatMap { $0.weights(part) } + vectors
  }
}
