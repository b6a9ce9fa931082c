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
  let report: PassReport
  let utilization: Utilization?
  let entries: [(convention: Convention, total: Evaluated, bounds: (Evaluated, Evaluated)?)]

  /// - Parameters:
  ///   - report: The pass.
  ///   - utilization: A measured rate, if there is one.
  ///   - conventions: Whose ways of counting; all unless some are named.
  /// - Throws: `Failure` if a figure needs more than 128 bits.
  init(
    _ report: PassReport, _ utilization: Utilization?, _ conventions: [Convention] = Convention.all
  ) throws {
    self.report = report
    self.utilization = utilization
    entries = try ModelSource.blaming(report.model) {
      try conventions.map { convention in
        (
          convention, try convention.value(of: report.operations.ledger),
          try report.operations.bounds(under: convention)
        )
      }
    }
  }

  /// A sentence where the measured rate is more than the machine could do.
  var warning: String? {
    let shares = entries.compactMap { utilization?.share(perToken($0.total)) }
    guard shares.contains(where: { $0 > .one }) else { return nil }
    return "note: \(report.model.name): More than 100 % of the peak cannot be; check "
      + "--tokens-per-second, which is of one machine as --peak is, and the phase.\n"
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
    total / Evaluated(report.workload.batch) / Evaluated(report.workload.tokens)
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
        if let share = utilization?.share(perToken(entry.total)) {
          line["utilization"] = .number(share.ratio)
        }
        return .object(line)
      })
    return object
  }

  /// A row for each model and convention, under the names of the JSON document.
  static func csv(_ reports: [ConventionReport]) -> Table {
    let rows = reports.flatMap { report in
      report.entries.map { entry -> [String] in
        let perToken = report.perToken(entry.total)
        let share = report.utilization?.share(perToken)?.ratio ?? ""
        return [
          report.report.model.name, entry.convention.name, entry.total.exact, perToken.exact,
          report.ratio(entry.total)?.ratio ?? "", entry.bounds?.0.exact ?? "",
          entry.bounds?.1.exact ?? "", share, entry.convention.scope, entry.convention.state,
        ]
      }
    }
    return Table(
      heading: [
        "model", "name", "total", "per_token", "ratio_to_exact", "bounds.least", "bounds.most",
        "utilization", "scope", "state",
      ], rows: rows)
  }

  /// A row for each convention, and a total, a share of each token and a ratio for each model.
  static func table(_ reports: [ConventionReport]) -> Table {
    let columns = reports.flatMap { report in
      [report.report.model.name, "per token", "ratio"]
        + (report.utilization == nil ? [] : ["utilization"])
    }
    let conventions = reports.first?.entries.map(\.convention) ?? []
    let rows = conventions.indices.map { index -> [String] in
      let convention = conventions[index]
      return [convention.name]
        + reports.flatMap { report -> [String] in
          let total = report.entries[index].total
          let perToken = report.perToken(total)
          return [
            total.short, perToken.giga, report.ratio(total)?.ratio ?? "-",
          ]
            + (report.utilization.map { utilization in
              [utilization.share(perToken).map { $0.percent } ?? "-"]
            } ?? [])
        } + [convention.scope]
    }
    return Table(
      heading: ["convention"] + columns + ["what is in and out"], rows: rows,
      alignments: [.left] + columns.map { _ in .right } + [.left])
  }
}

extension Rational {
  /// A share in percent with two decimals.
  var percent: String {
    Quantity.decimal(numerator * 100, over: denominator, places: 2) + "%"
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
