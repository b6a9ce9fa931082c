package import Accounting
package import Architecture
package import Measurements
package import Symbolic

/// A run of somebody else beside what the formulas say, module by module, with the reason for each
/// difference.
package struct MeasuredComparison: Sendable {
  /// One module of the file.
  package struct Row: Sendable {
    /// As the file calls it; `Global` for the whole run.
    package let module: String
    /// The FLOPs that the file gives.
    package let measured: Rational
    /// The FLOPs of the formulas, in the tool's own way of counting.
    package let analytic: Rational
    /// Whether the two are equal, as exactly as the file has them.
    package let isEqual: Bool
    /// Why they differ; empty if they do not, or if nothing explains it.
    package let diagnoses: [Diagnosis]

    /// Whether the two are equal, or the reason of their difference is known.
    package var isExplained: Bool { isEqual || !diagnoses.isEmpty }
  }

  /// The tool that wrote the file.
  package let kind: MeasuredCounts.Kind
  /// The pass that the formulas are taken of.
  package let workload: Workload
  /// The modules, the whole run first.
  package let rows: [Row]
  /// The pass that the counts are of, where they are of another.
  package let reading: Workload?

  /// The FLOPs of the whole run that the file gives.
  package var total: Rational { rows.first?.measured ?? .zero }
  /// The FLOPs of the whole run by the formulas.
  package var analytic: Rational { rows.first?.analytic ?? .zero }
  /// Whether every difference has its reason.
  package var agrees: Bool { rows.allSatisfy(\.isExplained) }

  /// Every diagnosis that some row has, in the order in which they are listed.
  package var diagnoses: [Diagnosis] {
    let found = Set(rows.flatMap(\.diagnoses))
    return Diagnosis.allCases.filter { found.contains($0) }
  }

  /// Matches the modules of a file with the products of a pass, and looks for what explains each
  /// difference; where the requested pass leaves some open, other passes are tried.
  ///
  /// - Throws: `DescriptionError`, also for a size that was left free.
  package init(
    _ model: Model, _ workload: Workload, _ counts: MeasuredCounts
  ) throws(DescriptionError) {
    let expected = try Expectation(model, workload)
    let tree: ModuleTree
    do throws(ArithmeticError) {
      tree = try ModuleTree(counts, isKnown: expected.knows)
    } catch {
      throw .arithmetic(error, what: "The measured counts")
    }
    let asked = try Reading(tree, expected)
    var best = asked
    var other: Workload?
    if !asked.isExplained {
      for candidate in asked.candidates(workload) {
        let pass =
          try candidate.workload == workload ? expected : Expectation(model, candidate.workload)
        let reading = try Reading(tree, pass, isHalved: candidate.isHalved)
        guard reading.cost < best.cost else { continue }
        best = reading
        other = candidate.workload == workload ? nil : candidate.workload
        if reading.cost == (0, 0) { break }
      }
    }
    kind = counts.kind
    self.workload = workload
    reading = other
    let reasons = Self.reasons(workload, other) + (best.isHalved ? [.multiplyAdd] : [])
    rows = asked.order.compactMap { index in
      let node = tree.nodes[index]
      let analytic = asked.totals[index]
      // Of what has no matrix product there is nothing to say.
      guard analytic != .zero || node.count != .zero || index == 0 else { return nil }
      let isEqual = Reading.isEqual(analytic, node.count, node.slack)
      let own = best.diagnoses[index]
      let found = Diagnosis.allCases.filter { reasons.contains($0) || own?.contains($0) == true }
      return Row(
        module: node.path.isEmpty ? "Global" : node.path.joined(separator: "."),
        measured: node.count, analytic: analytic, isEqual: isEqual,
        diagnoses: isEqual || own == nil ? [] : found)
    }
  }

  private static func reasons(_ asked: Workload, _ other: Workload?) -> [Diagnosis] {
    guard let other else { return [] }
    var reasons: [Diagnosis] = []
    if (other.batch, other.tokens) != (asked.batch, asked.tokens) { reasons.append(.otherTokens) }
    if other.past != asked.past { reasons.append(.otherPast) }
    if other.phase != asked.phase { reasons.append(.otherPhase) }
    return reasons
  }
}

/// The products of a pass by place, under each way in which it can be run or counted.
struct Expectation {
  let workload: Workload
  /// Every place of the model, in the order of execution.
  private(set) var order: [ModuleName: Int] = [:]
  private var layers: Set<Int> = []
  private var prefixes: Set<ModuleName> = []
  private(set) var products: [(place: ModuleName, variant: Variant, term: Term, flops: Rational)] =
    []

  init(_ model: Model, _ workload: Workload) throws(DescriptionError) {
    if let gap = model.operationGap {
      throw .operationsUnknown(modelType: model.modelType, missing: gap)
    }
    self.workload = workload
    try add(model, workload, .asked)
    for mask in Workload.Mask.allCases where mask != workload.mask {
      try add(model, workload.with { $0.mask = mask }, .mask(mask))
    }
    for logits in Workload.Logits.allCases where logits != workload.logits {
      try add(model, workload.with { $0.logits = logits }, .logits(logits))
    }
    if model.hasLatents {
      for form in Workload.LatentForm.allCases where form != workload.latentForm {
        try add(model, workload.with { $0.latentForm = form }, .latent(form))
      }
    }
    if workload.phase == .train {
      for recompute in [Workload.Recompute.none, .full] where recompute != workload.recompute {
        try add(model, workload.with { $0.recompute = recompute }, .recompute(recompute))
      }
    }
    for runsAll in model.expertModes.map({ !$0 }) {
      try add(model.running(everyExpert: runsAll), workload, .everyExpert(runsAll))
    }
  }

  private mutating func add(
    _ model: Model, _ workload: Workload, _ variant: Variant
  ) throws(DescriptionError) {
    let ledger = OperationLedger(model, workload)
    for occurrence in try ledger.occurrences() {
      let place = ModuleName(layer: occurrence.layer, path: occurrence.path)
      if variant == .asked, order[place] == nil {
        order[place] = order.count
        var prefix = place
        repeat {
          prefixes.insert(prefix)
          _ = prefix.inside.popLast()
        } while !prefix.inside.isEmpty
        if let layer = place.layer { layers.insert(layer) }
      }
      guard let (kind, flops) = occurrence.product else { continue }
      let term = Term(occurrence, kind)
      products.append((place, variant, term, flops))
      guard variant == .asked, term.isConvolution else { continue }
      func value(_ formula: Formula) throws(DescriptionError) -> Rational {
        try ledger.value(formula, occurrence.path).constant ?? .zero
      }
      var unpadded = kind
      unpadded.rows = Formula(Workload.batch) * Formula(Workload.tokens)
      products.append((place, .withoutPadding, term, try value(unpadded.flops)))
      products.append((place, .inOneGroup, term, try value(kind.flops * kind.copies)))
    }
  }

  /// Whether the model has a module of this name.
  func knows(_ name: ModuleName) -> Bool {
    guard let layer = name.layer else { return true }
    guard layers.contains(layer) else { return false }
    return name.inside.isEmpty || prefixes.contains(name)
      || order.keys.contains { name.holds($0) }
  }
}

extension Workload {
  fileprivate func with(_ change: (inout Workload) -> Void) -> Workload {
    var copy = self
    change(&copy)
    return copy
  }
}

extension Model {
  fileprivate var mixtures: [MixtureOfExperts] {
    groups.flatMap(\.layer.branches).compactMap { branch in
      if case .mixtureOfExperts(let mixture) = branch.module { mixture } else { nil }
    }
  }

  /// Whether all experts of a mixture run: one answer for each way that the model has.
  fileprivate var expertModes: Set<Bool> {
    Set(mixtures.filter { $0.capacity == nil }.map(\.runsEveryExpert))
  }

  fileprivate func running(everyExpert: Bool) -> Model {
    var copy = self
    for group in copy.groups.indices {
      for block in copy.groups[group].layer.blocks.indices {
        for branch in copy.groups[group].layer.blocks[block].branches.indices {
          guard
            case .mixtureOfExperts(var mixture) =
              copy.groups[group].layer.blocks[block].branches[branch].module
          else { continue }
          mixture.runsEveryExpert = everyExpert
          copy.groups[group].layer.blocks[block].branches[branch].module =
            .mixtureOfExperts(mixture)
        }
      }
    }
    return copy
  }

  fileprivate var hasLatents: Bool {
    groups.flatMap(\.layer.branches).contains { branch in
      if case .latentAttention = branch.module { true } else { false }
    }
  }
}
