package import Symbolic

/// A causal convolution over each channel whose kernel is the sum of a fixed one and one of the
/// token.
///
/// A map from `[T, d]` gives `kernel` weights for each head, which all its channels share. What
/// comes out is added to what went in, over a constant.
///
/// - Source: Thinking Machines 2026 (Inkling 2), the convolutions of full attention.
package struct DynamicConvolution: Hashable, Sendable {
  package var name: String
  package var input: Formula
  package var heads: Formula
  package var channels: Formula
  package var kernel: Formula

  package init(
    _ name: String, of input: Formula, heads: Formula, channels: Formula, kernel: Formula
  ) {
    self.name = name
    self.input = input
    self.heads = heads
    self.channels = channels
    self.kernel = kernel
  }

  package var weights: [Weight] {
    [
      Weight("\(name).static_w", [kernel, channels], .attention),
      Weight("\(name).weight_proj", [heads * kernel, input], .attention),
    ]
  }
}
