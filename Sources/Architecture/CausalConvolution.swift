package import Symbolic

/// A causal convolution over each channel of a sequence by itself.
package struct CausalConvolution: Hashable, Sendable {
  /// The path of its tensors inside the module.
  package var name: String
  /// The channels, each convolved by itself.
  package var channels: Formula
  /// The positions that one output sees.
  package var kernel: Formula
  /// Whether a bias `[channels]` is added.
  package var hasBias: Bool
  /// Whether one token is multiplied element by element with the inputs before it, and several
  /// tokens see none of these.
  package var forgetsPast = false

  /// How far apart the inputs are that one output sees.
  package var dilation: Formula = 1
  /// Whether a pass computes one position for each token, and none of its padding.
  package var skipsPadding = false

  package init(
    _ name: String, channels: Formula, kernel: Formula, bias: Bool
  ) {
    self.name = name
    self.channels = channels
    self.kernel = kernel
    hasBias = bias
  }

  /// The tensors: `[channels, 1, kernel]`, and a bias `[channels]` if there is one.
  package func weights(_ part: Part) -> [Weight] {
    let weight = Weight("\(name).weight", [channels, 1, kernel], part)
    return hasBias ? [weight, Weight("\(name).bias", [channels], part)] : [weight]
  }
}
