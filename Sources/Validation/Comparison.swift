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
    /// The kind of operation.
    package let operation: ScalarOperation
    /// What the formula says; where the data decide, what it says of the capacity.
    package let analytic: Rational
    /// The least and the most there can be, where the data decide.
    package let bounds: ClosedRange<Rational>?
    /// What the executor counted.
    package let measured: Int128
    /// What the formula says of what the data have decided, where they decide.
    package let decided: Rational?

    /// Whether the counts are equal; where the data decide, within the bounds and equal to what the
    /// formula says of what they have decided.
    package var isEqual: Bool {
      let measured = Rational(measured)
      guard let bounds else { return analytic == measured }
      return bounds.contains(measured) && decided == measured
    }
  }

  /// Every row of either side.
  package let rows: [Row]

  /// The rows that differ.
  package var mismatches: [Row] { rows.filter { !$0.isEqual } }

  /// Joins the rows of a ledger with the tallies of a pass.
  ///
  /// A path that only one of them has is compared with zero. The formulas take from the pass what no
  /// description says: how many tokens entered a layer, and how many places of experts were filled.
  ///
  /// - Throws: `DescriptionError.arithmetic`.
  package init(
    _ model: Model, _ workload: Workload, _ tallies: [String: OperationTally],
    _ decisions: [String: Decision]
  ) throws(DescriptionError) {
    let expected = OperationLedger(model, workload)
    var analytic = try expected.places()
    var bounds: [OperationLedger.Place: (least: Rational, most: Rational)] = [:]
    var decided: [OperationLedger.Place: Rational] = [:]
    if expected.exactness != .exact {
      let exits = workload.phase == .decode ? model.exits?.layers.count : nil
      let reaching = exits.map { count in
        (0...count).map { number in
          Int128(decisions["exits.\(number)"]?.entered.map(\.tokens).reduce(0, +) ?? 0)
        }
      }
      decided = try expected.places(reaching: reaching) { index, layer in
        DecidedLayer("\(model.layersPath).\(index)", layer, decisions)
      }
      for (place, count) in try OperationLedger(model, workload, assuming: .none).places() {
        bounds[place] = (count, .zero)
      }
      let known = Set(analytic.map(\.place))
      for (place, count) in try OperationLedger(model, workload, assuming: .all).places() {
        bounds[place, default: (.zero, .zero)].most = count
        // What is expected of a share of zero has no row.
        if !known.contains(place) { analytic.append((place, .zero)) }
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
          measured: measured.removeValue(forKey: place) ?? 0,
          decided: range.map { _ in decided[place] ?? .zero }))
    }
    rows += measured.map { place, count in
      Row(
        path: place.path, operation: place.operation, analytic: .zero, bounds: nil,
        measured: count, decided: nil)
    }.sorted { ($0.path, $0.operation.rawValue) < ($1.path, $1.operation.rawValue) }
    self.rows = rows
  }

  /// The rows of several passes added up; a row that one of them does not have is zero there.
  ///
  /// Two passes whose differences cancel stay different: a row that is not equal in one of them is
  /// kept as it is there, and not added.
  package init(adding passes: [Comparison]) {
    var order: [OperationLedger.Place] = []
    var sums: [OperationLedger.Place: Row] = [:]
    for row in passes.flatMap(\.rows) {
      let place = OperationLedger.Place(path: row.path, operation: row.operation)
      guard let sum = sums[place] else {
        order.append(place)
        sums[place] = row
        continue
      }
      guard sum.isEqual else { continue }
      sums[place] = row.isEqual ? sum.adding(row) ?? row : row
    }
    rows = order.compactMap { sums[$0] }
  }

  /// All floating-point operations that were executed.
  package var measuredFLOPs: Int128 {
    rows.filter(\.operation.isFloatingPoint).map(\.measured).reduce(0, +)
  }
}

extension Comparison.Row {
  /// The counts of two passes together; nil beyond 128 bits.
  fileprivate func adding(_ other: Self) -> Self? {
    func sum(_ one: Rational, _ two: Rational) -> Rational? { try? one.adding(two) }
    let (measured, isTooLarge) = self.measured.addingReportingOverflow(other.measured)
    guard !isTooLarge, let analytic = sum(analytic, other.analytic),
      let least = sum(
        bounds?.lowerBound ?? self.analytic, other.bounds?.lowerBound ?? other.analytic),
      let most = sum(
        bounds?.upperBound ?? self.analytic, other.bounds?.upperBound ?? other.analytic),
      let decided = sum(decided ?? self.analytic, other.decided ?? other.analytic)
    else { return nil }
    let isDecided = bounds != nil || other.bounds != nil
    return Self(
      path: path, operation: operation, analytic: analytic,
      bounds: isDecided ? least...most : nil, measured: measured,
      decided: isDecided ? decided : nil)
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

extension DecidedLayer {
  /// What the decisions of a pass say of the layer with a path.
  fileprivate init(_ path: String, _ layer: Layer, _ decisions: [String: Decision]) {
    self.init()
    for router in layer.conditions.flatMap(\.routers) {
      entered[router.path] = (decisions["\(path).\(router.path)"]?.entered ?? []).map {
        (Int128($0.tokens), Int128($0.past), $0.positions.map { Int128($0) })
      }
    }
    for (branch, _) in layer.runBranches {
      let own = branch.path.isEmpty ? path : "\(path).\(branch.path)"
      filled[branch.path] = decisions[own]?.filled.map { Int128($0) }
      returned[branch.path] = decisions[own].map { Int128($0.returned) }
      guard case .mixtureOfExperts(let mixture) = branch.module, let constants = mixture.constants
      else { continue }
      let name =
        branch.path.isEmpty ? constants.path : "\(branch.path).\(constants.path)"
      filled[name] =
        decisions["\(own).\(constants.path)"]?.filled.map { Int128($0) }
    }
  }
}
