package import Architecture
package import Symbolic

/// Everything that one pass executes, with the formula of its count.
///
/// A row stands for the work of one name in all layers that do it. Totals, the parts, the counts
/// of each kind of operation and the conventions that follow the ledger are projections of the rows.
package struct OperationLedger: Sendable {
  /// The work of one name.
  package struct Row: Sendable {
    /// Which part of a training step does it.
    package enum Direction: String, Sendable {
      case forward
      /// The gradient of a product's input.
      case backwardInput = "backward (input)"
      /// The gradient of a product's weight, or of its second operand.
      case backwardWeight = "backward (weight)"
      case recompute
      /// The passes after a prompt, of one token each.
      case generation = "each token after the prompt"
    }

    /// The full name, with `N` for the number of a layer and `#` for that of an expert.
    package let path: String
    /// The product, or the element-wise operations, of one of these layers.
    package let work: Work
    /// The number of layers that do it, or nil outside the layers.
    package let layers: Symbol?
    /// Which part of a training step does it.
    package let direction: Direction
    /// Which of the model's groups of layers do it, or nil outside the layers.
    let groups: [Int]?

    private var factor: Formula { layers.map { Formula($0) } ?? 1 }

    /// The operations of one kind, in all these layers.
    package func count(of operation: ScalarOperation) -> Formula {
      factor * work.count(of: operation)
    }

    /// The FLOPs in all these layers; a comparison is none.
    package var flops: Formula { factor * work.flops }
  }

  /// The model.
  package let model: Model
  /// The pass that is counted.
  package let workload: Workload
  /// What is taken of that which only the data decide.
  package let assumption: DepthRouter.Assumption
  /// The work, in the order of execution.
  package let rows: [Row]
  /// What a layer of each group does.
  let programs: [Program]
  /// The value of every symbol, those of the workload included.
  package let values: [Symbol: Evaluated]
  /// The numbers of layers of each kind, in the order of the rows.
  package let layerCounts: [LayerCount]
  /// Elements in the cache of attention after the pass: keys, values, latents, an indexer's keys,
  /// compressed entries.
  package let cacheElements: Formula
  /// Elements that are carried from one token to the next beside the cache: states, last inputs.
  package let stateElements: Formula

  /// Counts a pass, with `assumption` for what only the data decide; with `isEven` as many experts
  /// that do nothing are chosen as are expected, and not as few as can be.
  package init(
    _ model: Model, _ workload: Workload, assuming assumption: DepthRouter.Assumption = .expected,
    isEven: Bool = false
  ) {
    self.init(model, model.stream(workload), assuming: assumption, isEven: isEven)
  }

  /// Counts the pass of a stream.
  init(
    _ model: Model, _ stream: Stream, assuming assumption: DepthRouter.Assumption = .expected,
    isEven: Bool = false
  ) {
    let workload = stream.workload
    let filling: MixtureOfExperts.Filling =
      switch assumption {
      case .none: .least
      case .expected: isEven || model.dropsTokens ? .even : .all
      case .all: .all
      }
    let parts = workload.parts(model.values)
    /// What each pass does, one after the other, each added up over all that are like it.
    func ofEachPass<Value>(_ body: (Stream) -> [(Work, Value)]) -> [(Work, Value)] {
      parts.flatMap { part in
        body(workload.hasParts ? model.stream(part.workload) : stream).map {
          (part.total($0.0), $0.1)
        }
      }
    }
    func outside(_ body: (Stream) -> [Work]) -> [Row] {
      ofEachPass { body($0).map { ($0, ()) } }.map { Row(outside: $0.0) }
    }
    let programs = model.groups.map(\.layer.program)
    var rows = outside { stream in
      (model.entrance.map { ProgramWork(stream).work(of: $0) } ?? []).map(\.0)
        + (programs.flatMap(\.rotations) + model.unreadAngles).rotaryTables(stream)
        + (model.cycles?.work(over: stream) ?? [])
    }
    let placement = LayerPlacement(model) { group, layer in
      ofEachPass { stream in
        layer.work(programs[group], ProgramWork(stream, assuming: assumption) { _ in filling })
      }
    }
    rows += placement.entries.map { entry in
      Row(
        path: "\(model.layersPath).N.\(entry.item.name)", work: entry.item,
        layers: placement.symbol(for: entry),
        direction: entry.item.isOfStep ? .generation : .forward, groups: entry.groups)
    }
    rows += outside { model.exitWork($0, assumption).map(\.0) }
    if workload.phase == .train {
      let forward = rows.filter { $0.work.product?.isBackwardOnly != true }
      rows =
        forward + rows.flatMap { $0.backward }
        + forward.filter { $0.isRecomputed(workload) }.map { $0.directed(.recompute) }
    }
    self.model = model
    self.workload = workload
    self.assumption = assumption
    self.rows = rows
    self.programs = programs
    values = placement.values(model).merging(workload.values) { first, _ in first }
    layerCounts = placement.counts
    // What is carried after the last pass, in every sequence.
    let end = parts.last.flatMap { $0.sum == nil ? nil : model.stream($0.workload) } ?? stream
    let isKept = workload.phase != .train
    func after(_ elements: Formula) -> Formula {
      if workload.generated > 0 { return Workload.ofLastStep(elements) }
      return workload.packed.isEmpty ? elements : workload.overSequences(elements)
    }
    stateElements =
      isKept
      ? after(
        zip(model.groups, programs).map { group, program in
          group.indices.count * group.layer.stateElements(program) { _ in end }
        }.sum()) : .zero
    cacheElements =
      isKept
      ? after(
        model.groups.map { group in
          group.indices.count
            * group.layer.cacheElements { end.kept(behind: $0, assumption) }
        }.sum()
          + (model.head + model.tail)
          .map { $0.runs * $0.module.cacheElements(after: end) }.sum()) : .zero
  }
}

extension OperationLedger.Row {
  fileprivate init(outside work: Work) {
    self.init(
      path: work.name, work: work, layers: nil,
      direction: work.isOfStep ? .generation : .forward, groups: nil)
  }

  fileprivate func directed(_ direction: Direction) -> Self {
    Self(path: path, work: work, layers: layers, direction: direction, groups: groups)
  }

  /// The products that give the gradients of a product's operands; each is as large as itself.
  fileprivate var backward: [Self] {
    guard case .product(let product) = work.kind else { return [] }
    return [.backwardWeight, .backwardInput].prefix(product.gradients).map {
      directed($0)
    }
  }

  fileprivate func isRecomputed(_ workload: Workload) -> Bool {
    guard layers != nil || work.isOfLayer, work.isKept else { return false }
    switch workload.recompute {
    case .none: return false
    case .full: return true
    case .selective:
      switch work.kind {
      case .product(let product): return product.part == .attentionCore
      case .elementwise(let work): return work.category == .softmax
      }
    }
  }
}

// MARK: - What a model does

extension Model {
  /// The tokens that pass its layers.
  func stream(_ workload: Workload, _ pairing: Pairing? = nil) -> Stream {
    (pairing.map { Stream(workload, $0) } ?? Stream(workload)).behind(prompt)
  }
}

extension Layer {
  /// Everything one layer executes, as often as it runs.
  func work(_ program: Program, _ pass: ProgramWork) -> [(Work, Module?)] {
    pass.work(of: program).map { ($0.0.times(runs), $0.1) }
  }
}

extension Sequence where Element == RotaryAngles {
  /// The angles of each rotary table, with their sines and cosines: once for all sequences.
  fileprivate func rotaryTables(_ stream: Stream) -> [Work] {
    var tables: [RotaryAngles] = []
    for angles in self where !tables.contains(angles) { tables.append(angles) }
    return tables.map { angles in
      let count = stream.tokens * angles.size / 2
      let multiplied: Formula = angles.scaling.hasMagnitude ? 3 : 1
      // The angles of one position, each times its factor.
      let stretched: Formula = angles.isStretched ? angles.size / 2 : 0
      return Work(
        angles.table.isEmpty ? "rotary" : "rotary_\(angles.table)",
        Elementwise(.rotary, [.multiply: multiplied * count + stretched, .sin: count, .cos: count]))
    }
  }
}
