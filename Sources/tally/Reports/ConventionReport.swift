import Accounting
import Architecture
import JSON
import Symbolic
import Wording

/// A named convention, as the command line spells it.
struct ConventionName: RawRepresentable, CaseIterable, Equatable, Sendable {
  let rawValue: String

  static let exact = ConventionName("exact")
  static let all = ConventionName("all")
  static var allCases: [ConventionName] {
    Convention.all.map { ConventionName($0.name) } + [all]
  }

  private init(_ name: String) { rawValue = name }

  init?(rawValue: String) {
    guard rawValue == "all" || Convention.named(rawValue) != nil else { return nil }
    self.rawValue = rawValue
  }

  var value: Convention { Convention.named(rawValue) ?? .exact }
}

/// One model under every convention.
struct ConventionReport {
  struct Entry {
    let convention: Convention
    let total: Evaluated
    let bounds: (Evaluated, Evaluated)?
    /// What it comes to on a machine, if one is named.
    let machine: MachineReport?

    var utilization: Utilization? { machine?.figures?.utilization }
  }

  let report: PassReport
  let entries: [Entry]

  /// - Throws: `Failure` if a figure needs more than 128 bits.
  init(_ report: PassReport, _ options: MachineOptions?) throws {
    self.report = report
    entries = try Convention.all.map { convention in
      let (total, bounds) = try ModelSource.blaming(report.model) {
        (
          try convention.value(of: report.operations.ledger),
          try report.operations.bounds(under: convention)
        )
      }
      return Entry(
        convention: convention, total: total, bounds: bounds,
        machine: try options.map { try MachineReport(report, convention, $0) })
    }
  }

  /// A figure over the exact one.
  func ratio(_ total: Evaluated) -> Rational? {
    guard let above = total.constant, let below = report.operations.total.constant else {
      return nil
    }
    return try? above.divided(by: below)
  }

  /// A figure for each new token.
  func perToken(_ total: Evaluated) -> Evaluated {
    total / Evaluated(report.workload.batch)
      / (Evaluated(report.workload.tokens) + Evaluated(report.workload.generated))
  }

  func json() throws -> JSONObject {
    var object = try report.json(.exact)
    object["convention"] = .string("all")
    object["conventions"] = .array(
      entries.map { entry in
        var line = JSONObject([
          ("name", .string(entry.convention.name)), ("total", entry.total.json),
          ("per_token", perToken(entry.total).json),
          ("ratio_to_exact", ratio(entry.total).map { .number($0.ratio) } ?? .null),
          ("formula", .string(entry.convention.formula)),
          ("scope", .string(entry.convention.scope)),
          ("source", .string(entry.convention.source)),
          ("state", .string(entry.convention.state)),
        ])
        if let (least, most) = entry.bounds { line["bounds"] = .array([least.json, most.json]) }
        for (key, value) in entry.machine?.json ?? [] { line[key] = value }
        return .object(line)
      })
    return object
  }

  /// A row for each model and convention, under the names of the JSON document.
  static func csv(_ reports: [ConventionReport]) -> Table {
    let rows = reports.flatMap { report in
      report.entries.map { entry -> [String] in
        let perToken = report.perToken(entry.total)
        return [
          report.report.model.name, entry.convention.name, entry.total.exact, perToken.exact,
          report.ratio(entry.total)?.ratio ?? "", entry.bounds?.0.exact ?? "",
          entry.bounds?.1.exact ?? "", entry.convention.scope, entry.convention.state,
        ] + (entry.machine?.cells.map(\.text) ?? [])
      }
    }
    return Table(
      heading: [
        "model", "name", "total", "per_token", "ratio_to_exact", "bounds.least", "bounds.most",
        "scope", "state",
      ] + (reports.first?.entries.first?.machine?.cells.map(\.name) ?? []), rows: rows)
  }

  /// A row for each convention, and a total, a share of each token and a ratio for each model.
  static func table(_ reports: [ConventionReport]) -> Table {
    func percent(_ share: Rational?) -> String { share?.percent ?? "-" }
    let columns = reports.flatMap { report in
      [report.report.model.name, "per token", "ratio"] + report.machineCells.map(\.name)
    }
    let rows = Convention.all.indices.map { index -> [String] in
      [Convention.all[index].name]
        + reports.flatMap { report -> [String] in
          let entry = report.entries[index]
          return [
            entry.total.short, report.perToken(entry.total).giga,
            report.ratio(entry.total)?.ratio ?? "-",
          ] + report.machineCells.map { $0.cell(entry) }
        } + [Convention.all[index].scope]
    }
    return Table(
      heading: ["convention"] + columns + ["what is in and out"], rows: rows,
      alignments: [.left] + columns.map { _ in .right } + [.left])
  }

  /// The columns of a machine that some convention fills.
  private var machineCells: [(name: String, cell: (Entry) -> String)] {
    let all: [(name: String, value: (Entry) -> String?)] = [
      ("model FLOPs utilisation", { $0.utilization?.model?.percent }),
      ("hardware", { $0.utilization?.hardware?.percent }),
      ("floor of time", { $0.machine?.figures?.computeFloor?.duration }),
      (
        "training run",
        { $0.machine?.run?.flops.map { Quantity.short($0.numerator, over: $0.denominator) } }
      ), ("device hours", { $0.machine?.run?.deviceHours?.scaled("") }),
    ]
    return all.filter { column in entries.contains { column.value($0) != nil } }
      .map { column in (column.name, { column.value($0) ?? "-" }) }
  }
}

extension Evaluated {
  /// A count in billions with three decimals, as the tables of the field print FLOPs per token.
  var giga: String {
    guard let value = constant,
      let scale = try? value.divided(by: Rational(1_000_000_000))
    else { return text(.plain) }
    return Quantity.decimal(scale.numerator, over: scale.denominator, places: 3) + "G"
  }
}
