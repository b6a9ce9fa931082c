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
    discussion: """
      Parameters, then the FLOPs of one pass and its cache. Every ratio is to the first model.
      """,
    examples: [
      ("tally compare llama2-13b mixtral-8x7b deepseek-moe-16b", "dense, sparse, fine-grained"),
      ("tally compare dense-220m mod-220m", "a Mixture-of-Depths model and its baseline"),
      ("tally compare llama3-8b mod-llama3-8b --phase decode --past 8192", "one token of each"),
    ],
    ModelSource.declarations + WorkloadOptions.declarations + [ReportFormat.plain.declaration]
  ) { arguments in
    let reports = try ModelSource.reports(arguments) { model in
      try PassReport.figures(arguments, model)
    }
    guard reports.count > 1 else { throw UsageError.missing("A second MODEL") }
    // A family that gives parameters only is compared by them, and the pass is left out.
    let isCounted = reports.allSatisfy { $0.model.operationGap == nil }
    let passes = isCounted ? try PassReport.reports(arguments, reports.map(\.model)) : []
    let notes =
      isCounted ? PassReport.footnotes(passes) : ParameterReport.footnotes(reports) + gap(reports)
    let format = arguments[ReportFormat.plain]
    let bytes = [WorkloadOptions.cacheFormat.declaration, WorkloadOptions.weightFormat.declaration]
    let unlisted = bytes.filter { format != .json && arguments.has($0) }.map { option in
      "note: \(option.label) changes bytes, of which this table has none; --format json has them, "
        + "and 'tally flops'.\n"
    }
    let lines =
      ComparisonLine.parameters(reports) + (isCounted ? ComparisonLine.pass(passes) : [])
    switch format {
    case .json:
      let objects = try reports.indices.map { index in
        var object = try reports[index].json(.part)
        if isCounted { object["pass"] = .object(try passes[index].json(.exact)) }
        object["ratio_to_first"] = .object(
          JSONObject(
            lines.compactMap { line in
              line.path.map { ($0, line.ratio(index).map { .number($0.ratio) } ?? .null) }
            }))
        return JSONValue.object(object)
      }
      return Outcome(
        JSONValue.object(["schema_version": .integer(1), "models": .array(objects)]).text,
        errors: notes)
    default:
      return Outcome(
        ComparisonLine.table(lines, names: reports.map(\.model.name), isExact: format == .csv)
          .text(format)
          + (format == .csv || !isCounted ? "" : "\n\(PassLine.text(passes, .exact))"),
        errors: notes + unlisted.joined())
    }
  }

  private static func gap(_ reports: [ParameterReport]) -> String {
    reports.compactMap { report in
      report.model.operationGap.map { gap in
        "note: \(report.model.name): what a pass of \(report.model.modelType) executes is not "
          + "described (\(gap)), so only parameters are compared.\n"
      }
    }.joined()
  }
}
