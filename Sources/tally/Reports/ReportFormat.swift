import Arguments
import Symbolic
import Wording

/// The forms of a report.
enum ReportFormat: String, CaseIterable {
  case table
  case json
  case csv
  case markdown
  case latex

  /// The option of commands without formulas.
  static let plain = Parameter<ReportFormat>.choice(
    "format", "FORMAT", of: [.table, .json, .csv, .markdown], default: .table,
    help: "How to print.")
  /// The option of commands with formulas.
  static let withLatex = Parameter<ReportFormat>.choice(
    "format", "FORMAT", of: allCases, default: .table, help: "How to print.")
}

extension Table {
  /// The table in a form that is a table; `table` fits the terminal.
  func text(_ format: ReportFormat) -> String {
    switch format {
    case .markdown: markdown
    case .csv: csv
    default: plain(limit: Terminal.width, isBold: Terminal.isStyled)
    }
  }
}

extension Evaluated {
  /// A count as people read it, or the formula itself while a size is free.
  var short: String {
    constant.map { Quantity.short($0.numerator, over: $0.denominator) } ?? text(.plain)
  }

  /// A count with every digit, a fraction where they do not end, or the formula.
  var exact: String {
    constant.flatMap { Quantity.exact($0.numerator, over: $0.denominator) } ?? text(.plain)
  }

  /// A ratio with up to four decimals, or the formula.
  var ratio: String { constant?.ratio ?? text(.plain) }
}

extension Rational {
  /// Up to four decimals, rounded half up.
  var ratio: String {
    Quantity.decimal(numerator, over: denominator, places: 4, trimmed: true)
  }
}
