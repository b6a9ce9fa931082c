import Accounting
import Arguments
import JSON
import Wording

extension Command {
  /// Prints formulas: `tally explain mixtral-8x7b`.
  static let explain = Command(
    "explain", "Print the formula of every count, with the sizes put in and the value.",
    discussion: """
      Every size has the symbol of the papers and the key of config.json. The value is the formula
      evaluated. A size that is a free variable (--set hidden_size=x) stays in the answer.
      """,
    examples: [
      ("tally explain mixtral-8x7b", "each part as a formula"),
      ("tally explain llama2-13b --format latex", "for a paper"),
      ("tally explain deepseek-v3 --by tensor", "a formula for each kind of tensor"),
      ("tally explain llama2-13b --set hidden_size=x", "the count as a formula in x"),
      ("tally explain mixtral-8x7b --flops --mask causal", "every operation of a pass"),
      ("tally explain mixtral-8x7b --program", "what each kind of layer does, step by step"),
    ],
    ModelSource.declarations
      + [
        pass.declaration, program.declaration, detail.declaration,
        ReportFormat.withLatex.declaration,
      ]
      + WorkloadOptions.declarations
  ) { arguments in
    if arguments[program] { return try programs(arguments) }
    let (reports, notes) = try formulas(arguments)
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

  /// The formulas that a command line requests, and what to know about them.
  private static func formulas(
    _ arguments: Arguments
  ) throws -> (reports: [FormulaReport], notes: String) {
    guard arguments[pass] else {
      try WorkloadOptions.refuse(arguments, without: "--flops")
      let reports = try ModelSource.reports(arguments)
      return (
        try reports.map { try FormulaReport($0, byTensor: arguments[detail] == .tensor) },
        ParameterReport.footnotes(reports)
      )
    }
    guard arguments[detail] == .part else {
      throw UsageError.contradiction(
        "--by \(arguments[detail].rawValue)", "--flops",
        advice: "A pass lists its operations; leave one out.")
    }
    let passes = try PassReport.reports(arguments)
    return (try passes.map { try FormulaReport($0) }, PassReport.footnotes(passes))
  }

  /// What each kind of layer does, as the program that is counted and run.
  private static func programs(_ arguments: Arguments) throws -> Outcome {
    try WorkloadOptions.refuse(arguments, without: "--flops")
    for other in [(arguments[pass], "--flops"), (arguments[detail] != .part, "--by tensor")]
    where other.0 {
      throw UsageError.contradiction(
        other.1, "--program", advice: "A program has no counts; leave one out.")
    }
    let reports = try ModelSource.reports(arguments)
    let programs = try reports.map { try ProgramReport($0.model) }
    let notes = ParameterReport.footnotes(reports)
    switch arguments[ReportFormat.withLatex] {
    case .table: return Outcome(programs.map(\.plain).joined(separator: "\n"), errors: notes)
    case .markdown: return Outcome(programs.map(\.markdown).joined(separator: "\n"), errors: notes)
    case .json:
      return Outcome(
        JSONValue.object([
          "schema_version": .integer(1), "programs": .array(programs.flatMap(\.json)),
        ]).text, errors: notes)
    case .csv, .latex:
      throw UsageError.contradiction(
        "--format \(arguments[ReportFormat.withLatex].rawValue)", "--program",
        advice: "A program is a table, Markdown or JSON.")
    }
  }

  private static let program = Parameter<Bool>.flag(
    "program", help: "The operations of each kind of layer, in order.")
  private static let pass = Parameter<Bool>.flag(
    "flops", help: "The formulas of one pass: every operation, in T, P and B.")
  private static let detail = Parameter<FormulaDetail>.choice(
    "by", "WHAT", of: FormulaDetail.allCases, default: .part,
    help: "A formula for each part, or for each kind of tensor.")
}
