import Accounting
import Architecture
import Arguments
import Sweeping
import Symbolic
import Wording

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
    let more = plan.notesOfFirstPoint.filter { !model.notes.contains($0) }
    var notes = (model.notes + model.operationNotes + more)
      .map { "note: \(model.name): \($0)\n" }.joined()
    notes += idle(arguments).map { "note: \(model.name): \($0)\n" }.joined()
    notes += notesOfForms.map { "note: \(model.name): Without --vary: \($0)\n" }.joined()
    if arguments[SweepOptions.check] {
      do throws(SweepError) {
        let count = try session.engine.check(range, samples: 1000)
        notes += "note: \(count) points compared with the plain evaluation: all equal.\n"
      } catch {
        throw Failure.sweep(source: model.name, error)
      }
    }
    let isStream = format.isWrittenByRow && selection == nil
    let outcome =
      isStream
      ? try stream(session, arguments) : try collect(session, plan, arguments)
    return Outcome(
      outcome.text, errors: notes + outcome.notes, exitCode: outcome.isHeld ? 0 : 1)
  }

  /// What to say of options that no figure depends on.
  private func idle(_ arguments: Arguments) -> [String] {
    UnusedOptions.notes(
      arguments, model,
      asked: sweep.columns.map(\.query) + [sweep.filter].compactMap(\.self)
        + [sweep.hold.map { .name(.figure($0.figure)) }].compactMap(\.self),
      axes: sweep.grid.axes.map(\.key))
  }

  /// What a report of the pass without --vary says of masks and of latent attention, unless these
  /// vary themselves.
  private var notesOfForms: [String] {
    let keys = Set(sweep.grid.axes.map(\.key))
    guard keys.isDisjoint(with: ["mask", "mla", "phase", "convention"]),
      sweep.subject.convention.name == Convention.exact.name,
      sweep.columns.contains(where: \.query.isOfPass),
      let workload = try? sweep.subject.request.workload(),
      let report = try? PassReport(model, workload)
    else { return [] }
    return report.notesOfForms
  }

  /// An unknown key is wrong whatever its value, and is said before a long run.
  private func refuseUnknownKeys(_ plan: SweepPlan) throws {
    do throws(SweepError) {
      for axis in sweep.grid.axes { try sweep.subject.checkKey(axis.key) }
      if let hold = sweep.hold { try sweep.subject.checkKey(hold.key) }
    } catch {
      throw Failure.sweep(source: model.name, error)
    }
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

  private func heading(_ plan: SweepPlan) -> String {
    (shard?.number ?? 1) == 1
      ? SweepText(sweep).opening(format, plan: plan, name: model.name) : ""
  }

  private func stream(
    _ session: SweepSession, _ arguments: Arguments
  ) throws -> (text: String, notes: String, isHeld: Bool) {
    let text = SweepText(sweep)
    let heading = heading(session.plan)
    var isEmpty = true
    // In a JSON document the first row has no comma before it.
    func joined(_ lines: String) -> String {
      defer { isEmpty = isEmpty && lines.isEmpty }
      return String(lines.dropFirst(isEmpty && format == .json ? 1 : 0))
    }
    func closing(_ result: SweepSession.Result) -> String {
      text.closing(format, isEmpty: isEmpty, impossible: result.impossible)
    }
    guard let output else {
      // What a size is solved for may fail late, so nothing is printed before all is known.
      // Of a small sweep everything is printed at once.
      var held = heading
      let isHeldBack =
        sweep.hold != nil || session.range.upperBound - session.range.lowerBound <= 100_000
      let result = try session.stream(
        from: session.range.lowerBound, text, format
      ) { lines, _, _ in
        held += joined(lines)
        guard !isHeldBack, !lines.isEmpty else { return }
        guard Terminal.write(held, to: .output) else {
          throw Failure.unwritable("standard output", reason: FileProblem().reason)
        }
        held = ""
      }
      let notes = try session.note(result) + (isEmpty ? Self.nothingLeft : "")
      return (held + closing(result), notes, !result.holdsNowhere)
    }
    let file = SweepFile(output, command: signature)
    let isResumed = arguments[SweepOptions.resume]
    if isResumed, try file.isComplete(beginning: { try beginning(session, text) }) {
      return ("", "note: \(output) is complete already; remove it to run the sweep again.\n", true)
    }
    let progress = try file.open(resuming: isResumed, within: session.range)
    do {
      if progress == nil { try file.append(heading) }
      var before = SweepSession.Result()
      before.impossible = progress?.impossible ?? 0
      before.firstImpossible = progress?.firstImpossible
      isEmpty = progress.map { $0.bytes <= heading.utf8.count } ?? true
      let result = try session.stream(
        from: progress?.next ?? session.range.lowerBound, text, format, after: before
      ) { lines, next, result in
        try file.append(joined(lines))
        file.save(next: next, result, best: [])
      }
      let notes = try session.note(result) + (isEmpty ? Self.nothingLeft : "")
      try file.append(closing(result))
      try file.finish()
      return ("", notes, !result.holdsNowhere)
    } catch {
      file.discard()
      throw error
    }
  }

  private static let nothingLeft = "note: No point is left.\n"

  /// What the file of the sweep begins with: the heading and the rows of the first points.
  private func beginning(_ session: SweepSession, _ text: SweepText) throws -> String {
    let end = SweepWorker.end(
      of: session.range.lowerBound, session.plan, limit: session.range.upperBound)
    do throws(SweepError) {
      let first = session.range.lowerBound..<min(end, session.range.lowerBound + 64)
      let heading = heading(session.plan)
      var lines = ""
      for row in try SweepWorker(session.plan).piece(first).rows {
        text.append(row, as: format, to: &lines)
      }
      return heading + lines.dropFirst(format == .json ? 1 : 0)
    } catch {
      throw Failure.sweep(source: model.name, error)
    }
  }

  private func collect(
    _ session: SweepSession, _ plan: SweepPlan, _ arguments: Arguments
  ) throws -> (text: String, notes: String, isHeld: Bool) {
    // What only the best are kept of can go on later; other forms are done in a moment.
    let file = selection == nil ? nil : output.map { SweepFile($0, command: signature) }
    let isResumed = arguments[SweepOptions.resume]
    if let output, let problem = OutputFile(output).obstacle {
      throw Failure.unwritable(output, reason: problem.reason)
    }
    let result: SweepSession.Result
    var notes: String
    do {
      result = try session.collect(
        limit: format.mostRows, format: format.rawValue, file: file, resuming: isResumed)
      notes = try session.note(result)
    } catch {
      file?.discard()
      throw error
    }
    if result.rows.isEmpty { notes += Self.nothingLeft }
    guard let output else {
      let rest = try print(result, plan) { text in
        guard Terminal.write(text, to: .output) else {
          throw Failure.unwritable("standard output", reason: FileProblem().reason)
        }
      }
      return (rest, notes, !result.holdsNowhere)
    }
    if let file {
      try file.append(try print(result, plan, file.append))
      try file.finish()
      return ("", notes, !result.holdsNowhere)
    }
    let text = try print(result, plan) { _ in }
    if let problem = OutputFile(output).write(text) {
      throw Failure.unwritable(output, reason: problem.reason)
    }
    return ("", notes, !result.holdsNowhere)
  }

  /// Prints the rows that were kept; what is written row by row goes out in pieces.
  ///
  /// - Returns: The last piece, or all of it.
  private func print(
    _ result: SweepSession.Result, _ plan: SweepPlan, _ write: (String) throws -> Void
  ) throws -> String {
    var text = SweepText(sweep)
    text.hiddenColumns = format.isDrawn ? 0 : hiddenColumns
    switch format {
    case .table:
      return text.table(result.rows).plain(limit: Terminal.width, isBold: Terminal.isStyled)
        + passLine
    case .markdown: return text.table(result.rows).markdown + passLine
    case .csv, .json, .jsonl:
      var piece = text.opening(format, plan: plan, name: model.name)
      for (index, row) in result.rows.enumerated() {
        var entry = ""
        text.append(row, as: format, to: &entry)
        piece += index == 0 && format == .json ? String(entry.dropFirst()) : entry
        guard piece.utf8.count > 1 << 20 else { continue }
        try write(piece)
        piece = ""
      }
      return piece
        + text.closing(format, isEmpty: result.rows.isEmpty, impossible: result.impossible)
    case .svg, .plot:
      let all = Array(0..<(sweep.columns.count - hiddenColumns))
      let moving = drawsWhatMoves ? all.filter { moves($0, result.rows) } : all
      let chart = SweepChart(
        sweep: sweep, rows: result.rows, baseline: plan.baseline, model: model, x: x, kind: plot,
        columns: moving.isEmpty ? all : moving)
      return format == .svg ? chart.svg : chart.characters(width: Terminal.width ?? 80)
    }
  }

  /// Whether the values of a column differ by one percent or more.
  private func moves(_ column: Int, _ rows: [SweepRow]) -> Bool {
    let values = rows.compactMap { $0.values[column]?.approximate }
    guard let least = values.min(), let most = values.max() else { return false }
    return most - least >= 0.01 * max(least.magnitude, most.magnitude)
  }

  /// The pass of the figures, if a pass has some of them.
  private var passLine: String {
    sweep.columns.contains(where: \.query.isOfPass) ? "\nPass: \(PassLine.text(sweep)).\n" : ""
  }

  /// What tells this sweep from others: all that changes its rows.
  private var signature: String {
    // Each option with what follows it; their order says nothing but among those of one name.
    var pieces: [(name: String, text: String)] = []
    for word in CommandLine.arguments.dropFirst() where word != "--resume" && word != "--check" {
      let text = word.replacing("\n", with: " ")
      let name = text.prefix { $0 != "=" }
      if text.hasPrefix("--") {
        pieces.append((String(name), text.replacing("=", with: "\u{1F}", maxReplacements: 1)))
      } else if let last = pieces.indices.last, !pieces[last].text.contains("\u{1F}") {
        pieces[last].text += "\u{1F}\(text)"
      } else {
        pieces.append(("", text))
      }
    }
    let names = Set(pieces.map(\.name)).sorted()
    return names.flatMap { name in pieces.filter { $0.name == name }.map(\.text) }
      .joined(separator: "\u{1F}") + "\u{1F}\(fingerprint)"
  }
}
