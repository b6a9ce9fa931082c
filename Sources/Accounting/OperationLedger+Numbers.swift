import Architecture
import Symbolic

/// The sums of a ledger as numbers, where no size is free.
///
/// Adding formulas up and putting sizes in at the end is many times dearer than putting them into
/// each extent and adding numbers; the result is the same.
struct LedgerNumbers {
  /// The FLOPs of matrix products by part.
  private(set) var products: [Product.Part: Rational] = [:]
  /// The FLOPs of element-wise work by category.
  private(set) var categories: [Elementwise.Category: Rational] = [:]
  /// The operations by kind, comparisons included.
  private(set) var operations: [ScalarOperation: Rational] = [:]
  /// The FLOPs of all matrix products.
  private(set) var matrixProducts = Rational.zero
  /// The FLOPs of all element-wise work.
  private(set) var elementwise = Rational.zero
  /// All FLOPs.
  private(set) var total = Rational.zero

  /// - Throws: `ArithmeticError` for a size that is free, and for what needs more than 128 bits.
  init(_ ledger: OperationLedger) throws(ArithmeticError) {
    let sizes = ledger.values.compactMapValues(\.constant)
    for row in ledger.rows {
      var layers = Rational.one
      if let symbol = row.layers {
        guard let count = sizes[symbol] else { throw .unbound(symbol) }
        layers = count
      }
      switch row.work.kind {
      case .product(let product):
        var count = layers
        for extent in [product.copies, product.rows, product.inner, product.columns] {
          count = try count.multiplied(by: try extent.evaluated(with: sizes))
        }
        try Self.add(count, to: &operations[.multiply])
        try Self.add(count, to: &operations[.add])
        let flops = try count.multiplied(by: Rational(2))
        try Self.add(flops, to: &products[product.part])
        matrixProducts = try matrixProducts.adding(flops)
      case .elementwise(let work):
        for (operation, formula) in work.counts.counts {
          let count = try formula.evaluated(with: sizes).multiplied(by: layers)
          try Self.add(count, to: &operations[operation])
          guard operation.isFloatingPoint else { continue }
          try Self.add(count, to: &categories[work.category])
          elementwise = try elementwise.adding(count)
        }
      }
    }
    total = try matrixProducts.adding(elementwise)
  }

  private static func add(
    _ count: Rational, to sum: inout Rational?
  ) throws(ArithmeticError) {
    sum = try (sum ?? .zero).adding(count)
  }
}

extension OperationLedger {
  /// The sums as numbers; nil where a size is free or a sum needs more than 128 bits, for which the
  /// formulas say why.
  var numbers: LedgerNumbers? { try? LedgerNumbers(self) }

  /// The value of all FLOPs.
  ///
  /// - Throws: `DescriptionError.arithmetic` if it needs more than 128 bits.
  func totalValue(_ what: String = "The FLOPs") throws(DescriptionError) -> Evaluated {
    if let numbers { return Evaluated(numbers.total) }
    return try value(total, what)
  }
}
