#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How time follows from work, part by part: `time = start + Σ FLOPs / rate + Σ bytes / bandwidth`.
///
/// FLOPs are one term, or one for each part of the work; bytes are one, or those of weights and of
/// caches. The sum of squares of relative differences is least among all coefficients that are not
/// negative, as in `LineFit`. Which terms there are is decided by Akaike's criterion, corrected for
/// few runs (Hurvich and Tsai 1989). Rows that do not fit are taken out one by one, and the others
/// fitted again.
package struct RunFit: Sendable {
  /// What time may follow from.
  package enum Term: String, CaseIterable, Hashable, Sendable {
    /// One for each run.
    case start
    case flops
    /// Products with weights but those of routed experts, and the element-wise work beside them.
    case denseFLOPs = "dense_flops"
    /// Scores, softmax and values of attention.
    case attentionFLOPs = "attention_flops"
    case expertFLOPs = "expert_flops"
    case bytes
    case weightBytes = "weight_bytes"
    /// Keys, values and states.
    case cacheBytes = "cache_bytes"

    fileprivate static let wholeWork: Set<Term> = [.flops]
    fileprivate static let partsOfWork: Set<Term> = [.denseFLOPs, .attentionFLOPs, .expertFLOPs]
    fileprivate static let wholeTraffic: Set<Term> = [.bytes]
    fileprivate static let partsOfTraffic: Set<Term> = [.weightBytes, .cacheBytes]
  }

  /// One run: its work, and how long it took.
  package struct Point: Sendable {
    /// The amount of each term: 1 for the start, FLOPs or bytes; 0 where nothing is counted.
    package let amounts: [Term: Double]
    /// How long it took, in seconds; above 0.
    package let seconds: Double

    package init(amounts: [Term: Double], seconds: Double) {
      self.amounts = amounts.merging([.start: 1]) { $1 }
      self.seconds = seconds
    }

    /// The amount of a term: 1 for the start, FLOPs or bytes.
    package subscript(term: Term) -> Double { amounts[term] ?? 0 }
  }

  /// Seconds for one of each term; a term without one takes no time, or none that shows.
  package private(set) var coefficients: [Term: Double] = [:]
  /// The indices of the points that do not fit.
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

  /// The seconds that follow from the work of a run.
  package func value(_ point: Point) -> Double {
    // In one order, so that the last digits are the same each time.
    Term.allCases.reduce(0) { $0 + (coefficients[$1] ?? 0) * point[$1] }
  }

  /// How far a measured time lies above what is fitted, as a share of that.
  package func residual(_ point: Point) -> Double {
    let expected = value(point)
    return expected > 0 ? point.seconds / expected - 1 : 0
  }

  /// Every choice of terms that does not count the same work twice, those of fewer terms first.
  private static let choices: [[Term]] = {
    func subsets(_ terms: Set<Term>) -> [Set<Term>] {
      terms.reduce([[]]) { sets, term in sets + sets.map { $0.union([term]) } }
    }
    var choices: [Set<Term>] = []
    for start in subsets([.start]) {
      for work in subsets(Term.wholeWork) + subsets(Term.partsOfWork).dropFirst() {
        for traffic in subsets(Term.wholeTraffic) + subsets(Term.partsOfTraffic).dropFirst() {
          choices.append(start.union(work).union(traffic))
        }
      }
    }
    let ordered = choices.filter { !$0.isEmpty }.map { choice in
      Term.allCases.filter { choice.contains($0) }
    }
    let places = Dictionary(
      uniqueKeysWithValues: Term.allCases.enumerated().map { ($1, $0) })
    return ordered.sorted { one, other in
      one.count == other.count
        ? one.compactMap { places[$0] }.lexicographicallyPrecedes(other.compactMap { places[$0] })
        : one.count < other.count
    }
  }()

  /// Of all choices of terms with no negative coefficient, the one that explains best for its size.
  private mutating func fit(_ points: [Point]) {
    var best = Double.infinity
    coefficients = [:]
    for choice in Self.choices where choice.count <= max(1, points.count - 2) {
      guard let solved = Self.solve(points, choice), solved.allSatisfy({ $0 >= 0 }) else {
        continue
      }
      let all = Dictionary(uniqueKeysWithValues: zip(choice, solved))
      let squares = points.map { point in
        let expected = zip(choice, solved).reduce(0) { $0 + point[$1.0] * $1.1 }
        return (expected / point.seconds - 1) * (expected / point.seconds - 1)
      }.reduce(0, +)
      let (runs, terms) = (Double(points.count), Double(choice.count))
      // Times have no more than nine digits that mean something.
      let criterion =
        runs * log(max(squares / runs, 1e-18)) + 2 * terms
        + 2 * terms * (terms + 1) / max(1, runs - terms - 1)
      guard criterion < best else { continue }
      best = criterion
      coefficients = all
    }
  }

  /// The coefficients of some terms by the normal equations; nil where they do not follow.
  private static func solve(_ points: [Point], _ choice: [Term]) -> [Double]? {
    let scales = choice.map { term in points.map { $0[term] }.max() ?? 0 }
    guard scales.allSatisfy({ $0 > 0 }) else { return nil }
    let size = choice.count
    var rows = [[Double]](repeating: [Double](repeating: 0, count: size + 1), count: size)
    for point in points {
      let terms = zip(choice, scales).map { point[$0] / $1 / point.seconds }
      for row in 0..<size {
        for column in 0..<size { rows[row][column] += terms[row] * terms[column] }
        rows[row][size] += terms[row]
      }
    }
    let largest = (0..<size).map { rows[$0][$0] }.max() ?? 0
    for pivot in 0..<size {
      let best = (pivot..<size).max { abs(rows[$0][pivot]) < abs(rows[$1][pivot]) } ?? pivot
      rows.swapAt(pivot, best)
      // Terms that grow together say nothing of each other.
      guard abs(rows[pivot][pivot]) > 1e-12 * largest else { return nil }
      for row in 0..<size where row != pivot {
        let factor = rows[row][pivot] / rows[pivot][pivot]
        for column in pivot...size { rows[row][column] -= factor * rows[pivot][column] }
      }
    }
    return (0..<size).map { rows[$0][size] / rows[$0][$0] / scales[$0] }
  }
}
