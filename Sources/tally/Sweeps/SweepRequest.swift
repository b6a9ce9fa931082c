import Accounting
import Architecture
import Arguments
import Sweeping
import Symbolic
import Wording

/// What a command line asks of a sweep, checked before anything runs.
struct SweepRequest {
  let sweep: Sweep
  let model: Model
  let format: SweepFormat
  let selection: Selection?
  /// How many columns are there for the order alone.
  let hiddenColumns: Int
  /// Whether nobody has said which figures are drawn, so that those that stay are left out.
  let drawsWhatMoves: Bool
  let shard: (number: Int, count: Int)?
  let output: String?
  /// What tells the model from one with other sizes.
  let fingerprint: UInt64
  let x: Query?
  let plot: PlotKind

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
    fingerprint = model.fingerprint
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
    do throws(SweepError) {
      for axis in axes { try subject.checkValues(axis) }
    } catch {
      throw Failure.sweep(source: model.name, error)
    }
    let hold = try SweepOptions.heldFigure(arguments, axes)
    let isDrawn = SweepOptions.form(arguments).isDrawn
    drawsWhatMoves = !arguments.has(SweepOptions.columns.declaration)
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
    format = SweepOptions.form(arguments)
    shard = arguments[SweepOptions.shard].flatMap { Self.shard($0) }
    output = arguments[SweepOptions.output]
    try refuse(arguments)
  }

  private func refuse(_ arguments: Arguments) throws {
    let isStream = format.isWrittenByRow
    if shard != nil, !isStream || format == .json {
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
    where arguments.has(option) && !format.isDrawn {
      throw UsageError.contradiction(
        option.label, "--format \(format.rawValue)",
        advice: "Only a drawing has it; add --format svg or plot.")
    }
    if !isStream, selection == nil, sweep.filter == nil, sweep.grid.count > format.mostRows {
      throw Failure.tooManyRows(limit: format.mostRows, format: format.rawValue)
    }
    let varying = sweep.grid.axes.filter { $0.values.count > 1 }
    if plot == .heatmap, varying.count != 2 {
      throw UsageError.invalid(
        label: "--plot", value: "heatmap", expected: "two --vary with several values each for it")
    }
    guard arguments[SweepOptions.resume] else { return }
    guard output != nil else { throw UsageError.missing("--output, which --resume needs,") }
    guard isStream || selection != nil else {
      throw UsageError.contradiction(
        "--resume", "--format \(format.rawValue)",
        advice: "Only csv, json, jsonl, --top and --pareto can go on; take one of them.")
    }
  }

  /// The columns where none are requested.
  private static func columns(
    _ model: Model, _ subject: SweepSubject, _ axes: [Axis], isDrawn: Bool
  ) throws -> [Sweep.Column] {
    if isDrawn {
      return try SweepOptions.columns(
        model.operationGap == nil ? "total,active,flops,kv_cache" : "total,active", axes, model,
        solved: nil)
    }
    var list = "total,active"
    if model.operationGap == nil {
      list += ",flops"
      // Where the data decide, between which figures it lies.
      if let pass = try? subject.request.workload(),
        OperationLedger(model, pass).exactness != .exact
      {
        list += ",flops.least,flops.most"
      }
      list += ",relative.flops,kv_cache"
    }
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
  /// What `--hold` and `--by` request.
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
      try requireSize(key, label: "--by")
      var held = Sweep.Hold(
        try figure(word, label: "--hold"), by: key, .timesBaseline(.one))
      held.step = arguments[multiple] ?? 1
      held.limits = arguments[between].flatMap { limits($0) }
      return held
    }
  }
}

extension Model {
  /// A number that changes with any size, tensor or kind of layer.
  ///
  /// - Source: Fowler, Noll and Vo, FNV-1a.
  fileprivate var fingerprint: UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    let ledger = ParameterLedger(self)
    let texts =
      sizes.map { "\($0.key)=\($0.value.text(.plain))" }
      + ledger.rows.map { "\($0.path) \($0.count.text(.plain))" }
      + ledger.values.map { "\($0.key.name)=\($0.value.text(.plain))" }.sorted()
    for byte in texts.joined(separator: ";").utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
    return hash
  }
}
