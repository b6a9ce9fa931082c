/// A causal convolution with a path around it: what goes in is added to what comes out.
///
/// - Source: Thinking Machines 2026 (Inkling), `conv_kernel_size`.
package struct SkipConvolution: Hashable, Sendable {
  /// Where the kernel comes from.
  package enum Kernel: Hashable, Sendable {
    case fixed(CausalConvolution)
    /// A sum of one kernel for all tokens and one of the token.
    case dynamic(DynamicConvolution)
  }

  /// The convolution.
  package var kernel: Kernel
  /// What the sum is divided by, if anything.
  package var divisor: Constant?

  package init(_ kernel: Kernel, divisor: Constant? = nil) {
    self.kernel = kernel
    self.divisor = divisor
  }

  /// The tensors of the convolution; a dynamic one has a part of its own.
  package func weights(_ part: Part) -> [Weight] {
    switch kernel {
    case .fixed(let convolution): convolution.weights(part)
    case .dynamic(let convolution): convolution.weights
    }
  }
}
