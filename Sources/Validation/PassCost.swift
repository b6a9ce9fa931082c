import Accounting
import Architecture
import Reference
import Symbolic

/// About how much a pass does, by how fast it is done.
struct PassCost {
  /// Operations of products with weights.
  private var products = 0.0
  /// Operations of scores and values; the softmax between them takes its time with them.
  private var attention = 0.0
  private var softmax = 0.0
  private var elementwise = 0.0
  /// Operations that run one by one in either form of evidence.
  private var literal = 0.0

  /// All operations, comparisons included.
  var operations: Double { products + attention + softmax + elementwise + literal }

  /// - Throws: `DescriptionError.arithmetic`.
  init(_ ledger: OperationLedger) throws(DescriptionError) {
    for row in ledger.rows {
      for operation in ScalarOperation.allCases {
        let count = try ledger.approximately(row.count(of: operation))
        switch row.work.kind {
        case .product(let product):
          switch product.part {
          case .attentionCore: attention += count
          default: products += count
          }
        case .elementwise(let work):
          switch work.category {
          case .softmax: softmax += count
          case .mixer: literal += count
          case .routing where operation == .compare: literal += count
          default: elementwise += count
          }
        }
      }
    }
  }

  /// About how long it takes.
  func seconds(_ rates: Rates, _ evidence: Evidence) -> Double {
    switch evidence {
    case .literal:
      (products + attention) / rates.products + (softmax + elementwise + literal) / rates.literal
    case .kernel:
      products / rates.products + attention / rates.attention + elementwise / rates.elementwise
        + literal / rates.literal
    }
  }
}

extension OperationLedger {
  /// The value of a formula, as near as a floating-point number can be.
  fileprivate func approximately(_ formula: Formula) throws(DescriptionError) -> Double {
    guard let value = try value(formula, "The pass").constant else { return 0 }
    return Double(value.numerator) / Double(value.denominator)
  }
}
