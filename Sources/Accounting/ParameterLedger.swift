package import Architecture
package import Symbolic

/// Every tensor of a model, with the formula of its count: the one table all figures come from.
///
/// A row stands for the tensors of one name and shape in all layers that have them. Counts,
/// formulas, the parts, the active parameters and the list of tensors are projections of the rows.
package struct ParameterLedger: Sendable {
  /// The tensors of one name and shape.
  package struct Row: Sendable {
    /// The full name, with `N` for the number of a layer and `#` for that of an expert.
    package let path: String
    /// The tensor in one layer, with its copies.
    package let weight: Weight
    /// The number of layers that have the tensor, or nil outside the layers.
    package let layers: Symbol?
    /// Which groups of the model have it.
    let groups: [Int]

    private var factor: Formula { layers.map { Formula($0) } ?? 1 }

    /// The elements in all these tensors.
    package var count: Formula { factor * weight.count }

    /// Those of them that no checkpoint holds.
    var unstoredCount: Formula { factor * weight.unstoredCount }

    /// Those of them that one token meets.
    package var activeCount: Formula { factor * weight.activeCount }
  }

  /// The model.
  package let model: Model
  /// The tensors: before the layers, in the layers, and after them.
  package let rows: [Row]
  /// The value of every symbol, the numbers of layers of each kind included.
  package let values: [Symbol: Evaluated]
  /// The numbers of layers of each kind, in the order of the rows.
  package let layerCounts: [LayerCount]

  package init(_ model: Model) {
    var rows = model.head.flatMap { Self.rows(outside: $0) }
    let placement = LayerPlacement(model) { _, layer in
      layer.branches.flatMap { branch in branch.weights.map { ($0, branch.module) } }
    }
    for entry in placement.entries {
      rows.append(
        Row(
          path: "\(model.layersPath).N.\(entry.item.name)", weight: entry.item,
          layers: placement.symbol(for: entry), groups: entry.groups))
    }
    rows += model.tail.flatMap { Self.rows(outside: $0) }
    self.model = model
    self.rows = rows
    values = placement.values(model)
    layerCounts = placement.counts
  }

  private static func rows(outside branch: Branch) -> [Row] {
    guard !branch.isBorrowed else { return [] }
    return branch.weights.map { Row(path: $0.name, weight: $0, layers: nil, groups: []) }
  }
}

// MARK: - Figures

extension ParameterLedger {
  /// The parameters in one part, as a formula in the model's symbols.
  package func count(of part: Part) -> Formula {
    rows.filter { $0.weight.part == part && !$0.weight.isBuffer }.map(\.count).sum()
  }

  /// All parameters; a matrix that two modules share counts once.
  package var total: Formula { Part.allCases.map { count(of: $0) }.sum() }

  /// Parameters that the library allocates although no checkpoint holds them.
  package var unstored: Formula { rows.map(\.unstoredCount).sum() }

  /// Parameters that no pass of text reads.
  package var unread: Formula {
    rows.filter { row in
      let weight = row.weight
      let isInactive = weight.activeShare.isZero && !weight.isOfSmallExpert
      return (isInactive || weight.isUnread) && !weight.isBuffer
    }.map(\.count).sum()
  }

  /// Elements that a checkpoint stores beside the parameters.
  package var persistentBuffers: Formula {
    rows.filter(\.weight.isBuffer).map(\.count).sum()
  }

  /// The three numbers that vendors print as "active parameters".
  package enum Activity: String, CaseIterable, Sendable {
    /// Every parameter that one token meets.
    case all
    /// Without the input table; a tied table stays, because it serves as the head.
    case withoutInputEmbedding = "without_input_embedding"
    /// Without the tables and the head.
    case withoutEmbeddings = "without_embeddings"
  }

  /// The parameters one token meets, under one of the definitions.
  ///
  /// Routed experts count K of E; all else counts whole.
  package func active(_ activity: Activity) -> Formula {
    rows.filter { !$0.weight.isBuffer && counts($0, in: activity) }.map(\.activeCount).sum()
  }

  /// Whether a definition of active parameters takes a row in, if it is no buffer.
  func counts(_ row: Row, in activity: Activity) -> Bool {
    switch (activity, row.weight.part) {
    case (.withoutInputEmbedding, .embedding): isSharedTable(row)
    case (.withoutEmbeddings, .embedding), (.withoutEmbeddings, .languageModelHead): false
    default: true
    }
  }

  private func isSharedTable(_ row: Row) -> Bool {
    guard model.tiesEmbeddings, let first = model.head.first else { return false }
    return first.weights.contains(row.weight)
  }

  /// The value of all parameters.
  ///
  /// - Throws: `DescriptionError.arithmetic` if it needs more than 128 bits.
  func totalValue() throws(DescriptionError) -> Evaluated {
    if let numbers { return Evaluated(numbers.total) }
    return try value(total, "The total")
  }

  /// A formula with every size replaced by its value; a number unless a size was left free.
  ///
  /// - Throws: `DescriptionError.arithmetic` if the value needs more than 128 bits.
  package func value(_ formula: Formula, _ what: String) throws(DescriptionError) -> Evaluated {
    let value = formula.evaluated(in: values)
    if let fault = value.fault { throw .arithmetic(fault, what: what) }
    if let constant = value.constant, !constant.isWhole {
      throw .arithmetic(.notAnInteger(constant), what: what)
    }
    return value
  }
}
