/// The line `y = intercept + slope · x` with the least sum of squares of relative differences.
///
/// Times of a ladder span orders of magnitude, and are as uncertain as they are long.
package struct LineFit: Hashable, Sendable {
  /// The value at x = 0.
  package let intercept: Double
  /// The rise of y for each unit of x.
  package let slope: Double

  /// Two points or more that do not stand above each other; with fewer, a line through zero.
  package init(_ points: [(x: Double, y: Double)]) {
    var (s, sx, sy, sxx, sxy) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for point in points where point.y > 0 {
      let weight = 1 / (point.y * point.y)
      s += weight
      sx += weight * point.x
      sy += weight * point.y
      sxx += weight * point.x * point.x
      sxy += weight * point.x * point.y
    }
    let determinant = s * sxx - sx * sx
    guard determinant > 1e-12 * s * sxx else {
      intercept = 0
      slope = sxx > 0 ? sxy / sxx : 0
      return
    }
    slope = (s * sxy - sx * sy) / determinant
    intercept = (sxx * sy - sx * sxy) / determinant
  }

  /// The value of the line at a point.
  package func value(_ x: Double) -> Double { intercept + slope * x }

  /// How far a measured value lies above the line, as a share of the line.
  package func residual(_ x: Double, _ y: Double) -> Double {
    let expected = value(x)
    return expected > 0 ? y / expected - 1 : 0
  }
}
