package import Architecture
package import Symbolic

/// How far a figure is settled by the description and the workload.
package enum Exactness: String, Hashable, Sendable {
  case exact
  /// The same, of a type of which nobody outside has counted the element-wise work.
  case described
  /// Routing decides at run time; figures are the most there can be.
  case bounded
  /// The data decide; figures are what the capacity says.
  case expected
}

extension OperationLedger {
  /// The operations of each kind.
  package func count(of operation: ScalarOperation) -> Formula {
    rows.map { $0.count(of: operation) }.sum()
  }

  /// The operations of one part's matrix products.
  package func flops(of part: Product.Part) -> Formula {
    rows.filter { $0.work.product?.part == part }.map(\.flops).sum()
  }

  /// The element-wise operations of one category, comparisons left out.
  package func flops(of category: Elementwise.Category) -> Formula {
    rows.filter { $0.work.category == category }.map(\.flops).sum()
  }

  /// Two operations for each multiply-add of every matrix product.
  package var matrixProducts: Formula { Product.Part.allCases.map { flops(of: $0) }.sum() }

  /// Everything that is no matrix product, comparisons left out.
  package var elementwise: Formula { Elementwise.Category.allCases.map { flops(of: $0) }.sum() }

  /// Everything: the convention `exact`.
  package var total: Formula { matrixProducts + elementwise }

  /// The same, of experts that do nothing as many chosen as are expected: the FLOPs that belong to
  /// the bytes that a pass is expected to move.
  package var expectedTotal: Formula {
    guard model.hasNoOpExperts else { return total }
    return OperationLedger(model, workload, assuming: assumption, isEven: true).total
  }

  /// The value of that.
  ///
  /// - Throws: `DescriptionError.arithmetic` if it needs more than 128 bits.
  func expectedTotalValue() throws(DescriptionError) -> Evaluated {
    let expected =
      model.hasNoOpExperts
      ? OperationLedger(model, workload, assuming: assumption, isEven: true) : self
    return try expected.totalValue("The FLOPs expected")
  }

  /// Whether the data decide something.
  package var exactness: Exactness {
    let layers = model.groups.map(\.layer)
    let passes = workload.parts(model.values).map(\.workload)
    func some(_ body: (Layer, Workload) -> Bool) -> Bool {
      layers.contains { layer in passes.contains { body(layer, $0) } }
    }
    if some({ $0.letsDataDecide($1) }) || model.dropsTokens { return .expected }
    return some { $0.dependsOnData($1) } ? .bounded : .exact
  }

  /// A figure of the ledger of a pass, for all passes of the workload together.
  func total(_ figure: (OperationLedger) -> Formula) -> Formula {
    workload.total(model.values) { figure(OperationLedger(model, $0, assuming: assumption)) }
  }

  /// A formula with every size replaced by its value; a number unless a size was left free.
  ///
  /// - Throws: `DescriptionError.arithmetic` if the value needs more than 128 bits.
  package func value(_ formula: Formula, _ what: String) throws(DescriptionError) -> Evaluated {
    let value = formula.evaluated(in: values)
    if let fault = value.fault { throw .arithmetic(fault, what: what) }
    return value
  }
}

extension Work {
  /// The product, if it is one.
  package var product: Product? {
    if case .product(let product) = kind { product } else { nil }
  }

  /// The category, if it is element-wise.
  package var category: Elementwise.Category? {
    if case .elementwise(let work) = kind { work.category } else { nil }
  }
}
