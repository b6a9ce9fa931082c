package import Accounting
package import Architecture
package import Reference
package import Symbolic

/// What was executed beside what the formulas say, row by row.
package struct Comparison: Sendable {
  /// One kind of operation in one part of one layer.
  package struct Row: Hashable, Sendable {
    /// With the number of the layer, and `#` for the experts of a layer together.
    package let path: String
    package let operation: ScalarOperation
    /// What the formula says; where the data decide, what it says of the capacity.
    package let analytic: Rational
    /// The least and the most there can be, where the data decide.
    package let bounds: ClosedRange<Rational>?
    package let measured: Int128

    /// Whether it agrees with the rows of its layer on how much the data have decided.
    var isConsistent = true

    /// Whether the counts are equal, or where the data decide within the bounds.
    package var isEqual: Bool {
      let measured = Rational(measured)
      return bounds.map { isConsistent && $0.contains(measured) } ?? (analytic == measured)
    }

    /// How far above the least the count lies: 1 at the most there can be, or at what is expected.
    fileprivate func share(ofExpected: Bool) -> Rational? {
      guard let bounds, let least = try? bounds.lowerBound.negated(),
        let width = try? (ofExpected ? analytic : bounds.upperBound).adding(least),
        let above = try? Rational(measured).adding(least)
      else { return nil }
      return try? above.divided(by: width)
    }
  }

  package let rows: [Row]

  package var mismatches: [Row] { rows.filter { !$0.isEqual } }

  /// Joins the rows of a ledger with the tallies of a pass.
  ///
  /// A path that only one of them has is compared with zero.
  ///
  /// - Throws: `DescriptionError.arithmetic`.
  package init(
    _ model: Model, _ workload: Workload, _ tallies: [String: OperationTally]
  ) throws(DescriptionError) {
    let expected = OperationLedger(model, workload)
    let analytic = try expected.places()
    var bounds: [OperationLedger.Place: (least: Rational, most: Rational)] = [:]
    if expected.exactness != .exact {
      for (place, count) in try OperationLedger(model, workload, assuming: .none).places() {
        bounds[place] = (count, .zero)
      }
      for (place, count) in try OperationLedger(model, workload, assuming: .all).places() {
        bounds[place, default: (.zero, .zero)].most = count
      }
    }
    var measured: [OperationLedger.Place: Int128] = [:]
    let exact = Set(analytic.map(\.place.path))
    for (path, tally) in tallies {
      // A path that the ledger has as it is, keeps its numbers.
      let isExact = exact.contains(path)
      for operation in ScalarOperation.allCases {
        let count = tally[operation.kind]
        guard count != 0 else { continue }
        let own = OperationLedger.Place(path: path, operation: operation)
        let place = isExact ? own : own.joined(model)
        measured[place, default: 0] += Int128(count)
      }
    }
    var rows: [Row] = []
    for (place, count) in analytic {
      let range = bounds[place].flatMap { bound in
        bound.least <= bound.most && bound.least != bound.most ? bound.least...bound.most : nil
      }
      rows.append(
        Row(
          path: place.path, operation: place.operation, analytic: count, bounds: range,
          measured: measured.removeValue(forKey: place) ?? 0))
    }
    rows += measured.map { place, count in
      Row(
        path: place.path, operation: place.operation, analytic: .zero, bounds: nil,
        measured: count)
    }.sorted { ($0.path, $0.operation.rawValue) < ($1.path, $1.operation.rawValue) }
    // What the experts of a layer run for is one number of tokens, whatever it is. So many tokens
    // enter a routed layer while sampling, each after the same cache; elsewhere scores grow faster
    // than tokens, and at least either all parts run, or none.
    if expected.exactness != .exact {
      let samples =
        model.groups.allSatisfy { $0.layer.router?.choice != .token }
        && workload.phase == .decode
      var shares: [Substring: Rational] = [:]
      for index in rows.indices {
        guard var share = rows[index].share(ofExpected: samples) else { continue }
        if expected.exactness == .expected, !samples, share != .zero { share = .one }
        let layer = Self.layer(rows[index].path, model)
        rows[index].isConsistent = shares[layer, default: share] == share
        shares[layer] = shares[layer] ?? share
      }
    }
    self.rows = rows
  }

  /// The part of a path that names a layer.
  private static func layer(_ path: String, _ model: Model) -> Substring {
    let inside = path.dropFirst(model.layersPath.count + 1)
    return path[..<(inside.firstIndex(of: ".") ?? path.endIndex)]
  }

  /// All floating-point operations that were executed.
  package var measuredFLOPs: Int128 {
    rows.filter(\.operation.isFloatingPoint).map(\.measured).reduce(0, +)
  }
}

extension ScalarOperation {
  /// The kind under which the executor counts the operation.
  var kind: OperationKind {
    switch self {
    case .multiply: .multiply
    case .add: .add
    case .subtract: .subtract
    case .divide: .divide
    case .sqrt: .sqrt
    case .exp: .exp
    case .log: .log
    case .tanh: .tanh
    case .erf: .erf
    case .sin: .sin
    case .cos: .cos
    case .compare: .compare
    }
  }
}

extension OperationLedger.Place {
  /// The place with `#` for every number but that of the layer.
  fileprivate func joined(_ model: Model) -> Self {
    let prefix = "\(model.layersPath)."
    guard path.hasPrefix(prefix) else { return self }
    let parts = path.dropFirst(prefix.count).split(separator: ".", omittingEmptySubsequences: false)
    let inside = parts.dropFirst().map { part in
      part.allSatisfy(\.isNumber) && !part.isEmpty ? "#" : String(part)
    }
    return Self(
      path: prefix + ([parts.first.map(String.init) ?? ""] + inside).joined(separator: "."),
      operation: operation)
  }
}
