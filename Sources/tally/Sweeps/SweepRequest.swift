import Accounting
import Architecture
import Arguments
import Sweeping
import Symbolic
import Wording

/// What a command line asks of a sweep, checked before anything runs.
struct SweepRequest {
  private let sweep: Sweep
  private let model: Model
  private let format: SweepFormat
  private let selection: Selection?
  /// How many columns are there for the order alone.
  private let hiddenColumns: Int
  private let shard: (number: Int, count: Int)?
  private let output: String?
  private let x: Query?
  private let plot: PlotKind

  /// The number of a shard, and how many there are.
  static func shard(_ text: String) -> (number: Int, count: Int)? {
    let pieces = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard pieces.count == 2, let number = pieces[0], let count = pieces[1], number >= 1,
      number <= count, count <= 1 << 40
    else { return nil }
    return (number, count)
  }

  /// - Throws: `Failure`, `UsageError`.
  init(_ arguments: Arguments) throws {
    let (subject, model) = try SweepOptions.subject(arguments)
    let axes = try SweepOptions.axes(arguments)
    let grid: Grid
    do throws(ArithmeticError) {
      grid = try Grid(axes)
    } catch {
      throw Failure.description(
        source: model.name, .arithmetic(error, what: "The number of points"))
    }
    guard !axes.isEmpty || arguments[SweepOptions.hold] != nil else {
      throw UsageError.missing("--vary")
    }
    let hold = try SweepOptions.heldFigure(arguments, axes)
    let isDrawn = arguments[SweepOptions.format] == .svg
    var columns =
      try arguments[SweepOptions.columns].map {
        try SweepOptions.columns($0, axes, model, solved: hold?.key)
      } ?? Self.columns(model, subject, axes, isDrawn: isDrawn)
    if let hold {
      if !columns.contains(where: { $0.query.figure == hold.figure }) {
        columns.append(Sweep.Column(hold.figure.path, .name(.figure(hold.figure))))
      }
      if !isDrawn, !columns.contains(where: { $0.query == .name(.residual) }) {
        columns.append(Sweep.Column("residual", .name(.residual)))
      }
    }
    let visible = columns.count
    x = try arguments[SweepOptions.x].map { text in
      let query = try SweepOptions.query(text, axes, model, solved: hold?.key, label: "--x")
      if case .name(.axis) = query { return query }
      if !columns.contains(where: { $0.query == query }) {
        columns.append(Sweep.Column(query.figure?.path ?? text, query))
      }
      return query
    }
    plot = arguments[SweepOptions.plot]
    selection = try Self.selection(arguments, axes, model, hold?.key, &columns)
    hiddenColumns = columns.count - visible
    var sweep = Sweep(subject, grid, columns: columns)
    sweep.hold = hold
    sweep.reference = try SweepOptions.reference(arguments)
    if let text = arguments[SweepOptions.filter] {
      let query = try SweepOptions.query(text, axes, model, solved: hold?.key, label: "--where")
      guard query.isQuestion else {
        throw UsageError.syntax(
          label: "--where", "'\(text)' is a number; compare it, as in '\(text) < 3e9'.")
      }
      sweep.filter = query
    }
    if grid.count > 1_000_000_000_000, sweep.filter == nil, !arguments[SweepOptions.yes] {
      throw Failure.tooManyPoints(grid.count)
    }
    self.sweep = sweep
    self.model = model
    format = arguments[SweepOptions.format]
    shard = arguments[SweepOptions.shard].flatMap { Self.shard($0) }
    output = arguments[SweepOptions.output]
    try refuse(arguments)
  }

  private func refuse(_ arguments: Arguments) throws {
    let isStream = format == .csv || format == .jsonl
    if shard != nil, !isStream {
      throw UsageError.contradiction(
        "--shard", "--format \(format.rawValue)",
        advice: "Only the parts of csv and jsonl can be joined; take one of them.")
    }
    if shard != nil, selection != nil {
      throw UsageError.contradiction(
        "--shard", arguments.has(SweepOptions.pareto.declaration) ? "--pareto" : "--order-by",
        advice: "The best of a part are not those of the whole; choose after joining.")
    }
    for option in [SweepOptions.plot.declaration, SweepOptions.x.declaration]
    where arguments.has(option) && format != .svg {
      throw UsageError.contradiction(
        option.label, "--format \(format.rawValue)",
        advice: "Only a drawing has it; add --format svg.")
    }
    guard arguments[SweepOptions.resume] else { return }
    guard output != nil else { throw UsageError.missing("--output, which --resume needs,") }
    guard isStream || selection != nil else {
      throw UsageError.contradiction(
        "--resume", "--format \(format.rawValue)",
        advice: "Only csv, jsonl, --top and --pareto can go on; take one of them.")
    }
  }

  /// The columns where none are asked for.
  private static func columns(
    _ model: Model, _ subject: SweepSubject, _ axes: [Axis], isDrawn: Bool
  ) throws -> [Sweep.Column] {
    if isDrawn {
      return try SweepOptions.columns(
        model.operationGap == nil ? "flops,kv_cache" : "total,active", axes, model,
        solved: nil)
    }
    var list = "total,active"
    if model.operationGap == nil { list += ",flops,relative.flops,kv_cache" }
    if subject.budget != nil || axes.contains(where: { $0.key == "budget" }) {
      list += ",training.tokens,training.tokens_per_parameter"
    }
    return try SweepOptions.columns(list, axes, model, solved: nil)
  }

  private static func selection(
    _ arguments: Arguments, _ axes: [Axis], _ model: Model, _ solved: String?,
    _ columns: inout [Sweep.Column]
  ) throws -> Selection? {
    func goals(_ text: String, _ label: String) throws -> [Selection.Goal] {
      try text.split(separator: ",").map { entry in
        let word = String(entry).trimmed
        let isMost = word.hasPrefix("max:")
        let name = String(isMost ? word.dropFirst(4) : word)
        let query = try SweepOptions.query(name, axes, model, solved: solved, label: label)
        if let known = columns.firstIndex(where: { $0.query == query }) {
          return Selection.Goal(column: known, isMost: isMost)
        }
        columns.append(Sweep.Column(query.figure?.path ?? name, query))
        return Selection.Goal(column: columns.count - 1, isMost: isMost)
      }
    }
    let order = arguments[SweepOptions.order]
    let top = arguments[SweepOptions.top]
    if let text = arguments[SweepOptions.pareto] {
      guard order == nil, top == nil else {
        throw UsageError.contradiction(
          "--pareto", top == nil ? "--order-by" : "--top",
          advice: "A frontier has no single order; leave one out.")
      }
      let goals = try goals(text, "--pareto")
      guard goals.count > 1 else {
        throw UsageError.invalid(
          label: "--pareto", value: text, expected: "two figures or more, as in total,flops")
      }
      return .frontier(goals)
    }
    guard let order else {
      if top != nil { throw UsageError.missing("--order-by, which --top needs,") }
      return nil
    }
    let goals = try goals(order, "--order-by")
    guard goals.count == 1 else {
      throw UsageError.invalid(
        label: "--order-by", value: order, expected: "one figure, as in flops or max:active")
    }
    return .top(top.map { Int($0) } ?? .max, goals[0])
  }
}

extension SweepOptions {
  /// What `--hold` and `--by` ask for.
  static func heldFigure(_ arguments: Arguments, _ axes: [Axis]) throws -> Sweep.Hold? {
    switch (arguments[hold], arguments[by]) {
    case (nil, nil):
      for option in [multiple.declaration, between.declaration] where arguments.has(option) {
        throw UsageError.missing("--hold, which \(option.label) needs,")
      }
      return nil
    case (nil, _): throw UsageError.missing("--hold, which --by needs,")
    case (_, nil): throw UsageError.missing("--by, which --hold needs,")
    case (let word?, let key?):
      guard !axes.contains(where: { $0.key == key }) else {
        throw UsageError.contradiction(
          "--by \(key)", "--vary \(key)", advice: "What is solved for cannot vary by itself.")
      }
      var held = Sweep.Hold(
        try figure(word, label: "--hold"), by: key, .timesBaseline(.one))
      held.step = arguments[multiple] ?? 1
      held.limits = arguments[between].flatMap { limits($0) }
      return held
    }
  }
}

// MARK: - Running

extension SweepRequest {
  /// - Throws: `Failure`.
  func run(_ arguments: Arguments) throws -> Outcome {
    let plan: SweepPlan
    do throws(SweepError) {
      // A key that no model has is wrong for every point; the first says so.
      plan = try SweepPlan(sweep)
    } catch {
      throw Failure.sweep(source: model.name, error)
    }
    let range = shard.map { sweep.grid.shard($0.number, of: $0.count) } ?? 0..<sweep.grid.count
    let threads = arguments[SweepOptions.threads].map { Int($0) } ?? Terminal.processors
    let session = SweepSession(
      plan: plan, engine: SweepEngine(plan, threads: threads), range: range, selection: selection,
      source: model.name)
    try refuseUnknownKeys(plan)
    var notes = (model.notes + model.operationNotes)
      .map { "note: \(model.name): \($0)\n" }.joined()
    if arguments[SweepOptions.check] {
      do throws(SweepError) {
        let count = try session.engine.check(range, samples: 1000)
        notes += "note: \(count) points compared with the plain evaluation: all equal.\n"
      } catch {
        throw Failure.sweep(source: model.name, error)
      }
    }
    let isStream = (format == .csv || format == .jsonl) && selection == nil
    let outcome =
      isStream
      ? try stream(session, arguments) : try collect(session, plan, arguments)
    return Outcome(outcome.text, errors: notes + outcome.notes)
  }

  /// An unknown key is wrong whatever its value, and is said before a long run.
  private func refuseUnknownKeys(_ plan: SweepPlan) throws {
    guard sweep.hold == nil else { return }
    do throws(SweepError) {
      _ = try plan.plain(0)
    } catch {
      switch error {
      case .description(.unknownKey), .description(.operationsUnknown), .noFigure:
        throw Failure.sweep(source: model.name, error)
      default: break
      }
    }
  }

  private var heading: String {
    format == .csv && (shard?.number ?? 1) == 1 ? SweepText(sweep).csvHeading : ""
  }

  private func stream(
    _ session: SweepSession, _ arguments: Arguments
  ) throws -> (text: String, notes: String) {
    let text = SweepText(sweep)
    guard let output else {
      // What a size is solved for may fail late, so nothing is printed before all is known.
      var held = heading
      let isHeldBack = sweep.hold != nil
      if !isHeldBack { Terminal.write(heading, to: .output) }
      let result = try session.stream(
        from: session.range.lowerBound, text, asLines: format == .jsonl
      ) { lines, _, _ in
        if isHeldBack {
          held += lines
        } else {
          guard Terminal.write(lines, to: .output) else {
            throw Failure.unwritable("standard output", reason: FileProblem().reason)
          }
        }
      }
      let notes = try session.note(result)
      return (isHeldBack ? held : "", notes)
    }
    let file = SweepFile(output, command: signature)
    let isResumed = arguments[SweepOptions.resume]
    if isResumed, file.isComplete {
      return ("", "note: \(output) is complete already; remove it to run the sweep again.\n")
    }
    let progress = try file.open(resuming: isResumed)
    if progress == nil { try file.append(heading) }
    let before = progress?.impossible ?? 0
    let result = try session.stream(
      from: progress?.next ?? session.range.lowerBound, text, asLines: format == .jsonl
    ) { lines, next, result in
      try file.append(lines)
      file.save(next: next, impossible: before + result.impossible, best: [])
    }
    let notes = try session.note(result)
    try file.finish()
    return ("", notes)
  }

  private func collect(
    _ session: SweepSession, _ plan: SweepPlan, _ arguments: Arguments
  ) throws -> (text: String, notes: String) {
    let file = output.map { SweepFile($0, command: signature) }
    let isResumed = arguments[SweepOptions.resume]
    if isResumed, let file, file.isComplete {
      return ("", "note: \(output ?? "") is complete already; remove it to run the sweep again.\n")
    }
    if let output, let problem = Terminal.obstacle(to: output) {
      throw Failure.unwritable(output, reason: problem.reason)
    }
    let result = try session.collect(
      limit: format.mostRows, format: format.rawValue, file: isResumed ? file : nil)
    var notes = try session.note(result)
    let text = try printed(result, plan)
    if result.rows.isEmpty { notes += "note: No point is left.\n" }
    guard let output else { return (text, notes) }
    if isResumed, let file {
      try file.append(text)
      try file.finish()
    } else if let problem = Terminal.writeFile(text, output) {
      throw Failure.unwritable(output, reason: problem.reason)
    }
    return ("", notes)
  }

  private func printed(_ result: SweepSession.Result, _ plan: SweepPlan) throws -> String {
    var text = SweepText(sweep)
    text.hiddenColumns = format == .svg ? 0 : hiddenColumns
    switch format {
    case .table:
      return text.table(result.rows).plain(limit: Terminal.width, isBold: Terminal.isStyled)
    case .markdown: return text.table(result.rows).markdown
    case .json:
      return text.document(result.rows, plan: plan, name: model.name, impossible: result.impossible)
    case .csv:
      var lines = text.csvHeading
      for row in result.rows { text.appendCSV(row, to: &lines) }
      return lines
    case .jsonl:
      var lines = ""
      for row in result.rows { text.appendLine(row, to: &lines) }
      return lines
    case .svg:
      return SweepChart(
        sweep: sweep, rows: result.rows, baseline: plan.baseline, model: model, x: x, kind: plot,
        columns: 0..<(sweep.columns.count - hiddenColumns)
      ).svg
    }
  }

  /// What tells this sweep from others: all that changes its rows.
  private var signature: String {
    let words = CommandLine.arguments.dropFirst().filter { $0 != "--resume" && $0 != "--check" }
    return words.map { $0.replacing("\n", with: " ") }.joined(separator: "\u{1F}")
  }
}
