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
      Other conventions of counting are a --convention away; docs/conventions.md compares them.
      """,
    examples: [
      ("tally flops llama2-13b mixtral-8x7b --tokens 4096", "a prompt of 4096 tokens"),
      (
        "tally flops deepseek-v3 --phase decode --past 32768 --mla absorbed",
        "one token after 32768, as engines run it"
      ),
      ("tally flops mistral-7b --mask causal", "only the positions that the mask keeps"),
      ("tally flops llama2-7b --phase train --convention all", "as other tools count it"),
      (
        "tally flops llama2-7b --phase train --tokens 4096 --tokens-per-second 9600 --device h100",
        "the utilisation of a run"
      ),
      (
        "tally flops llama3-8b --tokens 8192 --train-tokens 15T --device h100 --mfu 40%",
        "a whole training run"
      ),
      (
        "tally flops mixtral-8x7b --capacity-factor 1.25 --capacity-padding drop",
        "what experts with limited places compute and drop"
      ),
      ("tally flops mixtral-8x7b --transform idle=1/1/2", "beside experts that compute nothing"),
      ("tally flops llama2-7b --by row", "every operation, with its formula"),
    ],
    ModelSource.declarations + WorkloadOptions.declarations
      + [
        convention.declaration, detail.declaration, ReportFormat.plain.declaration,
      ] + MachineOptions.declarations
  ) { arguments in
    let machine = try MachineOptions(arguments)
    let format = arguments[ReportFormat.plain]
    let convention = arguments[convention]
    if arguments.has(Self.detail.declaration), convention == .all || machine != nil {
      let other = MachineOptions.declarations.first { arguments.has($0) }?.label
      throw UsageError.contradiction(
        "--by", other ?? "--convention all",
        advice: "These are figures of the pass as a whole; leave --by out.")
    }
    var reports = try PassReport.reports(arguments)
    if let machine {
      for index in reports.indices { try reports[index].measure(machine, convention.value) }
    }
    let notes = PassReport.footnotes(reports, convention.value)
    if convention == .all {
      let counted = try reports.map { try ConventionReport($0, machine) }
      return Outcome(try text(of: counted, format), errors: notes)
    }
    let detail = arguments[detail]
    switch format {
    case .json:
      let objects = try reports.map { report in
        JSONValue.object(try report.json(convention.value, detail))
      }
      return Outcome(document(objects), errors: notes)
    case .csv where detail == .part:
      return Outcome(try PassReport.csv(reports, convention.value).csv, errors: notes)
    default:
      let table =
        detail == .row
        ? try PassReport.rowTable(reports) : try PassReport.table(reports, convention.value)
      let pass = PassLine.text(reports, detail == .row ? nil : convention.value)
      let device = reports.first?.machine?.machineText ?? ""
      let remark = format == .csv ? "" : "\n\(pass)\(device)\(PassReport.notCounted(reports))\n"
      return Outcome(table.text(format) + remark, errors: notes)
    }
  }

  private static let convention = Parameter<ConventionName>.choice(
    "convention", "NAME", of: ConventionName.allCases, default: .exact,
    help: "Whose way of counting; 'all' prints them together.")

  private static let detail = Parameter<OperationDetail>.choice(
    "by", "WHAT", of: OperationDetail.allCases, default: .part,
    help: "List each part, or each operation with its extents.")

  /// Every convention of every model, with its ratio to the exact count.
  private static func text(of reports: [ConventionReport], _ format: ReportFormat) throws -> String
  {
    guard format != .json else {
      return document(try reports.map { .object(try $0.json()) })
    }
    guard format != .csv else { return ConventionReport.csv(reports).csv }
    return ConventionReport.table(reports).text(format)
      + "\n\(PassLine.text(reports.map(\.report), nil))"
      + (reports.first?.report.machine?.machineText ?? "")
  }

  private static func document(_ models: [JSONValue]) -> String {
    JSONValue.object(["schema_version": .integer(1), "models": .array(models)]).text
  }
}

/// What a report of operations lists.
enum OperationDetail: String, CaseIterable {
  case part
  case row
}
