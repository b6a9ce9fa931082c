import Accounting
import Architecture
import Arguments
import Sweeping
import Symbolic

/// One run of a sweep: its rows, kept or written while they come.
struct SweepSession {
  let plan: SweepPlan
  let engine: SweepEngine
  let range: Range<Int128>
  let selection: Selection?
  let source: String

  /// What a run came to.
  struct Result {
    var rows: [SweepRow] = []
    var impossible: Int128 = 0
    var firstImpossible: Int128?
    /// Points at which the held figure does not depend on the size, and those of them that hold it.
    var independent: Int128 = 0
    var independentHeld: Int128 = 0
    /// Points for which a size was solved, and those at which an end of the values was the nearest.
    var solved: Int128 = 0
    var ends: Int128 = 0

    /// Whether something was to be held, and no point holds it.
    var holdsNowhere: Bool { solved > 0 && solved == independent - independentHeld + ends }
  }

  /// Runs the sweep and keeps its rows.
  ///
  /// - Throws: `Failure`; `.tooManyRows` for more rows than a form can hold.
  func collect(
    limit: Int, format: String, file: SweepFile? = nil, resuming: Bool = false
  ) throws -> Result {
    var result = Result()
    var start = range.lowerBound
    if let file, let progress = try file.open(resuming: resuming, within: range) {
      start = progress.next
      (result.impossible, result.firstImpossible) = (progress.impossible, progress.firstImpossible)
      result.rows = try rows(at: progress.best)
    }
    let selection = selection
    // What has come since the best were last chosen; choosing waits until it is worth the sorting.
    var new: [SweepRow] = []
    var screen: Screen?
    func choose() {
      guard let selection else { return }
      // No second copy of what is kept.
      new = swapped(&result.rows, for: []) + swapped(&new, for: [])
      result.rows = selection.best(of: swapped(&new, for: []))
      screen = selection.screen(result.rows)
    }
    try run(
      start..<range.upperBound, screen: { screen },
      { piece in
        var piece = piece
        if let selection { piece.rows = selection.best(of: piece.rows) }
        return piece
      }
    ) { pieces, next in
      for piece in pieces {
        if selection == nil { result.rows += piece.rows } else { new += piece.rows }
        result.note(piece)
      }
      if new.count > result.rows.count / 4 { choose() }
      guard result.rows.count <= limit else {
        throw Failure.tooManyRows(limit: limit, format: format)
      }
      file?.save(
        next: next, result, best: (result.rows + new).map(\.point))
    }
    choose()
    return result
  }

  /// Runs the sweep and writes each row when it comes; no row is kept.
  ///
  /// - Throws: `Failure`, or what `write` throws.
  func stream(
    from start: Int128, _ text: SweepText, _ format: SweepFormat, after before: Result = Result(),
    write: (String, _ next: Int128, Result) throws -> Void
  ) throws -> Result {
    var result = before
    try run(
      start..<range.upperBound,
      { piece -> (String, SweepPiece) in
        var lines = ""
        for row in piece.rows { text.append(row, as: format, to: &lines) }
        var rest = piece
        rest.rows = []
        return (lines, rest)
      }
    ) { pieces, next in
      for (_, piece) in pieces { result.note(piece) }
      try write(pieces.map(\.0).joined(), next, result)
    }
    return result
  }

  private func run<Made: Sendable>(
    _ range: Range<Int128>, screen: () -> Screen? = { nil },
    _ make: @escaping @Sendable (SweepPiece) -> Made,
    _ consume: ([Made], Int128) throws -> Void
  ) throws {
    let progress = ProgressLine(
      "\(source): \(self.range.upperBound - self.range.lowerBound) points")
    let whole = Double(self.range.upperBound - self.range.lowerBound)
    defer { progress.end() }
    do {
      try engine.run(range, screen: screen, make) { made, next in
        try consume(made, next)
        progress.update(Double(next - self.range.lowerBound) / whole)
      }
    } catch let error as SweepError {
      throw Failure.sweep(source: source, error)
    }
  }

  private func swapped(_ rows: inout [SweepRow], for others: [SweepRow]) -> [SweepRow] {
    let old = rows
    rows = others
    return old
  }

  private func rows(at points: [Int128]) throws -> [SweepRow] {
    let worker = SweepWorker(plan)
    do throws(SweepError) {
      var rows: [SweepRow] = []
      for point in points { rows += try worker.piece(point..<(point + 1)).rows }
      return rows
    } catch {
      throw Failure.sweep(source: source, error)
    }
  }

  /// What to say about points that are no models.
  ///
  /// - Throws: `Failure` where no point is one.
  func note(_ result: Result) throws -> String {
    try independence(result) + ends(result) + impossible(result)
  }

  /// What to say where the held figure is out of reach of the size that was to give way.
  private func ends(_ result: Result) -> String {
    guard result.ends > 0, let hold = plan.sweep.hold else { return "" }
    let count = "\(result.ends) of \(result.solved) point\(result.solved == 1 ? "" : "s")"
    return "note: \(count) cannot hold \(hold.figure.path) with the values of \(hold.key) that are "
      + "tried; the nearest is printed. --between FROM:TO tries others.\n"
  }

  /// What to say where the held figure does not depend on the size that was to give way.
  private func independence(_ result: Result) -> String {
    guard result.independent > 0, let hold = plan.sweep.hold else { return "" }
    return "note: \(hold.figure.path) does not depend on \(hold.key), which stays what it is; "
      + "\(result.independentHeld) of \(result.independent) points hold it. Name another size.\n"
  }

  private func impossible(_ result: Result) throws -> String {
    guard result.impossible > 0, let first = result.firstImpossible else { return "" }
    let axes = plan.sweep.grid.axes
    let place = zip(axes, plan.sweep.grid.coordinates(first))
      .map { "\($0.key)=\($0.values[$1].text)" }.joined(separator: ", ")
    var reason = "no value of \(plan.sweep.hold?.key ?? "a size") makes a model there"
    if plan.sweep.hold == nil {
      do throws(SweepError) {
        _ = try plan.plain(first)
      } catch {
        if result.impossible == plan.sweep.grid.count {
          throw Failure.sweep(source: source, error)
        }
        if case .description(let cause) = error {
          reason = "\(cause)"
        } else {
          reason = error.message(place)
        }
      }
    } else if result.impossible == plan.sweep.grid.count {
      throw Failure.sweep(
        source: source,
        .notSolvable(key: plan.sweep.hold?.key ?? "", reason: "no value makes a model"))
    }
    let whole = range.upperBound - range.lowerBound
    return "note: \(result.impossible) of \(whole) points are no models and are left out; the "
      + "first is \(place.isEmpty ? "the model itself" : place): \(reason)\n"
  }
}

extension SweepSession.Result {
  fileprivate mutating func note(_ piece: SweepPiece) {
    impossible += piece.impossibleCount
    firstImpossible = firstImpossible ?? piece.firstImpossible
    independent += piece.independentCount
    independentHeld += piece.independentHeldCount
    solved += piece.solvedCount
    ends += piece.endCount
  }
}
