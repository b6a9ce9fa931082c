import Accounting
import Architecture
import Arguments
import Families
import JSON
import Measurements
import Presets
import Reference
import Symbolic
import Validation
import Wording

extension Command {
  /// Runs a model and compares every count: `tally validate mixtral-8x7b`.
  static let validate = Command(
    "validate", "Run a model and compare every count with the computed one.",
    discussion: """
      The model runs on random weights in an executor that counts what it does and knows no
      formula. Every kind of operation of every part of every layer must be equal to what is
      computed, from what the data decided where they decide; the exit code is 1 if one is
      not, and 65 for a model that cannot run. Reduced models have every kind of layer of the full
      one, and small sizes. See docs/validation.md.

      --measured FILE runs nothing: it compares what another tool counted, module by module, and
      says why each count differs. Five lines of Python make such a file:

        import json, torch.utils.flop_counter as flops
        with flops.FlopCounterMode(display=False) as counter:
            model(ids)  # a training step: model(ids, labels=ids).loss.backward()
        json.dump({name: {str(op): n for op, n in ops.items()} for name, ops
                   in counter.get_flop_counts().items()}, open("counts.json", "w"))

      A trace of torch's profiler, and what DeepSpeed's flops profiler, calflops and fvcore print, are
      read too, and tables of timed runs (CSV, JSON lines); see docs/measured-runs.md.
      """,
    examples: [
      ("tally validate llama2-13b mod-220m", "small models of the same structure"),
      ("tally validate mixtral-8x7b --rows", "every count beside the computed one"),
      ("tally validate mixtral-8x7b --evidence literal", "count every scalar operation itself"),
      ("tally validate --all", "every preset, reduced"),
      ("tally validate deepseek-moe-16b --scale full --tokens 4096", "all of its layers"),
      (
        "tally validate deepseek-v2 --capacity-factor 1 --capacity-devices 8 --drop-policy best",
        "experts that drop tokens"
      ),
      ("tally validate gemma2-9b --phase decode --past 40", "one token after a cache"),
      ("tally validate gpt-oss-20b --tokens 40 --generate 24", "a prompt and what follows"),
      ("tally validate mod-220m --scale full --timing", "does time follow FLOPs?"),
      (
        "tally validate mixtral-8x7b --measured counts.json --tokens 4096",
        "what another tool counted"
      ),
      (
        "tally validate llama3-8b --measured runs.csv --device h100 --output runs.svg",
        "times of many runs against their FLOPs and bytes"
      ),
    ],
    [
      models.declaration, ModelSource.settings.declaration, ModelSource.changes.declaration,
      ModelSource.assume.declaration, ModelSource.predictors.declaration,
    ] + CapacityOptions.declarations + [
      all.declaration, scale.declaration, evidence.declaration, tokens.declaration,
      WorkloadOptions.past.declaration, WorkloadOptions.generated.declaration,
      WorkloadOptions.batch.declaration,
      WorkloadOptions.phase.declaration, WorkloadOptions.mask.declaration,
      WorkloadOptions.logits.declaration,
      WorkloadOptions.latent.declaration, WorkloadOptions.recompute.declaration,
      seed.declaration, weights.declaration, memory.declaration, threads.declaration,
      rows.declaration, timing.declaration, measured.declaration, output.declaration,
      ReportFormat.plain.declaration,
    ] + machine
  ) { arguments in
    let words = arguments[models]
    let isAll = arguments[all]
    guard !(words.isEmpty && !isAll) else { throw UsageError.missing("MODEL") }
    guard words.isEmpty || !isAll else {
      throw UsageError.contradiction(
        "--all", "'\(words[0])'", advice: "Name models, or take all presets.")
    }
    if let file = arguments[measured] { return try compared(words, file, arguments) }
    if let given = machine.first(where: { arguments.has($0) }) {
      throw UsageError.contradiction(
        given.label, "no --measured", advice: "Only a table of measured runs has it; leave it out.")
    }
    let run = try ValidationRun(arguments)
    let names = isAll ? Catalog.names : words
    if arguments[timing] { return try timed(run, names, arguments) }
    if arguments[output] != nil {
      throw UsageError.contradiction(
        "--output", "no --timing",
        advice: "Only --timing draws a plot, and --measured with a table of runs.")
    }
    let reports = try run.reports(names, isAll: isAll)
    let code: Int32 = reports.allSatisfy(\.validation.holds) ? 0 : 1
    let idle =
      isAll
      ? []
      : reports.flatMap { report in
        let pass = try? PassReport(report.validation.model, run.workload)
        return (pass.map { UnusedOptions.notes(arguments, $0) } ?? [])
          .map { "note: \(report.name): \($0)\n" }
      }
    let notes = (reports.compactMap(\.note).map { "\($0)\n" } + idle).joined()
    switch arguments[ReportFormat.plain] {
    case .json:
      return Outcome(
        JSONValue.object([
          "schema_version": .integer(1), "models": .array(reports.map(\.json)),
        ]).text, exitCode: code)
    case .csv:
      return Outcome(ValidationReport.rows(reports).csv, exitCode: code)
    case let format:
      let tables =
        arguments[rows] ? reports.map { $0.text(format) }.joined(separator: "\n") + "\n" : ""
      let summary = ValidationReport.summary(reports).text(format)
      return Outcome(
        tables + summary + "\n" + ValidationReport.verdict(reports), errors: isAll ? "" : notes,
        exitCode: code)
    }
  }

  /// What another tool measured beside what is computed.
  private static func compared(
    _ words: [String], _ file: String, _ arguments: Arguments
  ) throws -> Outcome {
    guard words.count == 1 else { throw UsageError.extra(words.count > 1 ? words[1] : "--all") }
    func refuse(_ declarations: [Declaration], _ other: String, _ advice: String) throws {
      guard let given = declarations.first(where: { arguments.has($0) }) else { return }
      throw UsageError.contradiction(given.label, other, advice: advice)
    }
    try refuse(
      [
        scale.declaration, evidence.declaration, seed.declaration, weights.declaration,
        memory.declaration, threads.declaration, timing.declaration,
      ], "--measured", "--measured runs nothing; leave one of them out.")
    // What the command line alone says is wrong, before anything is read.
    _ = try WorkloadOptions.workload(arguments)
    let path = arguments[output]
    if let path, let problem = OutputFile(path).obstacle {
      throw Failure.unwritable(path, reason: problem.reason)
    }
    let model = try ModelSource(arguments).model(words[0])
    let measurement: Measurement
    switch Terminal.read(file) {
    case .success(let bytes):
      do throws(MeasurementError) {
        measurement = try Measurement(reading: bytes)
      } catch {
        throw Failure.measurement(source: file, error)
      }
    case .failure(let problem): throw Failure.unreadable(file, reason: problem.reason)
    }
    let format = arguments[ReportFormat.plain]
    switch measurement {
    case .counts(let counts):
      try refuse(
        machine + [output.declaration], "counts of a profiler",
        "Only a table of runs has times; leave it out.")
      return try MeasuredReport(model, counts, arguments)
        .outcome(format, isWhole: arguments[rows])
    case .runs(let table):
      let report = try RunsReport(model, table, file, arguments)
      if let path, let problem = OutputFile(path).write(report.svg) {
        throw Failure.unwritable(path, reason: problem.reason)
      }
      return report.outcome(format)
    }
  }

  /// The options of a table of runs: what ran, and how its numbers are stored.
  private static let machine: [Declaration] = [
    MachineOptions.device.declaration, MachineOptions.peak.declaration,
    MachineOptions.bandwidth.declaration, MachineOptions.number.declaration,
    MachineOptions.sparse.declaration, MachineOptions.devices.declaration,
    WorkloadOptions.weightFormat.declaration, WorkloadOptions.cacheFormat.declaration,
  ]

  /// The ladder of one model.
  private static func timed(
    _ run: ValidationRun, _ names: [String], _ arguments: Arguments
  ) throws -> Outcome {
    guard names.count == 1 else { throw UsageError.extra(names.count > 1 ? names[1] : "--all") }
    let format = arguments[ReportFormat.plain]
    if let path = arguments[output], let problem = OutputFile(path).obstacle {
      // Before the time is spent.
      throw Failure.unwritable(path, reason: problem.reason)
    }
    let report: TimingReport
    do {
      report = try run.timing(names[0])
    } catch let failure as TimingLadder.Failure {
      return Outcome(
        errors: "error: The counts of the pass \(failure.label) differ, so its time means nothing. "
          + "Run 'tally validate' without --timing to see the rows.\n", exitCode: 1)
    }
    if let path = arguments[output],
      let problem = OutputFile(path).write(path.hasSuffix(".csv") ? report.runs.csv : report.svg)
    {
      throw Failure.unwritable(path, reason: problem.reason)
    }
    return Outcome(format == .json ? report.json.text : report.text(format))
  }

  fileprivate static let models = Parameter<[String]>.optionalPositionals(
    "MODEL", help: "A preset, a config.json, a folder that holds one, or -.")
  fileprivate static let all = Parameter<Bool>.flag("all", help: "Every preset.")
  fileprivate static let rows = Parameter<Bool>.flag(
    "rows", help: "Print every count; without it, those that differ.")
  fileprivate static let scale = Parameter<ValidationRun.Scale>.choice(
    "scale", "SCALE", of: ValidationRun.Scale.allCases, default: .reduced,
    help: "A small model of the same structure, or all of it.")
  fileprivate static let evidence = Parameter<Evidence>.choice(
    "evidence", "FORM", of: Evidence.allCases, default: .kernel,
    help: "Count every scalar operation, or the extents of fast kernels.")
  fileprivate static let tokens = Parameter<[Int128]>.wholes(
    "tokens", "T", least: 1,
    help: "New tokens: 48, 512 at full scale, 2048 measured; 1 in decode; 12,30 packs sequences.")
  fileprivate static let seed = Parameter<Int128?>.whole(
    "seed", "N", least: 0, most: Int128(UInt64.max), default: 0,
    help: "What weights and tokens follow from.")
  fileprivate static let weights = Parameter<WeightPolicy>.choice(
    "weights", "POLICY", of: WeightPolicy.allCases, default: .streamed,
    help: "Make weights when they are needed, share them, or keep them.")
  fileprivate static let memory = Parameter<String?>.text(
    "memory", "SIZE", help: "Refuse what needs more, as 8GiB: nine tenths of what there is.",
    complaint: { ByteSize.bytes($0) == nil ? "a size, as 512MiB or 8GiB" : nil })
  fileprivate static let timing = Parameter<Bool>.flag(
    "timing", help: "Time a ladder of passes, and fit time against FLOPs.")
  fileprivate static let measured = Parameter<String?>.text(
    "measured", "FILE", help: "Run nothing; compare what another tool has written to a file.")
  fileprivate static let output = Parameter<String?>.text(
    "output", "FILE",
    help: "With --timing or measured runs, draw a plot; with --timing, a .csv is a table of runs.")
  fileprivate static let threads = Parameter<Int128?>.whole(
    "threads", "N", least: 1, help: "Threads of the kernel form: the processors.")
}

/// A size in bytes as people write it.
enum ByteSize {
  static func bytes(_ text: String) -> Int? {
    guard let size = Rational(written: text, inBytes: true), size > .zero else { return nil }
    return Int(exactly: size.floor)
  }
}

/// What a command line of `validate` requests, and the runs of it.
struct ValidationRun {
  enum Scale: String, CaseIterable {
    case reduced
    case full
  }

  let scale: Scale
  /// Whether what predicts further tokens runs, too.
  let hasPredictors: Bool
  let source: ModelSource
  let workload: Workload
  let settings: Validation.Settings
  let memory: Int

  init(_ arguments: Arguments) throws {
    scale = arguments[Command.scale]
    source = try ModelSource(arguments)
    hasPredictors = arguments[ModelSource.predictors]
    var request = WorkloadRequest()
    request.phase = arguments[WorkloadOptions.phase]
    guard request.phase != .train, !arguments.has(WorkloadOptions.recompute.declaration) else {
      throw UsageError.contradiction(
        request.phase == .train ? "--phase train" : "--recompute", "no --measured",
        advice: "No training step is run here; --measured compares one that was run elsewhere.")
    }
    let lengths = arguments[Command.tokens]
    if lengths.count > 1 {
      request.packed = lengths
    } else {
      request.tokens =
        lengths.first ?? (request.phase == .decode ? 1 : scale == .full ? 512 : 48)
    }
    request.past = arguments[WorkloadOptions.past] ?? 0
    request.generated = arguments[WorkloadOptions.generated] ?? 0
    request.batch = arguments[WorkloadOptions.batch] ?? 1
    request.mask = arguments[WorkloadOptions.mask]
    request.logits = arguments[WorkloadOptions.logits]
    request.latentForm = arguments[WorkloadOptions.latent]
    workload = try WorkloadOptions.workload(request)
    settings = {
      var settings = Validation.Settings()
      settings.evidence = arguments[Command.evidence]
      settings.seed = UInt64(truncatingIfNeeded: arguments[Command.seed] ?? 0)
      settings.weights = arguments[Command.weights]
      settings.threads =
        arguments[Command.threads].map { Int(clamping: min($0, 64)) }
        ?? min(Terminal.processors, 64)
      return settings
    }()
    memory =
      arguments[Command.memory].flatMap { ByteSize.bytes($0) } ?? MemoryAllowance.bytes
  }

  /// Runs models one after the other.
  ///
  /// - Throws: `Failure`, with the model at fault.
  func reports(_ names: [String], isAll: Bool) throws -> [ValidationReport] {
    // Everything that can be refused is refused before anything runs.
    let prepared = try names.flatMap { try prepareAll($0) }
    announce(prepared.map(\.preparation), isAll ? "validate" : nil)
    var reports: [ValidationReport] = []
    let whole = isAll ? ProgressLine("validate") : nil
    for (index, (reduction, preparation)) in prepared.enumerated() {
      let name = reduction.model.name
      let line = isAll ? nil : ProgressLine(name)
      defer { line?.end() }
      reports.append(
        try Self.blaming(name) {
          let validation = try Validation(preparation) { share in
            line?.update(share)
            whole?.update((Double(index) + share) / Double(prepared.count))
          }
          return ValidationReport(
            name: name, scale: scale, changes: reduction.changes, validation: validation,
            peakMemory: Terminal.peakMemory)
        })
    }
    whole?.end()
    return reports
  }

  /// Times a ladder of passes of one model.
  ///
  /// - Throws: `Failure`, with the model at fault.
  func timing(_ word: String) throws -> TimingReport {
    let model = try prepare(word).reduction.model
    let name = model.name
    var settings = settings
    // Weights that are made while the clock runs would be timed too.
    if settings.weights == .streamed { settings.weights = .shared }
    return try Self.blaming(name) {
      let passes = try TimingLadder.passes(model, workload).map { pass in
        try Preparation(pass.model, pass.workload, settings)
      }
      announce(passes, name, runs: 2 * (Self.repeats + 1))
      let line = ProgressLine(name)
      defer { line.end() }
      return TimingReport(
        name: name,
        ladder: try TimingLadder(
          model, workload, settings, repeats: Self.repeats, progress: line.update))
    }
  }

  /// The model of a word, and what predicts further tokens beside it if that is requested.
  private func prepareAll(
    _ word: String
  ) throws -> [(reduction: Reduction, preparation: Preparation)] {
    let main = try prepare(word)
    guard hasPredictors else { return [main] }
    let model = main.reduction.model
    return try [main]
      + Self.blaming(model.name) {
        try model.predictors().map {
          try prepare(Reduction(model: $0, changes: main.reduction.changes))
        }
      }
  }

  private func prepare(
    _ word: String
  ) throws -> (reduction: Reduction, preparation: Preparation) {
    let positions = max(workload.tokens, 1) + workload.past + workload.generated
    return try prepare(
      scale == .reduced
        ? try source.reduced(word, positions: positions)
        : Reduction(model: try source.model(word), changes: []))
  }

  private func prepare(
    _ reduction: Reduction
  ) throws -> (reduction: Reduction, preparation: Preparation) {
    try Self.blaming(reduction.model.name) {
      let preparation = try Preparation(reduction.model, workload, settings)
      guard preparation.memory.bytes <= memory else {
        throw ExecutionError.needsMemory(bytes: preparation.memory.bytes, allowed: memory)
      }
      return (reduction, preparation)
    }
  }

  /// How often a ladder of passes is measured.
  private static let repeats = 3

  /// Says what passes will take that take more than two seconds, before the first of them starts.
  ///
  /// Without a name for all of them each has its own line, with the name of its model.
  private func announce(_ passes: [Preparation], _ name: String?, runs: Int = 1) {
    var rates: Rates?
    func seconds(_ pass: Preparation) -> Double {
      guard pass.mayBeLong else { return 0 }
      let measured = rates ?? pass.executor.measuredRates
      rates = measured
      return pass.estimatedSeconds(measured) * Double(runs)
    }
    guard let name else {
      for pass in passes { say(seconds(pass), pass.memory.bytes, pass.executor.model.name) }
      return
    }
    let bytes = passes.map(\.memory.bytes).max() ?? 0
    say(passes.map(seconds).reduce(0, +), bytes, name)
  }

  private func say(_ seconds: Double, _ bytes: Int, _ name: String) {
    guard seconds > 2 else { return }
    Terminal.write(
      "\(name): about \(ProgressLine.time(seconds)) and \(Quantity.bytes(Int128(bytes))) "
        + "of memory.\n", to: .errors)
  }

  private static func blaming<Result>(_ name: String, _ body: () throws -> Result) throws -> Result
  {
    do {
      return try body()
    } catch let error as DescriptionError {
      throw Failure.description(source: name, error)
    } catch let error as ExecutionError {
      throw Failure.execution(source: name, error)
    }
  }
}
