import Accounting
import Architecture
import Arguments
import Families
import JSON
import Symbolic
import Wording

/// One pass of one model, with what it needs of memory.
struct PassReport {
  let operations: OperationReport
  let memory: Memory
  /// What to say of options that change nothing of this pass.
  private(set) var unusedOptions: [String] = []
  /// What the pass comes to on a machine, if one is named.
  private(set) var machine: MachineReport?

  var model: Model { operations.model }
  var workload: Workload { operations.workload }

  init(_ operations: OperationReport, _ memory: Memory) {
    self.operations = operations
    self.memory = memory
  }

  /// The passes of the models of a command line, in its order.
  ///
  /// - Throws: `Failure`, with the file or preset at fault; `UsageError`.
  static func reports(_ arguments: Arguments) throws -> [PassReport] {
    try reports(arguments, ModelSource.described(arguments) { try figures(arguments, $0) })
  }

  /// What a report of one pass prints of a model.
  ///
  /// - Throws: `Failure`, `UsageError`.
  static func figures(_ arguments: Arguments, _ model: Model) throws -> JSONObject {
    guard model.operationGap == nil else { return JSONObject() }
    return try reports(arguments, [model])[0].json(.exact)
  }

  /// The passes of some models.
  ///
  /// - Throws: `Failure`, with the file or preset at fault; `UsageError`.
  static func reports(_ arguments: Arguments, _ models: [Model]) throws -> [PassReport] {
    let workload = try WorkloadOptions.workload(arguments)
    return try models.map { model in
      var report = try PassReport(
        model, workload, weights: WorkloadOptions.storedFormat(arguments, of: model),
        cache: arguments[WorkloadOptions.cacheFormat])
      report.unusedOptions = UnusedOptions.notes(arguments, report)
      return report
    }
  }

  /// - Throws: `Failure`, with the file or preset at fault.
  init(
    _ model: Model, _ workload: Workload, weights: WeightFormat = .bf16,
    cache: NumberFormat = .bf16
  ) throws {
    (operations, memory) = try ModelSource.blaming(model) {
      let operations = try OperationReport(model, workload)
      return (operations, try Memory(operations, weights: weights, cache: cache))
    }
  }
}

extension PassReport {
  /// Adds what the pass comes to on a machine.
  ///
  /// - Throws: `Failure` if a figure needs more than 128 bits.
  mutating func measure(_ options: MachineOptions, _ convention: Convention) throws {
    machine = try MachineReport(self, convention, options)
  }
}

// MARK: - Words beside the figures

extension PassReport {
  /// What no row counts, said once under every table.
  static func notCounted(_ reports: [PassReport]) -> String {
    var kinds = ["look-ups", "copies", "comparisons", "random numbers"]
    if reports.contains(where: { $0.workload.phase == .train }) {
      kinds += [
        "kept activations", "element-wise work of the backward pass", "the loss", "the optimizer",
      ]
    }
    return "Not counted: \(kinds.joined(separator: ", "))."
  }

  /// What a reader of the figures should know.
  static func footnotes(_ reports: [PassReport], _ convention: Convention = .exact) -> String {
    var lines: [String] = []
    for report in reports {
      for note in report.model.notes + report.notes(convention) {
        let line = "note: \(report.model.name): \(note)\n"
        if !lines.contains(line) { lines.append(line) }
      }
    }
    return lines.joined()
  }

  /// How far the counts are settled: `exact` only where somebody else has counted, too.
  var exactness: Exactness {
    let isSeen = Family.witnessed.contains(model.modelType)
    return operations.exactness == .exact && !isSeen ? .described : operations.exactness
  }

  /// What this pass, counted so, says beyond the description.
  func notes(_ convention: Convention) -> [String] {
    var notes =
      model.operationNotes + unusedOptions + (machine?.warnings(self, convention) ?? [])
    if let context = model.contextLength, let limit = context.wholeConstant {
      let seen = workload.packed.max() ?? workload.past + workload.tokens + workload.generated
      if seen > limit {
        notes.append(
          "\(seen) positions are more than the \(limit) of max_position_embeddings; counted all "
            + "the same.")
      }
    }
    switch exactness {
    case .exact, .described: break
    case .expected:
      let what =
        model.dropsTokens
        ? "How many tokens an expert takes depends on the data; the figures are those expected"
        : model.expectation
      notes.append(what + boundsText(convention))
    case .bounded:
      notes.append(
        "How many experts a token meets depends on the data; the figures are the most"
          + boundsText(convention))
    }
    for met in memory.expertsMet where met.isOpen {
      notes.append(
        "The tokens of the pass meet \(met.least.short) to \(met.most.short) of the "
          + "\(met.experts.short) experts of a layer, \(met.expected.short) expected if each chooses "
          + "evenly and for itself; "
          + (model.hasLimitedExperts && !model.dropsTokens
            ? "every slot is computed, so the bytes moved are those of all."
            : "the bytes moved are those expected."))
    }
    notes += memory.slotsFilled.map(\.note)
    // These speak of the exact count; beside another headline they would be taken for its own.
    if convention.name == Convention.exact.name {
      notes += notesOfForms
    }
    if workload.phase == .decode, workload.past == 0, !memory.stateElements.isZero {
      notes.append(
        "Nothing is cached, so recurrent mixers compute a whole chunk or scan for the one token, as "
          + "transformers does; --past 1 counts a step of the recurrence.")
    }
    return notes
  }

  /// The end of a sentence about what the data decide.
  private func boundsText(_ convention: Convention) -> String {
    guard let bounds = try? operations.bounds(under: convention) else {
      return ". The total under \(convention.name) is the same whatever the data."
    }
    return ", and the bounds are \(bounds.least.short) and \(bounds.most.short)."
  }

  /// What another mask, or another form of latent attention, would count.
  var notesOfForms: [String] {
    [hiddenPositions, absorbedForm, latentCrossing].compactMap(\.self)
  }

  /// What the causal mask would leave of the counted square.
  private var hiddenPositions: String? {
    guard let masked = (try? operations.ledger.totalUnderCausalMask()) ?? nil else { return nil }
    return "The whole square that a dense kernel computes is counted, with what windows, chunks or "
      + "chosen keys hide; --mask causal would count \(masked.short) FLOPs\(times(masked))."
  }

  /// What the form that engines run in decode would cost, where another is counted.
  private var absorbedForm: String? {
    guard workload.phase == .decode,
      let absorbed = (try? operations.ledger.totalWhenAbsorbed()) ?? nil
    else { return nil }
    let counted =
      workload.latentForm == .reexpanded
      ? "re-expands the whole cache, as transformers does" : "keeps keys and values expanded"
    return "This pass \(counted); engines run the absorbed form: --mla absorbed would count "
      + "\(absorbed.short) FLOPs\(times(absorbed))\(perByte(absorbed))."
  }

  /// The FLOPs per byte of another form that moves the same latents.
  private func perByte(_ other: Evaluated) -> String {
    guard workload.latentForm == .reexpanded, let intensity = memory.intensity,
      let total = operations.total.constant, let flops = other.constant,
      let share = try? flops.divided(by: total), let ratio = try? intensity.multiplied(by: share)
    else { return "" }
    return
      ", and \(Quantity.decimal(ratio.numerator, over: ratio.denominator, places: 1)) for each "
      + "byte moved"
  }

  /// How many times less a total is than the one that is counted, if both are numbers.
  private func times(_ less: Evaluated) -> String {
    guard let above = operations.total.constant, let below = less.constant, below != .zero,
      let ratio = try? above.divided(by: below)
    else { return "" }
    // "1.0 times" says nothing.
    guard let tenths = try? ratio.multiplied(by: Rational(20)).floor, tenths >= 21 else {
      return ""
    }
    return ", \(Quantity.decimal(ratio.numerator, over: ratio.denominator, places: 1)) times less"
  }

  /// From which cache on the forms of latent attention change places.
  private var latentCrossing: String? {
    guard workload.phase == .decode, let crossing = try? operations.ledger.latentCrossing() else {
      return nil
    }
    return crossing
  }
}
