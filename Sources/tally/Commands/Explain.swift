import Accounting
import Arguments
import JSON
import Wording

extension Command {
  /// Prints formulas: `tally explain mixtral-8x7b`.
  static let explain = Command(
    "explain", "Print the formula of every count, with the sizes put in and the value.",
    discussion: """
      Every size has the letter of the papers and the key of config.json. The value is the formula
      evaluated. A size that is left free (--set hidden_size=x) stays in the answer as a letter.
      """,
    examples: [
      ("tally explain mixtral-8x7b", "each part as a formula"),
      ("tally explain llama2-13b --format latex", "for a paper"),
      ("tally explain deepseek-v3 --by tensor", "a formula for each kind of tensor"),
      ("tally explain llama2-13b --set hidden_size=x", "the count as a formula in x"),
    ],
    ModelSource.declarations + [detail.declaration, ReportFormat.withLatex.declaration]
  ) { arguments in
    let reports = try ModelSource.reports(arguments).map {
      FormulaReport($0, byTensor: arguments[detail] == .tensor)
    }
    let notes = ParameterReport.footnotes(reports.map(\.report))
    switch arguments[ReportFormat.withLatex] {
    case .table: return Outcome(reports.map(\.plain).joined(separator: "\n"), errors: notes)
    case .markdown: return Outcome(reports.map(\.markdown).joined(separator: "\n"), errors: notes)
    case .latex: return Outcome(reports.map(\.latex).joined(separator: "\n"), errors: notes)
    case .csv: return Outcome(FormulaReport.csv(reports).csv, errors: notes)
    case .json:
      return Outcome(
        JSONValue.object([
          "schema_version": .integer(1), "models": .array(reports.map(\.json)),
        ]).text, errors: notes)
    }
  }

  private static let detail = Parameter<FormulaDetail>.choice(
    "by", "WHAT", of: FormulaDetail.allCases, default: .part,
    help: "A formula for each part, or for each kind of tensor.")
}
