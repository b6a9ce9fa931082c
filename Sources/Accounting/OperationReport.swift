package import Architecture
package import Symbolic

/// The figures of one pass of one model, with every size replaced by its value.
///
/// A figure is a constant unless a size was left free; then it is a formula in that size.
package struct OperationReport: Sendable {
  package let ledger: OperationLedger
  package let total: Evaluated
  package let matrixProducts: Evaluated
  package let products: [Product.Part: Evaluated]
  package let elementwise: Evaluated
  package let categories: [Elementwise.Category: Evaluated]
  package let operations: [ScalarOperation: Evaluated]
  package let exactness: Exactness
  /// The least and the most the total can be, where the data decide.
  package let bounds: (least: Evaluated, most: Evaluated)?
  private let extremes: (least: OperationLedger, most: OperationLedger)?
  /// Numbers of keys and values in the cache after the pass.
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
    func value(_ formula: Formula, _ what: String) throws(DescriptionError) -> Evaluated {
      try ledger.value(formula, what)
    }
    var products: [Product.Part: Evaluated] = [:]
    for part in Product.Part.allCases {
      products[part] = try value(ledger.flops(of: part), "The FLOPs of \(part.rawValue)")
    }
    var categories: [Elementwise.Category: Evaluated] = [:]
    for category in Elementwise.Category.allCases {
      categories[category] = try value(
        ledger.flops(of: category), "The FLOPs of \(category.rawValue)")
    }
    var operations: [ScalarOperation: Evaluated] = [:]
    for operation in ScalarOperation.allCases {
      operations[operation] = try value(
        ledger.count(of: operation), "The count of \(operation.rawValue)")
    }
    self.ledger = ledger
    self.products = products
    self.categories = categories
    self.operations = operations
    matrixProducts = try value(ledger.matrixProducts, "The FLOPs of matrix products")
    elementwise = try value(ledger.elementwise, "The FLOPs of element-wise work")
    total = try value(ledger.total, "The FLOPs")
    cacheElements = try value(ledger.cacheElements, "The cache")
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
        try extremes.least.value(extremes.least.total, "The FLOPs"),
        try extremes.most.value(extremes.most.total, "The FLOPs")
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

  package var model: Model { ledger.model }
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
