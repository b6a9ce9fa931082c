/// A kind of scalar operation that is counted while it executes.
///
/// The accounting has a list of its own: this side of the comparison imports nothing from it.
package enum OperationKind: String, CaseIterable, Hashable, Sendable {
  case multiply, add, subtract, divide, sqrt, exp, log, tanh, erf, sin, cos, compare

  /// Whether it is a floating-point operation; a comparison is reported and is none.
  package var isFloatingPoint: Bool { self != .compare }
}

/// How many operations of each kind were executed.
package struct OperationTally: Hashable, Sendable {
  /// Multiplications.
  package var multiply = 0
  /// Additions.
  package var add = 0
  /// Subtractions.
  package var subtract = 0
  /// Divisions.
  package var divide = 0
  /// Square roots.
  package var sqrt = 0
  /// Exponentials.
  package var exp = 0
  /// Natural logarithms.
  package var log = 0
  /// Hyperbolic tangents.
  package var tanh = 0
  /// Error functions.
  package var erf = 0
  /// Sines.
  package var sin = 0
  /// Cosines.
  package var cos = 0
  /// Comparisons, which are no FLOPs.
  package var compare = 0

  package init() {}

  /// The operations of one kind.
  package subscript(_ kind: OperationKind) -> Int {
    switch kind {
    case .multiply: multiply
    case .add: add
    case .subtract: subtract
    case .divide: divide
    case .sqrt: sqrt
    case .exp: exp
    case .log: log
    case .tanh: tanh
    case .erf: erf
    case .sin: sin
    case .cos: cos
    case .compare: compare
    }
  }

  package static func += (left: inout OperationTally, right: OperationTally) {
    left.multiply += right.multiply
    left.add += right.add
    left.subtract += right.subtract
    left.divide += right.divide
    left.sqrt += right.sqrt
    left.exp += right.exp
    left.log += right.log
    left.tanh += right.tanh
    left.erf += right.erf
    left.sin += right.sin
    left.cos += right.cos
    left.compare += right.compare
  }

  /// The operations of one loop iteration, as often as the loop ran.
  static func * (times: Int, each: OperationTally) -> OperationTally {
    var tally = OperationTally()
    tally.multiply = times * each.multiply
    tally.add = times * each.add
    tally.subtract = times * each.subtract
    tally.divide = times * each.divide
    tally.sqrt = times * each.sqrt
    tally.exp = times * each.exp
    tally.log = times * each.log
    tally.tanh = times * each.tanh
    tally.erf = times * each.erf
    tally.sin = times * each.sin
    tally.cos = times * each.cos
    tally.compare = times * each.compare
    return tally
  }

  /// All of any kind.
  var operations: Int {
    let arithmetic = multiply &+ add &+ subtract &+ divide &+ sqrt
    let functions = exp &+ log &+ tanh &+ erf &+ sin &+ cos
    return arithmetic &+ functions &+ compare
  }

  /// All that are floating-point operations.
  package var flops: Int {
    OperationKind.allCases.filter(\.isFloatingPoint).map { self[$0] }.reduce(0, +)
  }
}
