import Accounting
import Architecture
import Arguments
import JSON
import Symbolic
import Wording

extension Command {
  /// Counts one pass: `tally flops mixtral-8x7b --tokens 4096`.
  static let flops = Command(
    "flops", "Count the operations of one pass: prefill, decode or training step.",
    discussion: """
      A multiply-add is two operations, and every operation of norms, softmax, activations, rotary
      embedding and routing is counted by its kind; docs/operations.md writes down each algorithm.
      """,
    examples: [
      ("tally flops llama2-13b mixtral-8x7b --tokens 4096", "a prompt of 4096 tokens"),
      ("tally flops deepseek-v3 --phase decode --past 32768", "one token after 32768"),
      ("tally flops mistral-7b --mask causal", "only the positions that the mask keeps"),
      ("tally flops llama2-7b --by row", "every operation, with its formula"),
    ],
    ModelSource.declarations + WorkloadOptions.declarations
      + [convention.declaration, detail.declaration, ReportFormat.plain.declaration]
  ) { arguments in
    let workload = try WorkloadOptions.workload(arguments)
    let reports = try ModelSource.described(arguments).map { model in
      try ModelSource.blaming(model) { try OperationReport(model, workload) }
    }
    let format = arguments[ReportFormat.plain]
    let convention = arguments[convention]
    if convention == .all { return try conventions(reports, format) }
    if arguments[detail] == .row, format != .json {
      return Outcome(try OperationReport.rowTable(reports).text(format))
    }
    switch format {
    case .json:
      let objects = try reports.map { report in
        var object = try report.json(convention.value)
        if arguments[detail] == .row {
          object["rows"] = .array(try report.ledger.rows.map { try $0.json(report.ledger) })
        }
        return JSONValue.object(object)
      }
      return Outcome(
        JSONValue.object(["schema_version": .integer(1), "models": .array(objects)]).text)
    case .csv: return Outcome(OperationReport.csv(reports).csv)
    default: return Outcome(OperationReport.table(reports).text(format))
    }
  }

  private static let convention = Parameter<ConventionName>.choice(
    "convention", "NAME", of: ConventionName.allCases, default: .exact,
    help: "Whose way of counting; 'all' prints them together.")

  /// Every convention of every model, with its ratio to the exact count.
  private static func conventions(
    _ reports: [OperationReport], _ format: ReportFormat
  ) throws -> Outcome {
    let counted = try reports.map { try ConventionReport($0) }
    switch format {
    case .json:
      return Outcome(
        JSONValue.object([
          "schema_version": .integer(1),
          "models": .array(try counted.map { .object(try $0.json()) }),
        ]).text)
    default: return Outcome(ConventionReport.table(counted, isExact: format == .csv).text(format))
    }
  }

  private static let detail = Parameter<OperationDetail>.choice(
    "by", "WHAT", of: OperationDetail.allCases, default: .part,
    help: "List each part, or each operation with its extents.")
}

/// What a report of operations lists.
enum OperationDetail: String, CaseIterable {
  case part
  case row
}
