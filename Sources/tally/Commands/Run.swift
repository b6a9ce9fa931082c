import Accounting
import Architecture
import Arguments
import Families
import JSON
import Reference
import Symbolic
import Validation
import Wording

extension Command {
  /// Runs a checkpoint: `tally run path/to/folder --tokens 1,2,3`.
  static let run = Command(
    "run", "Run a checkpoint and print the likeliest next tokens.",
    discussion: """
      CHECKPOINT is a folder with config.json and safetensors files (F32, F16 or BF16; one file, or
      shards with their index), or a repository in the local Hugging Face cache. The weights are
      mapped and read part by part. Tokens are their numbers in the vocabulary; text is not read.
      The experts, or the tokens, that each routed layer chose are printed beside the scores. A file
      {"prose": [..], "code": [..]} holds several sequences; each runs by itself. See docs/run.md.
      """,
    examples: [
      ("tally run path/to/folder --tokens 1,2,3", "the five likeliest next tokens"),
      ("tally run path/to/folder --tokens-file ids.json --top 20", "a longer prompt"),
      (
        "tally run path/to/folder --tokens 1,2,3 --generate 16",
        "the likeliest token, sixteen times"
      ),
      ("tally run path/to/folder --tokens 1,2,3 --output logits.npy", "every score, for NumPy"),
      (
        "tally run path/to/folder --tokens 1,2,3 --validate", "compare the counts of this very pass"
      ),
      (
        "tally run path/to/folder --tokens-file domains.json --routing-map map.svg",
        "what the routers chose for each list of a file, drawn"
      ),
    ],
    [
      checkpoint.declaration, tokens.declaration, tokensFile.declaration, top.declaration,
      generate.declaration, output.declaration, map.declaration, validates.declaration,
      unproven.declaration,
      ModelSource.settings.declaration, ModelSource.assume.declaration, memory.declaration,
      threads.declaration, ReportFormat.plain.declaration,
    ]
  ) { arguments in
    let report = try CheckpointRun(arguments).report()
    let code: Int32 = report.holds ? 0 : 1
    let notes = report.notes.map { "note: \($0)\n" }.joined()
    switch arguments[ReportFormat.plain] {
    case .json: return Outcome(report.json.text, errors: notes, exitCode: code)
    case let format: return Outcome(report.text(format), errors: notes, exitCode: code)
    }
  }

  fileprivate static let tokens = Parameter<String?>.text(
    "tokens", "LIST", help: "The tokens to run, as 1,2,3.",
    complaint: { text in
      TokenList.option(text) == nil ? "whole numbers with commas between them, as 1,2,3" : nil
    }
  ).known(as: "ids", "input-ids", "prompt-ids", "token-ids")
  fileprivate static let tokensFile = Parameter<String?>.text(
    "tokens-file", "FILE",
    help:
      "A file of tokens: a JSON list, numbers with white space, or an object of named lists.")
  fileprivate static let top = Parameter<Int128?>.whole(
    "top", "N", least: 1, default: 5, help: "How many of the likeliest next tokens to print."
  ).known(as: "top-k")
  fileprivate static let generate = Parameter<Int128?>.whole(
    "generate", "N", least: 1, most: 1 << 31,
    help: "Append the likeliest token N times; of equal ones the lowest."
  ).known(as: "max-new-tokens", "n-predict")
  fileprivate static let output = Parameter<String?>.text(
    "output", "FILE", help: "Write the scores of all positions [T, V] as a NumPy array, FILE.npy.",
    complaint: { $0.hasSuffix(".npy") ? nil : "a name that ends in .npy" })
  fileprivate static let map = Parameter<String?>.text(
    "routing-map", "FILE", help: "Draw what each router chose, as SVG into a file.",
    complaint: { $0.hasSuffix(".svg") ? nil : "a name that ends in .svg" })
  fileprivate static let validates = Parameter<Bool>.flag(
    "validate", help: "Compare every count of every pass with the computed one.")
  fileprivate static let unproven = Parameter<Bool>.flag(
    "unproven", help: "Run a type whose scores nobody has compared with those of its class.")
  fileprivate static let memory = Parameter<String?>.text(
    "memory", "SIZE", help: "Refuse what needs more, as 8GiB: nine tenths of what there is.",
    complaint: { ByteSize.bytes($0) == nil ? "a size, as 512MiB or 8GiB" : nil })
  fileprivate static let threads = Parameter<Int128?>.whole(
    "threads", "N", least: 1, help: "Threads: the processors.")
}

/// What a command line of `run` requests, and the run.
struct CheckpointRun {
  private let word: String
  /// The sequences, which do not see one another; there is at least one.
  private let sequences: [TokenList]
  /// Whether the tokens stand on the command line, and not in a file.
  private let isOption: Bool
  private let top: Int
  private let generated: Int
  private let output: OutputFile?
  private let map: OutputFile?
  private let validates: Bool
  private let isUnprovenAllowed: Bool
  /// Whether the scores of every position are wanted.
  private let scoresAll: Bool
  private let source: ModelSource
  private let memory: Int
  private let threads: Int

  /// - Throws: `UsageError`, `Failure` for a file of tokens.
  init(_ arguments: Arguments) throws {
    word = arguments[Command.checkpoint]
    source = try ModelSource(arguments)
    switch (arguments[Command.tokens], arguments[Command.tokensFile]) {
    case (let text?, nil):
      (sequences, isOption) = ([TokenList(TokenList.option(text) ?? [])], true)
    case (nil, let path?): (sequences, isOption) = (try TokenList.file(path), false)
    case (nil, nil): throw UsageError.missing("--tokens")
    case (.some, .some):
      throw UsageError.contradiction(
        "--tokens", "--tokens-file", advice: "Give the tokens once.")
    }
    top = Int(clamping: arguments[Command.top] ?? 5)
    generated = Int(clamping: arguments[Command.generate] ?? 0)
    output = arguments[Command.output].map { OutputFile($0) }
    if output != nil, sequences.count > 1 {
      throw UsageError.contradiction(
        "--output", "--tokens-file",
        advice: "An array holds one sequence, and the file names \(sequences.count).")
    }
    map = arguments[Command.map].map { OutputFile($0) }
    validates = arguments[Command.validates]
    isUnprovenAllowed = arguments[Command.unproven]
    scoresAll = output != nil || arguments[ReportFormat.plain] == .json
    memory = arguments[Command.memory].flatMap { ByteSize.bytes($0) } ?? MemoryAllowance.bytes
    threads =
      arguments[Command.threads].map { Int(clamping: min($0, 64)) } ?? min(Terminal.processors, 64)
  }

  /// Runs each sequence, and what is generated after it.
  ///
  /// - Throws: `Failure`, with the file or folder at fault.
  func report() throws -> DomainReport {
    for file in [output, map].compactMap(\.self) {
      // Before the time is spent.
      if let problem = file.obstacle {
        throw Failure.unwritable(file.path, reason: problem.reason)
      }
    }
    let checkpoint = try CheckpointSource(word, source)
    try checkpoint.requirePlainWeights()
    let line = ProgressLine(checkpoint.folder)
    defer { line.end() }
    let report: DomainReport
    do {
      report = DomainReport(
        runs: try sequences.enumerated().map { index, sequence in
          try run(checkpoint, sequence) { share in
            line.update((Double(index) + share) / Double(sequences.count))
          }
        })
    } catch let error as DescriptionError {
      throw Failure.description(source: checkpoint.folder, error)
    } catch let error as ExecutionError {
      throw Failure.run(source: checkpoint.folder, error)
    }
    if let map {
      let problem = map.write(RoutingMap(runs: report.runs).svg)
      if let problem { throw Failure.unwritable(map.path, reason: problem.reason) }
    }
    return report
  }

  private func run(
    _ checkpoint: CheckpointSource, _ sequence: TokenList,
    _ progress: @escaping (Double) -> Void
  ) throws -> RunReport {
    let tokens = sequence.tokens
    let preparation = try prepare(checkpoint.model, tokens)
    // What is not executed at all has said so by now.
    let type = checkpoint.model.modelType
    guard isUnprovenAllowed || Family.withProvenLogits.contains(type) else {
      throw Failure.unproven(source: checkpoint.folder, modelType: type)
    }
    let executor = preparation.executor
    let vocabulary = try executor.vocabularySize
    if let token = tokens.first(where: { $0 >= vocabulary }) {
      throw Failure.noSuchToken(token, vocabulary: vocabulary, isOption: isOption)
    }
    if map != nil, !executor.model.isRouted { throw Failure.notRouted(source: checkpoint.folder) }
    let (weights, notes) = try checkpoint.weights(for: executor)
    Terminal.stopOnLostFile()
    executor.use(weights)

    let logits: Logits
    var validation: ValidationReport?
    if validates {
      let done = try Validation(
        preparation, keepsLogits: true, given: [tokens], progress: progress)
      logits = done.logits
      validation = ValidationReport(
        name: checkpoint.folder, scale: .full, changes: [], validation: done,
        peakMemory: Terminal.peakMemory)
    } else {
      let all = preparation.operations
      executor.meter.progress = { progress(min(1, Double($0) / max(all, 1))) }
      logits = try executor.run([tokens], Pass(preparation.workload))
    }
    let routing = executor.routing
    if let output {
      let problem = ArrayFile.write(
        logits.numbers, rows: logits.rows, columns: logits.columns, to: output)
      if let problem { throw Failure.unwritable(output.path, reason: problem.reason) }
    }
    let more = try generate(after: logits, of: tokens, preparation, progress)
    return RunReport(
      model: checkpoint.model, domain: sequence.domain, tokens: tokens, logits: logits,
      isWritten: output != nil, top: top, routing: routing, generated: more.tokens,
      asksForMore: generated > 0, validation: validation, steps: more.steps, notes: notes)
  }

  /// A pass over the tokens, that keeps its weights where more follow and they have room.
  private func prepare(_ model: Model, _ tokens: [Int]) throws -> Preparation {
    var workload = Workload()
    workload.tokens = Int128(tokens.count)
    // Exactly the positions that the mask keeps; the others would change no score.
    workload.mask = .causal
    workload.logits = scoresAll ? .all : .last
    var settings = Validation.Settings()
    settings.threads = threads
    if generated > 1 {
      settings.weights = .resident
      let preparation = try Preparation(model, workload, settings)
      if try bytes(preparation) <= memory / 2 { return preparation }
      settings.weights = .streamed
    }
    let preparation = try Preparation(model, workload, settings)
    let bytes = try bytes(preparation)
    guard bytes <= memory else {
      throw ExecutionError.needsMemory(bytes: bytes, allowed: memory)
    }
    return preparation
  }

  /// About how much memory the passes take, with the cache of all tokens.
  private func bytes(_ preparation: Preparation) throws -> Int {
    var workload = preparation.workload
    // The last token that is generated is not run.
    workload.tokens += Int128(max(0, generated - 1))
    let longest =
      generated < 2
      ? preparation
      : try Preparation(
        preparation.executor.model, workload, preparation.settings)
    return longest.memory.bytes
  }

  /// Appends the likeliest token, and runs it after those that are cached.
  private func generate(
    after logits: Logits, of prompt: [Int], _ preparation: Preparation,
    _ progress: (Double) -> Void
  ) throws -> (tokens: [Int], steps: [RunReport.Step]) {
    guard generated > 0 else { return ([], []) }
    let executor = preparation.executor
    executor.meter.isRecording = validates
    executor.meter.progress = nil
    var workload = preparation.workload
    workload.phase = .decode
    workload.tokens = 1
    workload.logits = .last
    let pass = Pass(workload)
    var tokens = [RunReport.likeliest(1, logits[logits.rows - 1])[0].token]
    var steps: [RunReport.Step] = []
    while tokens.count < generated {
      executor.meter.restart()
      let next = try executor.run([[tokens[tokens.count - 1]]], pass)
      if validates {
        workload.past = Int128(prompt.count + steps.count)
        let comparison = try Comparison(
          executor.model, workload, executor.meter.tallies, executor.meter.decisions)
        steps.append(
          RunReport.Step(counts: comparison.rows.count, mismatches: comparison.mismatches))
      }
      tokens.append(RunReport.likeliest(1, next[next.rows - 1])[0].token)
      progress(Double(tokens.count) / Double(generated))
    }
    return (tokens, steps)
  }
}

extension Model {
  /// Whether some layer chooses among experts or tokens.
  fileprivate var isRouted: Bool {
    groups.contains { group in
      group.layer.isConditional
        || group.layer.branches.contains { branch in
          if case .mixtureOfExperts = branch.module { true } else { false }
        }
    }
  }
}
