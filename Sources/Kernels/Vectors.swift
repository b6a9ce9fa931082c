import CKernels

/// Element-wise loops over numbers that follow each other.
///
/// The results do not depend on where the numbers stand in memory.
package enum Vectors {
  package typealias Numbers = UnsafeMutablePointer<Float>

  private static var loops: ck_loops { Loops.best.table }

  /// `x ← 1/(1 + e^−x)`.
  package static func sigmoid(_ x: Numbers, count: Int) { loops.sigmoid(x, count) }

  /// `x ← x/(1 + e^−x)`.
  package static func silu(_ x: Numbers, count: Int) { loops.silu(x, count) }

  /// `y ← g/(1 + e^−g) · u`.
  package static func siluTimes(_ g: Numbers, _ u: Numbers, into y: Numbers, count: Int) {
    loops.silu_times(g, u, y, count)
  }

  /// `x ← ½·x·(1 + erf(x/√2))`, within 2·10⁻⁷ of |x|.
  package static func gelu(_ x: Numbers, count: Int) { loops.gelu(x, count) }

  /// `x ← ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))`.
  package static func tanhGelu(_ x: Numbers, count: Int) { loops.tanh_gelu(x, count) }

  package static func tanh(_ x: Numbers, count: Int) { loops.tanh(x, count) }

  /// `x ← c·tanh(x/c)`.
  package static func bound(_ x: Numbers, by limit: Float, count: Int) {
    loops.bound(x, limit, count)
  }

  /// The softmax of `scale · x`, in place; −∞ becomes 0.
  package static func softmax(_ x: Numbers, count: Int, scale: Float) {
    loops.softmax(x, count, scale)
  }

  /// `y ← w·x/√(mean(x²) + ε)`.
  package static func rootMeanSquareNorm(
    _ x: Numbers, weight: Numbers?, count: Int, epsilon: Float, into y: Numbers
  ) {
    loops.root_mean_square_norm(x, weight, count, epsilon, y)
  }

  /// `y ← w·(x − mean(x))/√(var(x) + ε) + b`.
  package static func layerNorm(
    _ x: Numbers, weight: Numbers?, bias: Numbers?, count: Int, epsilon: Float, into y: Numbers
  ) {
    loops.layer_norm(x, weight, bias, count, epsilon, y)
  }

  /// `y ← y + x`.
  package static func add(_ x: Numbers, into y: Numbers, count: Int) { loops.add(x, y, count) }

  /// `y ← y · x`.
  package static func multiply(_ x: Numbers, into y: Numbers, count: Int) {
    loops.multiply(x, y, count)
  }

  /// `y ← y · factor`.
  package static func scale(_ y: Numbers, by factor: Float, count: Int) {
    loops.scale(y, factor, count)
  }

  /// `y ← y + x · factor`.
  package static func addScaled(_ x: Numbers, _ factor: Float, into y: Numbers, count: Int) {
    loops.add_scaled(x, factor, y, count)
  }

  /// `Σ x·y`.
  package static func dot(_ x: Numbers, _ y: Numbers, count: Int) -> Float {
    loops.dot(x, y, count)
  }

  /// `a ← a·c − b·s` and `b ← b·c + a·s`.
  package static func rotate(
    _ a: Numbers, _ b: Numbers, cosines: Numbers, sines: Numbers, count: Int
  ) {
    loops.rotate(a, b, cosines, sines, count)
  }

  /// Numbers `first…` of an endless row of random ones, uniform in `[−scale, scale)`.
  ///
  /// Number *i* is 24 bits of a hash of the key and *i*, so that it is the same whatever is made
  /// before it, and on every machine.
  package static func fillUniform(
    _ start: Numbers, count: Int, key: UInt64, first: UInt64, scale: Float
  ) {
    loops.fill(start, count, key, first, scale)
  }
}
