/// Formulas made into a list of integer operations, to be evaluated for many values at once.
///
/// Every value is a fraction of two integers that are computed side by side, so that nothing is
/// rounded. Before anything runs, the greatest magnitude of every operation is known from those of
/// the inputs: if all fit into 64 bits, plain machine arithmetic is exact, and else 128 bits are;
/// if they do not fit there either, there is no program (`FormulaCompiler.program` gives nil).
///
/// Invariant: an operation stands after its operands, no two are equal, and those that do not
/// depend on a *lane* input stand apart, because they are the same for all lanes.
package struct CompiledFormulas: Sendable {
  /// One operation; its operands are the places of others in the list.
  enum Operation: Hashable, Sendable {
    case constant(Int128)
    /// The numerator of an input over the common denominator of its values.
    case input(Int)
    case add(Int, Int)
    case subtract(Int, Int)
    case multiply(Int, Int)
    /// The quotient, rounded down; the divisor is positive.
    case floor(Int, Int)
    case minimum(Int, Int)
    case maximum(Int, Int)
    /// One if the first is not above the second, else zero.
    case atMost(Int, Int)
    case equal(Int, Int)
    /// One if the first is a whole multiple of the second, which is positive.
    case multiple(Int, Int)
  }

  /// A value: two places in the list.
  package struct Fraction: Hashable, Sendable {
    /// The place of the numerator.
    package let numerator: Int
    /// The place of the denominator, which is positive.
    package let denominator: Int
  }

  /// How many bits every operation needs.
  package enum Width: Sendable {
    case bits64
    case bits128
  }

  let operations: [Operation]
  /// Whether an operation depends on a lane input.
  let isLane: [Bool]
  /// The common denominators of the inputs.
  package let scales: [Int128]
  /// The bits that every operation needs.
  package let width: Width
}

/// What a program's input can be: the denominators and the greatest magnitude of its values.
package struct FormulaInput: Sendable {
  /// The symbol that the input stands for.
  package let symbol: Symbol
  /// A common multiple of the denominators.
  package let scale: Int128
  /// The greatest magnitude of a value times the scale.
  package let bound: UInt128
  /// Whether all values are above zero.
  package let isPositive: Bool
  /// Whether the value changes from lane to lane, and not only from one run to the next.
  package let isLane: Bool

  package init(
    symbol: Symbol, scale: Int128, bound: UInt128, isPositive: Bool, isLane: Bool
  ) {
    self.symbol = symbol
    self.scale = scale
    self.bound = bound
    self.isPositive = isPositive
    self.isLane = isLane
  }
}
