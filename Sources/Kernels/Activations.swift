import CKernels

/// Functions of each number, without NaN for any number or infinity.
///
/// Errors are a few units in the last place of the result; those of `tanhGelu`, where the result is
/// smaller than |x|/32, of |x|/32.
extension Vectors {
  /// exp(x), with zero and infinity where the result is no finite float.
  package static func exponential(
    _ x: Input, into y: Output, count: Int, instructions: InstructionSet = .best
  ) {
    instructions.loops.exponential(x, y, count)
  }

  /// 1 / (1 + exp(−x)).
  package static func sigmoid(
    _ x: Input, into y: Output, count: Int, instructions: InstructionSet = .best
  ) {
    instructions.loops.sigmoid(x, y, count)
  }

  /// x / (1 + exp(−x)).
  package static func silu(
    _ x: Input, into y: Output, count: Int, instructions: InstructionSet = .best
  ) {
    instructions.loops.silu(x, y, count)
  }

  /// silu(gate) · up.
  package static func silu(
    _ gate: Input, times up: Input, into y: Output, count: Int,
    instructions: InstructionSet = .best
  ) {
    instructions.loops.silu_times(gate, up, y, count)
  }

  /// The hyperbolic tangent.
  package static func tanh(
    _ x: Input, into y: Output, count: Int, instructions: InstructionSet = .best
  ) {
    instructions.loops.tanh(x, y, count)
  }

  /// x · Φ(x), with Φ of the normal distribution.
  package static func gelu(
    _ x: Input, into y: Output, count: Int, instructions: InstructionSet = .best
  ) {
    instructions.loops.gelu(x, y, count)
  }

  /// x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³))).
  package static func tanhGelu(
    _ x: Input, into y: Output, count: Int, instructions: InstructionSet = .best
  ) {
    instructions.loops.tanh_gelu(x, y, count)
  }

  /// ln(1 + exp(x)).
  package static func softplus(
    _ x: Input, into y: Output, count: Int, instructions: InstructionSet = .best
  ) {
    instructions.loops.softplus(x, y, count)
  }
}
