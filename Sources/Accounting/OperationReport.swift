package import Architecture
package import Symbolic

/// The figures of one pass of one model, with every size replaced by its value.
///
/// A figure is a constant unless a size was left free; then it is a formula in that size.
package struct OperationReport: Sendable {
  /// The rows that the figures are sums of.
  package let ledger: OperationLedger
  /// All FLOPs under the convention `exact`.
  package let total: Evaluated
  /// Two FLOPs for each multiply-add of every matrix product.
  package let matrixProducts: Evaluated
  /// Those FLOPs by the part of the model.
  package let products: [Product.Part: Evaluated]
  /// The FLOPs outside matrix products.
  package let elementwise: Evaluated
  /// Those FLOPs by category.
  package let categories: [Elementwise.Category: Evaluated]
  /// The scalar operations by kind; comparisons are among them.
  package let operations: [ScalarOperation: Evaluated]
  /// How far the figures are settled before the data are known.
  package let exactness: Exactness
  /// The least and the most the total can be, where the data decide.
  package let bounds: (least: Evaluated, most: Evaluated)?
  private let extremes: (least: OperationLedger, most: OperationLedger)?
  /// Elements of keys and values in the cache after the pass.
  package let cacheElements: Evaluated

  /// - Throws: `DescriptionError.arithmetic` if a figure needs more than 128 bits,
  ///   `.operationsUnknown` where only the parameters are described, `.unsupported` for an
  ///   activation that is not known.
  package init(_ model: Model, _ workload: Workload) throws(DescriptionError) {
    if let gap = model.operationGap {
      throw .operationsUnknown(modelType: model.modelType, missing: gap)
    }
    try model.requireKnownActivations()
    let ledger = OperationLedger(model, workload)
    let numbers = ledger.numbers
    func value(
      _ number: (LedgerNumbers) -> Rational?, _ formula: @autoclosure () -> Formula, _ what: String
    ) throws(DescriptionError) -> Evaluated {
      if let numbers { return Evaluated(number(numbers) ?? .zero) }
      return try ledger.value(formula(), what)
    }
    var products: [Product.Part: Evaluated] = [:]
    for part in Product.Part.allCases {
      products[part] = try value(
        { $0.products[part] }, ledger.flops(of: part), "The FLOPs of \(part.rawValue)")
    }
    var categories: [Elementwise.Category: Evaluated] = [:]
    for category in Elementwise.Category.allCases {
      categories[category] = try value(
        { $0.categories[category] }, ledger.flops(of: category),
        "The FLOPs of \(category.rawValue)")
    }
    var operations: [ScalarOperation: Evaluated] = [:]
    for operation in ScalarOperation.allCases {
      operations[operation] = try value(
        { $0.operations[operation] }, ledger.count(of: operation),
        "The count of \(operation.rawValue)")
    }
    self.ledger = ledger
    self.products = products
    self.categories = categories
    self.operations = operations
    matrixProducts = try value(
      { $0.matrixProducts }, ledger.matrixProducts, "The FLOPs of matrix products")
    elementwise = try value(
      { $0.elementwise }, ledger.elementwise, "The FLOPs of element-wise work")
    total = try value({ $0.total }, ledger.total, "The FLOPs")
    cacheElements = try ledger.value(ledger.cacheElements, "The cache")
    exactness = ledger.exactness
    extremes =
      exactness == .exact
      ? nil
      : (
        OperationLedger(model, workload, assuming: .none),
        OperationLedger(model, workload, assuming: .all)
      )
    bounds = try extremes.map { extremes throws(DescriptionError) in
      (
        try extremes.least.totalValue(), try extremes.most.totalValue()
      )
    }
  }

  /// The least and the most that the figure of a convention can be; nil where it is the same
  /// whatever the data.
  ///
  /// - Throws: `DescriptionError.arithmetic` if one needs more than 128 bits.
  package func bounds(
    under convention: Convention
  ) throws(DescriptionError) -> (least: Evaluated, most: Evaluated)? {
    guard let extremes else { return nil }
    let (least, most) = (
      try convention.value(of: extremes.least), try convention.value(of: extremes.most)
    )
    return least == most ? nil : (least, most)
  }

  /// The pass if the data decide for as little as can be; nil where they decide nothing.
  var leastLedger: OperationLedger? { extremes?.least }

  /// The model.
  package var model: Model { ledger.model }
  /// The pass.
  package var workload: Workload { ledger.workload }
}

extension Model {
  /// - Throws: `DescriptionError.unsupported` for an activation that is not known.
  func requireKnownActivations() throws(DescriptionError) {
    guard let name = activations.first(where: { Activation($0) == nil }) else {
      return
    }
    throw .unsupported(
      key: "hidden_act", found: "\"\(name)\"",
      supported: "silu, gelu and others of docs/operations.md")
  }

  /// The activation of every feed-forward layer, expert and shared expert.
  fileprivate var activations: [String] {
    groups.flatMap(\.layer.branches).flatMap { branch -> [String] in
      switch branch.module {
      case .feedForward(let module): [module.activation]
      case .mixtureOfExperts(let module):
        [module.expert.activation] + (module.shared.map { [$0.activation] } ?? [])
      default: []
      }
    }
  }
}
