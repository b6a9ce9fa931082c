import CKernels

/// Loops over rows of elements, each on the thread that calls it.
///
/// Input and output may be the same memory, but may not overlap otherwise. A result does not depend on
/// where its elements stand in memory or, unless it is of a whole row, in their row.
package enum Vectors {
  /// Elements that a loop reads.
  package typealias Input = UnsafePointer<Float>
  /// Elements that a loop writes.
  package typealias Output = UnsafeMutablePointer<Float>

  /// y = y + x.
  package static func add(
    _ x: Input, into y: Output, count: Int, instructions: InstructionSet = .best
  ) {
    instructions.loops.add(x, y, y, count)
  }

  /// y = y · x, number by number.
  package static func multiply(
    _ x: Input, into y: Output, count: Int, instructions: InstructionSet = .best
  ) {
    instructions.loops.multiply(x, y, y, count)
  }

  /// y = y · factor.
  package static func scale(
    _ y: Output, by factor: Float, count: Int, instructions: InstructionSet = .best
  ) {
    instructions.loops.scale(y, factor, y, count)
  }

  /// y = y + x · factor.
  package static func addScaled(
    _ x: Input, by factor: Float, into y: Output, count: Int,
    instructions: InstructionSet = .best
  ) {
    instructions.loops.add_scaled(x, factor, y, count)
  }

  /// The sum of x · y.
  package static func dot(
    _ x: Input, _ y: Input, count: Int, instructions: InstructionSet = .best
  ) -> Float {
    instructions.loops.dot(x, y, count)
  }

  /// Turns each pair: a becomes a cos − b sin, and b becomes b cos + a sin.
  package static func rotate(
    _ first: Output, _ second: Output, cosines: Input, sines: Input, count: Int,
    instructions: InstructionSet = .best
  ) {
    instructions.loops.rotate(first, second, cosines, sines, count)
  }
}
