/// How time follows from work: `time = start + FLOPs / rate + bytes / bandwidth`.
///
/// The sum of squares of relative differences is least among all coefficients that are not negative,
/// as in `LineFit`. Rows that do not fit are taken out one by one, and the others fitted again.
package struct RunFit: Sendable {
  /// One run: its work, and how long it took in seconds.
  package struct Point: Sendable {
    package let flops: Double
    /// What it moves of memory; 0 where that is not counted.
    package let bytes: Double
    package let seconds: Double

    package init(flops: Double, bytes: Double, seconds: Double) {
      self.flops = flops
      self.bytes = bytes
      self.seconds = seconds
    }

    fileprivate var terms: [Double] { [1, flops, bytes] }
  }

  package private(set) var start = 0.0
  package private(set) var secondsPerFLOP = 0.0
  package private(set) var secondsPerByte = 0.0
  /// The places of the points that do not fit.
  package private(set) var outliers: Set<Int> = []

  /// How many times the median difference a point may lie off, and the share that is never too much.
  private static let (most, least) = (6.0, 0.1)

  package init(_ points: [Point]) {
    while true {
      fit(points.indices.filter { !outliers.contains($0) }.map { points[$0] })
      // At least half of the points decide what fits.
      guard (outliers.count + 1) * 2 <= points.count, points.count > 3 else { return }
      let rest = points.indices.filter { !outliers.contains($0) }
      let distances = rest.map { abs(residual(points[$0])) }
      let limit = max(Self.least, Self.most * distances.sorted()[distances.count / 2])
      guard let worst = zip(rest, distances).max(by: { $0.1 < $1.1 }), worst.1 > limit else {
        return
      }
      outliers.insert(worst.0)
    }
  }

  package func value(_ point: Point) -> Double {
    start + secondsPerFLOP * point.flops + secondsPerByte * point.bytes
  }

  /// How far a measured time lies above what is fitted, as a share of that.
  package func residual(_ point: Point) -> Double {
    let expected = value(point)
    return expected > 0 ? point.seconds / expected - 1 : 0
  }

  /// Of all choices of terms with no negative coefficient, the one with the least squares.
  private mutating func fit(_ points: [Point]) {
    var best = Double.infinity
    for choice in [[0, 1, 2], [0, 1], [1, 2], [0, 2], [1], [2], [0]]
    where choice.count <= points.count {
      guard let solved = Self.solve(points, choice), solved.allSatisfy({ $0 >= 0 }) else {
        continue
      }
      var all = [0.0, 0.0, 0.0]
      for (place, value) in zip(choice, solved) { all[place] = value }
      let error = points.map { point in
        let expected = zip(all, point.terms).map { $0 * $1 }.reduce(0, +)
        return (expected / point.seconds - 1) * (expected / point.seconds - 1)
      }.reduce(0, +)
      // A term more must explain something.
      guard error < best * 0.98 else { continue }
      best = error
      (start, secondsPerFLOP, secondsPerByte) = (all[0], all[1], all[2])
    }
  }

  /// The coefficients of some terms by the normal equations; nil where they do not follow.
  private static func solve(_ points: [Point], _ choice: [Int]) -> [Double]? {
    let scales = choice.map { place in points.map { $0.terms[place] }.max() ?? 0 }
    guard scales.allSatisfy({ $0 > 0 }) else { return nil }
    let size = choice.count
    var rows = [[Double]](repeating: [Double](repeating: 0, count: size + 1), count: size)
    for point in points {
      let terms = zip(choice, scales).map { point.terms[$0] / $1 / point.seconds }
      for row in 0..<size {
        for column in 0..<size { rows[row][column] += terms[row] * terms[column] }
        rows[row][size] += terms[row]
      }
    }
    for pivot in 0..<size {
      let best = (pivot..<size).max { abs(rows[$0][pivot]) < abs(rows[$1][pivot]) } ?? pivot
      rows.swapAt(pivot, best)
      guard abs(rows[pivot][pivot]) > 1e-9 * Double(points.count) * 1e-6 else { return nil }
      for row in 0..<size where row != pivot {
        let factor = rows[row][pivot] / rows[pivot][pivot]
        for column in pivot...size { rows[row][column] -= factor * rows[pivot][column] }
      }
    }
    return (0..<size).map { rows[$0][size] / rows[$0][$0] / scales[$0] }
  }
}
