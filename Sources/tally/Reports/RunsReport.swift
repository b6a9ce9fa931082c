import Accounting
import Architecture
import Arguments
import Charts
import JSON
import Measurements
import Symbolic
import Validation
import Wording

/// Timed runs beside the time that follows from their work, and how to print them.
struct RunsReport {
  /// One run with what is computed of it.
  private struct Row {
    let run: RunTable.Run
    let workload: Workload
    let flops: Rational
    let bytes: Rational?
    let seconds: Rational
    let point: RunFit.Point
    /// The share of the peak of the machine that it used.
    let utilization: Rational?
  }

  private let name: String
  private let table: RunTable
  private let rows: [Row]
  private let fit: RunFit
  private let machine: Machine?

  /// - Throws: `Failure`, with the file or the row at fault; `UsageError` for options that contradict.
  init(_ model: Model, _ table: RunTable, _ path: String, _ arguments: Arguments) throws {
    name = model.name
    self.table = table
    machine = try MachineOptions(arguments)?.machine
    let machine = machine
    let hasCounts = table.runs.contains { $0.flops != nil }
    rows = try table.runs.map { run in
      let workload = try Self.workload(run, path, arguments)
      let report = try ModelSource.blaming(model) { try OperationReport(model, workload) }
      let memory = try ModelSource.blaming(model) {
        try Memory(
          report, weights: try WorkloadOptions.storedFormat(arguments, of: model),
          cache: arguments[WorkloadOptions.cacheFormat])
      }
      guard let flops = run.flops ?? report.total.constant else {
        let free = model.sizes.first { !$0.value.variables.isEmpty }?.key ?? "A size"
        throw Failure.description(
          source: model.name, .notFree(key: free, reason: "it decides the FLOPs"))
      }
      let tokens = Rational(workload.batch * workload.tokens)
      let seconds =
        switch run.time {
        case .seconds(let seconds): seconds
        case .tokensPerSecond(let rate): try tokens.divided(by: rate)
        }
      // A step's backward pass moves what is not counted, and so does a model that is another.
      let bytes = workload.phase == .train || hasCounts ? nil : memory.movedBytes?.constant
      let share = machine.flatMap { machine -> Rational? in
        let devices = run.devices ?? machine.devices
        return try? flops.divided(by: seconds).divided(by: machine.peak)
          .divided(by: Rational(devices))
      }
      let devices = Double(run.devices ?? machine?.devices ?? 1)
      var amounts: [RunFit.Term: Rational] = [.flops: flops]
      if run.flops == nil {
        amounts.merge(try Self.parts(report, flops)) { $1 }
      }
      if let bytes, let cache = memory.movedCacheBytes?.constant {
        amounts.merge(
          [.bytes: bytes, .cacheBytes: cache, .weightBytes: try bytes.adding(try cache.negated())]
        ) { $1 }
      }
      return Row(
        run: run, workload: workload, flops: flops, bytes: bytes, seconds: seconds,
        point: RunFit.Point(
          amounts: amounts.mapValues { $0.nearest / devices }, seconds: seconds.nearest),
        utilization: share)
    }
    fit = RunFit(rows.map(\.point))
  }

  /// The FLOPs of the parts that together are all FLOPs of a pass.
  ///
  /// - Throws: `ArithmeticError.overflow` beyond 128 bits.
  private static func parts(
    _ report: OperationReport, _ total: Rational
  ) throws -> [RunFit.Term: Rational] {
    guard let core = report.products[.attentionCore]?.constant,
      let softmax = report.categories[.softmax]?.constant,
      let experts = report.products[.routedExperts]?.constant
    else { return [:] }
    let attention = try core.adding(softmax)
    return [
      .attentionFLOPs: attention, .expertFLOPs: experts,
      .denseFLOPs: try total.adding(try attention.adding(experts).negated()),
    ]
  }

  /// The pass of a row; what its table does not say is that of the command line.
  private static func workload(
    _ run: RunTable.Run, _ path: String, _ arguments: Arguments
  ) throws -> Workload {
    var request = WorkloadOptions.request(arguments)
    if let word = run.phase {
      guard let phase = Workload.Phase(rawValue: word.lowercased()) else {
        throw Failure.measurement(
          source: path,
          MeasurementError(
            "Row \(run.number): '\(word.prefix(60))' is no phase. Write prefill, decode or train."))
      }
      request.phase = phase
    }
    request.batch = run.batch ?? request.batch
    if let tokens = run.tokens { (request.tokens, request.packed) = (tokens, []) }
    request.past = run.past ?? request.past
    do throws(WorkloadConflict) {
      return try request.workload()
    } catch {
      throw Failure.measurement(
        source: path,
        MeasurementError(
          "Row \(run.number): \(error.sides.one) and \(error.sides.other) contradict each other. "
            + error.sides.advice))
    }
  }

  private var agrees: Bool { fit.outliers.isEmpty }

  func outcome(_ format: ReportFormat) -> Outcome {
    let code: Int32 = agrees ? 0 : 1
    switch format {
    case .json:
      return Outcome(
        JSONValue.object(["schema_version": .integer(1), "models": .array([json])]).text,
        exitCode: code)
    case .csv: return Outcome(text(isExact: true).csv, exitCode: code)
    default:
      return Outcome(
        text(isExact: false).text(format) + "\n" + line + verdict + "\n"
          + chart.characters(width: 64), exitCode: code)
    }
  }

  // MARK: - JSON

  private var json: JSONValue {
    func number(_ value: Double) -> JSONValue { .number("\(value)") }
    let measured = rows.map(\.point.seconds).reduce(0, +)
    let fitted = rows.map { fit.value($0.point) }.reduce(0, +)
    return .object([
      "name": .string(name),
      "measured": .object([
        "kind": .string("runs"), "total": number(measured), "analytic": number(fitted),
        "rows": .array(
          rows.enumerated().map { index, row in
            let isOut = fit.outliers.contains(index)
            var object = JSONObject([
              ("module", .string("row \(row.run.number)")),
              ("workload", row.workload.json), ("measured", number(row.point.seconds)),
              ("analytic", number(fit.value(row.point))),
              ("flops", .number("\(row.flops)")),
              ("bytes", row.bytes.map { .number("\($0)") } ?? .null),
              ("residual", number(fit.residual(row.point))),
              ("utilization", row.utilization.map { number($0.nearest) } ?? .null),
              ("diagnosis", isOut ? .string("does-not-fit") : .null),
            ])
            if !table.ownColumns.isEmpty {
              object["columns"] = .object(
                JSONObject(zip(table.ownColumns, row.run.own).map { ($0, .string($1)) }))
            }
            return .object(object)
          }),
        "fit": .object(
          JSONObject(
            RunFit.Term.allCases.compactMap { (term) -> (String, JSONValue)? in
              let isWhole = [.start, .flops, .bytes].contains(term)
              return (fit.coefficients[term] ?? (isWhole ? 0 : nil)).map {
                (Self.key(of: term), number($0))
              }
            })), "agrees": .boolean(agrees),
      ]),
    ])
  }

  /// The key of a coefficient.
  private static func key(of term: RunFit.Term) -> String {
    switch term {
    case .start: "start_seconds"
    case .flops: "seconds_per_flop"
    case .bytes: "seconds_per_byte"
    case .denseFLOPs, .attentionFLOPs, .expertFLOPs, .weightBytes, .cacheBytes:
      "seconds_per_\(term.rawValue.dropLast())"
    }
  }

  /// What stands above a rate in the line of the law.
  private static func words(of term: RunFit.Term) -> String {
    switch term {
    case .start: ""
    case .flops: "FLOPs"
    case .denseFLOPs: "dense FLOPs"
    case .attentionFLOPs: "attention FLOPs"
    case .expertFLOPs: "expert FLOPs"
    case .bytes: "bytes"
    case .weightBytes: "weight bytes"
    case .cacheBytes: "cache bytes"
    }
  }

  // MARK: - Tables

  private func text(isExact: Bool) -> Table {
    let hasBytes = rows.contains { $0.bytes != nil }
    var table = Table(
      heading: [isExact ? "row" : "\(name): row", "phase", "batch", "tokens", "past"]
        + self.table.ownColumns + ["FLOPs"] + (hasBytes ? ["bytes"] : [])
        + (isExact ? ["seconds", "fitted", "residual"] : ["ms", "ms fitted", "residual"])
        + (machine == nil ? [] : ["utilization"]) + [isExact ? "fits" : ""],
      alignments: [.right, .left])
    table.labelColumns = 5
    for (index, row) in rows.enumerated() {
      let residual = fit.residual(row.point)
      let workload = row.workload
      let isOut = fit.outliers.contains(index)
      var cells = ["\(row.run.number)", workload.phase.rawValue]
      cells += ["\(workload.batch)", "\(workload.tokens)", "\(workload.past)"] + row.run.own
      if isExact {
        cells += ["\(row.flops)"] + (hasBytes ? [row.bytes.map { "\($0)" } ?? ""] : [])
        cells += ["\(row.point.seconds)", "\(fit.value(row.point))", "\(residual)"]
      } else {
        cells += [Quantity.short(row.flops.floor)]
        if hasBytes { cells.append(row.bytes.map { Quantity.bytes($0.floor) } ?? "-") }
        cells += [Self.milliseconds(row.point.seconds), Self.milliseconds(fit.value(row.point))]
        cells.append(Self.percent(residual, isSigned: true))
      }
      if machine != nil {
        cells.append(
          row.utilization.map {
            isExact ? "\($0.nearest)" : Self.percent($0.nearest, isSigned: false)
          } ?? "-")
      }
      table.rows.append(cells + [isExact ? (isOut ? "no" : "yes") : isOut ? "does not fit" : ""])
    }
    return table
  }

  private var line: String {
    let terms = RunFit.Term.allCases.compactMap { term -> String? in
      guard let seconds = fit.coefficients[term], seconds > 0 else { return nil }
      let rate = Self.whole(1 / seconds)
      return switch term {
      case .start: "\(Self.milliseconds(seconds)) ms"
      case .flops, .denseFLOPs, .attentionFLOPs, .expertFLOPs:
        "\(Self.words(of: term)) / (\(Quantity.short(rate))/s)"
      case .bytes, .weightBytes, .cacheBytes:
        "\(Self.words(of: term)) / (\(Quantity.bytes(rate))/s)"
      }
    }
    return "time = \(terms.isEmpty ? "0" : terms.joined(separator: " + ")), "
      + "by least squares of relative differences\n"
  }

  private var verdict: String {
    let isTooFast = rows.contains { $0.utilization.map { $0 > .one } ?? false }
    return
      (isTooFast
      ? "More than 100 % of a peak is not possible: the peak, the number of devices, the time or "
        + "the pass is another.\n" : "") + fitted
  }

  private var fitted: String {
    let names = fit.outliers.sorted().map { "\(rows[$0].run.number)" }
    guard !names.isEmpty else { return "\(rows.count) runs, and all fit.\n" }
    return "\(rows.count) runs; \(names.count == 1 ? "row" : "rows") "
      + "\(names.joined(separator: ", ")) \(names.count == 1 ? "does" : "do") not fit.\n"
  }

  private static func milliseconds(_ seconds: Double) -> String {
    Quantity.decimal(Int128((min(seconds, 1e12) * 1e6).rounded()), over: 1000, places: 3)
  }

  private static func percent(_ share: Double, isSigned: Bool) -> String {
    let tenths = Int128((min(max(share, -1e9), 1e9) * 1000).rounded())
    return (isSigned && tenths >= 0 ? "+" : "")
      + Quantity.decimal(tenths, over: 10, places: 1) + " %"
  }

  private static func whole(_ rate: Double) -> Int128 { Int128(min(rate, 1e36).rounded()) }

  // MARK: - The drawing

  /// Time over FLOPs as a drawing that stands by itself.
  var svg: String { chart.svg }

  private var chart: Chart {
    var chart = Chart(
      title: "\(name): measured time against computed FLOPs",
      subtitle: String(line.dropLast()), kind: .scatter,
      x: Chart.Axis(label: "FLOPs", unit: "FLOPs", isLogarithmic: true),
      y: Chart.Axis(label: "milliseconds", isLogarithmic: true))
    func series(_ name: String, _ chosen: [Int], _ seconds: (RunFit.Point) -> Double) {
      guard !chosen.isEmpty else { return }
      chart.series.append(
        Chart.Series(
          name: name,
          points: chosen.map { index in
            let row = rows[index]
            return Chart.Point(
              x: row.point[.flops], y: seconds(row.point) * 1000,
              label: "row \(row.run.number): \(Quantity.short(row.flops.floor)) FLOPs, "
                + "\(Self.milliseconds(seconds(row.point))) ms")
          }))
    }
    let inside = rows.indices.filter { !fit.outliers.contains($0) }
    for phase in Workload.Phase.allCases {
      series(
        "measured, \(phase.rawValue)", inside.filter { rows[$0].workload.phase == phase },
        \.seconds)
    }
    series("does not fit", fit.outliers.sorted(), \.seconds)
    series("fitted", Array(rows.indices), fit.value)
    return chart
  }
}

extension Rational {
  /// The nearest floating-point number.
  fileprivate var nearest: Double { Double(numerator) / Double(denominator) }
}
