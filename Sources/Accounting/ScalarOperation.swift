package import Symbolic

/// A kind of scalar operation that a pass executes.
///
/// Every one counts as one operation; `compare` is reported and is no FLOP.
package enum ScalarOperation: String, CaseIterable, Hashable, Sendable {
  case multiply, add, subtract, divide, sqrt, exp, log, tanh, erf, sin, cos, compare

  /// Whether it is a floating-point operation under the convention `exact`.
  package var isFloatingPoint: Bool { self != .compare }
}

/// How many operations of each kind something executes.
package struct OperationCounts: Hashable, Sendable {
  /// The kinds that occur.
  private(set) package var counts: [ScalarOperation: Formula]

  /// No operations.
  package static let none = OperationCounts([:])

  package init(_ counts: [ScalarOperation: Formula]) {
    self.counts = counts.filter { !$0.value.isZero }
  }

  /// The number of one kind.
  package subscript(_ operation: ScalarOperation) -> Formula { counts[operation] ?? .zero }

  /// All that are floating-point operations.
  package var flops: Formula {
    ScalarOperation.allCases.filter(\.isFloatingPoint).map { self[$0] }.sum()
  }

  package static func + (left: OperationCounts, right: OperationCounts) -> OperationCounts {
    OperationCounts(left.counts.merging(right.counts, uniquingKeysWith: +))
  }

  /// The same operations `count` times.
  package static func * (times: Formula, counts: OperationCounts) -> OperationCounts {
    OperationCounts(counts.counts.mapValues { times * $0 })
  }
}
