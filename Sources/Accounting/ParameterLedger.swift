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
    package let weight: Weight
    /// The number of layers that have the tensor, or nil outside the layers.
    package let layers: Symbol?
    /// Which groups of the model have it.
    let groups: [Int]

    private var factor: Formula { layers.map { Formula($0) } ?? 1 }

    /// The numbers in all these tensors.
    package var count: Formula { factor * weight.count }

    /// Those of them that one token meets.
    package var activeCount: Formula { factor * weight.activeCount }
  }

  package let model: Model
  package let rows: [Row]
  /// The value of every symbol, the numbers of layers of each kind included.
  package let values: [Symbol: Formula]
  /// A number of layers of one kind, where a model has several kinds.
  package struct LayerCount: Sendable {
    package let symbol: Symbol
    /// What these layers have.
    package let meaning: String
    /// The number, in the model's symbols if it follows from sizes.
    package let definition: Formula
  }

  /// The numbers of layers of each kind, in the order of the rows.
  package let layerCounts: [LayerCount]

  package init(_ model: Model) {
    var rows = model.head.flatMap { Self.rows(outside: $0) }
    let placement = LayerPlacement(model)
    for entry in placement.entries {
      rows.append(
        Row(
          path: "\(model.layersPath).N.\(entry.weight.name)", weight: entry.weight,
          layers: placement.symbol(for: entry), groups: entry.groups))
    }
    rows += model.tail.flatMap { Self.rows(outside: $0) }
    self.model = model
    self.rows = rows
    var values = model.values
    // A family whose depth is no key of its own still has a number of layers.
    if values[Size.layers.symbol] == nil {
      values[Size.layers.symbol] = model.layerCount.substituting(model.values)
    }
    for count in placement.counts {
      values[count.symbol] = count.definition.substituting(model.values)
    }
    self.values = values
    layerCounts = placement.counts
  }

  private static func rows(outside branch: Branch) -> [Row] {
    branch.weights.map { Row(path: $0.name, weight: $0, layers: nil, groups: []) }
  }
}

/// Which layers have which tensors, and the symbols that count them.
private struct LayerPlacement {
  struct Entry {
    let weight: Weight
    let module: Module
    var groups: [Int]

    var isNorm: Bool {
      if case .normalization = module { true } else { false }
    }
  }

  private(set) var entries: [Entry] = []
  private(set) var counts: [ParameterLedger.LayerCount] = []
  private var symbols: [[Int]: Symbol] = [:]
  private let groups: [LayerGroup]

  init(_ model: Model) {
    groups = model.groups
    var positions: [Weight: Int] = [:]
    for (index, group) in groups.enumerated() {
      for branch in group.layer.branches {
        for weight in branch.weights {
          if let position = positions[weight] {
            entries[position].groups.append(index)
          } else {
            positions[weight] = entries.count
            entries.append(Entry(weight: weight, module: branch.module, groups: [index]))
          }
        }
      }
    }
    // Name each set of layers after the first module that is more than a norm.
    for entry in entries where !entry.isNorm { name(entry.groups, entry.module) }
    for entry in entries { name(entry.groups, entry.module) }
  }

  private mutating func name(_ set: [Int], _ module: Module) {
    guard symbols[set] == nil else { return }
    if set.count == groups.count {
      symbols[set] = Size.layers.symbol
      return
    }
    let taken = Set(symbols.values.map(\.name))
    var name = "L_\(module.label)"
    var number = 2
    while taken.contains(name) {
      name = "L_\(module.label)\(number)"
      number += 1
    }
    symbols[set] = Symbol(name)
    counts.append(
      ParameterLedger.LayerCount(
        symbol: Symbol(name), meaning: "layers with \(module.meaning)",
        definition: set.map { groups[$0].indices.count }.sum()))
  }

  func symbol(for entry: Entry) -> Symbol { symbols[entry.groups] ?? Size.layers.symbol }
}

// MARK: - Figures

extension ParameterLedger {
  /// The parameters in one part, as a formula in the model's symbols.
  package func count(of part: Part) -> Formula {
    rows.filter { $0.weight.part == part && !$0.weight.isBuffer }.map(\.count).sum()
  }

  /// All parameters; a matrix that two modules share counts once.
  package var total: Formula { Part.allCases.map { count(of: $0) }.sum() }

  /// Numbers that a checkpoint stores beside the parameters.
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
    let counted = rows.filter { row in
      guard !row.weight.isBuffer else { return false }
      switch (activity, row.weight.part) {
      case (.withoutInputEmbedding, .embedding): return isSharedTable(row)
      case (.withoutEmbeddings, .embedding), (.withoutEmbeddings, .languageModelHead): return false
      default: return true
      }
    }
    return counted.map(\.activeCount).sum()
  }

  private func isSharedTable(_ row: Row) -> Bool {
    guard model.tiesEmbeddings, let first = model.head.first else { return false }
    return first.weights.contains(row.weight)
  }

  /// A formula with every size replaced by its value; a number unless a size was left free.
  ///
  /// - Throws: `DescriptionError.arithmetic` if the value needs more than 128 bits.
  package func value(_ formula: Formula, _ what: String) throws(DescriptionError) -> Formula {
    let value = formula.substituting(values)
    if let fault = value.fault { throw .arithmetic(fault, what: what) }
    if let constant = value.constant, !constant.isWhole {
      throw .arithmetic(.notAnInteger(constant), what: what)
    }
    return value
  }
}
