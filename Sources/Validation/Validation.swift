package import Accounting
package import Architecture
package import Reference
import Symbolic

/// One pass of one model, computed and executed.
package struct Validation: Sendable {
  /// How the pass is executed.
  package struct Settings: Hashable, Sendable {
    /// Whether each operation is counted as it happens, or each call of a kernel by its extents.
    package var evidence = Evidence.kernel
    /// The seed of random weights and tokens.
    package var seed: UInt64 = 0
    /// How weights are made and held.
    package var weights = WeightPolicy.streamed
    /// The most threads that kernels run on.
    package var threads = 1
    /// An error put in on purpose, in tests.
    package var plantedError: PlantedError?

    package init() {}
  }

  /// The model that is counted.
  package let model: Model
  /// The pass.
  package let workload: Workload
  /// How it was executed.
  package let settings: Settings
  /// Computed and executed counts, row by row.
  package let comparison: Comparison
  /// How many experts ran in each layer that has some.
  package let experts: [MeasuredExperts]
  /// The parameters by the description, and those that the parts requested while they ran.
  package let parameters: (analytic: Int128, allocated: Int128)
  /// How long the pass took; the pass that fills the cache before it does not count.
  package let seconds: Double
  /// The scores of the vocabulary that the pass returned.
  package let logits: Logits

  /// Runs a pass.
  ///
  /// The formulas take the model that is `described`, where it is another; `progress` is told the
  /// share that is done.
  ///
  /// - Throws: `ExecutionError`, `DescriptionError`.
  package init(
    _ model: Model, _ workload: Workload, _ settings: Settings, described: Model? = nil,
    keepsLogits: Bool = true, progress: ((Double) -> Void)? = nil
  ) throws {
    try self.init(
      Preparation(model, workload, settings), described: described, keepsLogits: keepsLogits,
      progress: progress)
  }

  /// Runs a pass that is prepared; a warm one has run once before it is counted and timed.
  ///
  /// It runs over the tokens that are `given`, where some are, and otherwise over random ones.
  package init(
    _ preparation: Preparation, described: Model? = nil, keepsLogits: Bool = false,
    isWarm: Bool = false, given: [[Int]]? = nil, progress: ((Double) -> Void)? = nil
  ) throws {
    let (executor, model) = (preparation.executor, preparation.executor.model)
    let workload = preparation.workload
    executor.plantedError = preparation.settings.plantedError
    executor.keepsLogits = keepsLogits
    let (batch, tokens) = (preparation.batch, preparation.tokens)
    let past = preparation.past
    let all = preparation.operations * (isWarm && past == 0 ? 2 : 1)
    if let progress, all > 0 {
      let before = executor.meter.done
      executor.meter.progress = { progress(min(1, Double($0 - before) / all)) }
    }
    if past > 0 {
      executor.meter.isRecording = false
      _ = try executor.run(executor.randomTokens(batch, 0..<past), Pass(workload, isFilling: true))
      executor.meter.isRecording = true
    }
    let subject = described ?? model
    // Of several passes the data decide each, so that each is compared by itself.
    let isDecided =
      workload.hasParts && OperationLedger(subject, workload).exactness != .exact
    var compared: [Comparison] = []
    func compare(_ pass: Workload) throws(DescriptionError) {
      guard isDecided else { return }
      compared.append(
        try Comparison(subject, pass, executor.meter.tallies, executor.meter.decisions))
      executor.meter.restart()
    }
    let lengths = workload.packed.map { Int($0) }
    // Packed sequences do not see each other: each of them starts anew.
    for length in lengths.dropLast() {
      _ = try executor.run(executor.randomTokens(batch, 0..<length), Pass(workload))
      try compare(workload.sequence(of: Int128(length)))
      executor.forget()
    }
    let sequences =
      try given
      ?? executor.randomTokens(batch, past..<past + (lengths.last ?? tokens))
    if isWarm, past == 0 {
      // Once before, so that weights are made and memory is there.
      executor.meter.isRecording = false
      _ = try executor.run(sequences, Pass(workload))
      executor.forget()
      executor.meter.isRecording = true
    }
    let clock = ContinuousClock()
    let start = clock.now
    logits = try executor.run(sequences, Pass(workload))
    try compare(lengths.last.map { workload.sequence(of: Int128($0)) } ?? workload.prompt)
    for position in past + tokens..<past + tokens + preparation.generated {
      let next = try executor.randomTokens(batch, position..<position + 1)
      _ = try executor.run(next, Pass(workload.step))
      var step = workload.step
      step.past = Int128(position)
      try compare(step)
    }
    let elapsed = clock.now - start
    seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
    comparison =
      isDecided
      ? Comparison(adding: compared)
      : try Comparison(subject, workload, executor.meter.tallies, executor.meter.decisions)
    // Each of several passes meets others.
    experts =
      workload.hasParts
      ? []
      : try MeasuredExperts.all(
        OperationLedger(subject, workload), executor.meter.tallies)
    let report = try ParameterReport(subject)
    let unread = try report.ledger.value(report.ledger.unread, "What no pass reads")
    // What no checkpoint holds no pass requires either.
    parameters = (
      try ((report.stored ?? report.total) - unread).evaluated(with: [:]).wholeValue(),
      Int128(executor.allocatedParameters)
    )
    self.model = model
    self.workload = workload
    settings = preparation.settings
  }

  /// Whether every count, and the number of parameters, is equal, and no layer met more or fewer
  /// experts than there can be.
  package var holds: Bool {
    comparison.mismatches.isEmpty && parameters.analytic == parameters.allocated
      && experts.allSatisfy(\.isWithin)
  }

  /// The counted FLOPs over the time of the pass; 0 where no time was measured.
  package var flopsPerSecond: Double {
    seconds > 0 ? Double(comparison.measuredFLOPs) / seconds : 0
  }
}

extension Pass {
  /// The pass that a workload describes, or the one before it that fills the cache.
  package init(_ workload: Workload, isFilling: Bool = false) {
    self.init()
    mask = workload.mask == .full ? .full : .causal
    switch workload.latentForm {
    case .expanded: latentForm = .expanded
    case .reexpanded: latentForm = .reexpanded
    case .absorbed: latentForm = .absorbed
    }
    scoresLastOnly = isFilling || workload.logits == .last
    isSampling = !isFilling && workload.phase == .decode
  }
}
