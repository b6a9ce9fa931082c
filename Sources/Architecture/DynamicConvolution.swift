package import Symbolic

/// A causal convolution over each channel whose kernel is the sum of a fixed one and one of the
/// token.
///
/// A map from `[T, d]` gives `kernel` weights for each head, which all its channels share. The first
/// weight of a kernel is that of the token itself, the next that of the token before.
///
/// - Source: Thinking Machines 2026 (Inkling 2), the convolutions of full attention.
package struct DynamicConvolution: Hashable, Sendable {
  /// The path of its tensors inside the module.
  package var name: String
  /// The heads; all channels of one head share the kernel of the token.
  package var heads: Formula
  /// The channels, a multiple of the heads.
  package var channels: Formula
  /// The positions that one output sees, the token's own included.
  package var kernel: Formula
  /// From `[T, d]` to the kernels of the heads.
  package var map: Linear
  /// The kernel of all tokens, `[kernel, channels]`.
  package var fixed: Weight

  package init(
    _ name: String, of input: Formula, heads: Formula, channels: Formula, kernel: Formula
  ) {
    self.name = name
    self.heads = heads
    self.channels = channels
    self.kernel = kernel
    map = Linear("\(name).weight_proj", input, heads * kernel)
    map.isBare = true
    fixed = Weight("\(name).static_w", [kernel, channels], .attention)
  }

  /// The fixed kernel, and the map to those of the tokens.
  package var weights: [Weight] { [fixed] + map.weights(.attention) }
}
