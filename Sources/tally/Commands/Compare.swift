import Accounting
import Architecture
import Arguments
import JSON
import Symbolic
import Wording

extension Command {
  /// Puts models side by side: `tally compare llama2-13b mixtral-8x7b`.
  static let compare = Command(
    "compare", "Put the figures of models side by side, with ratios to the first.",
    examples: [
      ("tally compare llama2-13b mixtral-8x7b deepseek-moe-16b", "dense, sparse, fine-grained"),
      ("tally compare dense-220m mod-220m", "a Mixture-of-Depths model and its baseline"),
    ],
    ModelSource.declarations + [ReportFormat.plain.declaration]
  ) { arguments in
    let reports = try ModelSource.reports(arguments)
    guard reports.count > 1 else { throw UsageError.missing("A second MODEL") }
    let notes = ParameterReport.footnotes(reports)
    let format = arguments[ReportFormat.plain]
    if format == .json {
      let objects = try reports.map { report in
        var object = try report.json(.part)
        object["ratio_to_first"] = .object(ratios(of: report, to: reports[0]))
        return JSONValue.object(object)
      }
      return Outcome(
        JSONValue.object(["schema_version": .integer(1), "models": .array(objects)]).text,
        errors: notes)
    }
    return Outcome(comparison(reports, isExact: format == .csv).text(format), errors: notes)
  }

  private static func comparison(_ reports: [ParameterReport], isExact: Bool) -> Table {
    let lines = ParameterLine.lines(for: reports)
    let first = reports[0]
    return Table(
      heading: ["parameters", first.model.name]
        + reports.dropFirst().flatMap { [$0.model.name, "ratio"] },
      rows: lines.map { line in
        let label = isExact ? String(line.label.drop { $0 == " " }) : line.label
        func text(_ report: ParameterReport) -> String {
          isExact && !line.isRatio ? line.figure(report)?.exact ?? "" : line.text(report)
        }
        return [label, text(first)]
          + reports.dropFirst().flatMap { report in
            [text(report), ratio(line.figure(report), line.figure(first))?.ratio ?? "-"]
          }
      })
  }

  private static func ratio(_ figure: Formula?, _ base: Formula?) -> Rational? {
    guard let above = figure?.constant, let below = base?.constant else { return nil }
    return try? above.divided(by: below)
  }

  private static func ratios(of report: ParameterReport, to first: ParameterReport) -> JSONObject {
    func json(_ figure: Formula?, _ base: Formula?) -> JSONValue {
      ratio(figure, base).map { .number($0.ratio) } ?? .null
    }
    return JSONObject(
      [("parameters.total", json(report.total, first.total))]
        + Part.allCases.map {
          ("parameters.\($0.rawValue)", json(report.count($0), first.count($0)))
        }
        + ParameterLedger.Activity.allCases.map {
          ("active.\($0.rawValue)", json(report.active[$0], first.active[$0]))
        })
  }
}
