import CKernels

/// Functions of a whole row.
extension Vectors {
  /// exp(x · scale), divided by the sum of all; −∞ becomes 0, also where there is nothing else.
  package static func softmax(
    _ x: Input, scale: Float = 1, into y: Output, count: Int,
    instructions: InstructionSet = .best
  ) {
    guard count > 0 else { return }
    instructions.loops.softmax(x, scale, y, count)
  }

  /// x / √(mean of x² + epsilon), times a weight if there is one.
  package static func rootMeanSquareNorm(
    _ x: Input, weight: Input? = nil, epsilon: Float, into y: Output, count: Int,
    instructions: InstructionSet = .best
  ) {
    let loops = instructions.loops
    let mean = loops.squares(x, 0, count) / Float(count)
    loops.normalize(x, 0, 1 / (mean + epsilon).squareRoot(), weight, nil, y, count)
  }

  /// (x − mean) / √(variance + epsilon), times a weight and plus a bias if there are any.
  package static func layerNorm(
    _ x: Input, weight: Input? = nil, bias: Input? = nil, epsilon: Float, into y: Output,
    count: Int, instructions: InstructionSet = .best
  ) {
    let loops = instructions.loops
    let mean = loops.sum(x, count) / Float(count)
    let variance = loops.squares(x, mean, count) / Float(count)
    loops.normalize(x, mean, 1 / (variance + epsilon).squareRoot(), weight, bias, y, count)
  }
}
