import Accounting
import JSON
import Sweeping
import Symbolic
import Wording

/// The rows of a sweep as text: rounded for people, exact for programs.
struct SweepText: Sendable {
  private let sweep: Sweep
  /// How many of the last columns are left out.
  var hiddenColumns = 0

  init(_ sweep: Sweep) { self.sweep = sweep }

  private var columns: ArraySlice<Sweep.Column> { sweep.columns.dropLast(hiddenColumns) }

  var headings: [String] {
    sweep.grid.axes.map(\.key) + (sweep.hold.map { [$0.key] } ?? []) + columns.map(\.heading)
  }

  // MARK: - Cells

  /// The values of the axes, and of the size that was solved for.
  private func places(_ row: SweepRow) -> [AxisValue] {
    let coordinates = sweep.grid.coordinates(row.point)
    return zip(sweep.grid.axes, coordinates).map { $0.values[$1] }
      + (row.solved.map { [.number($0)] } ?? [])
  }

  /// Every digit of a count; a ratio has six decimals.
  private static func exact(_ value: Rational, isRatio: Bool) -> String {
    if isRatio { return value.decimal(6) }
    // Most counts fit, and the shorter type is written much faster.
    return value.isWhole
      ? Int64(exactly: value.numerator).map { "\($0)" } ?? "\(value.numerator)"
      : value.description
  }

  /// A figure as people read it.
  static func short(_ value: Rational, _ query: Query) -> String {
    if query.isBytes { return Quantity.bytes(value.ceiling) }
    if query.isRatio { return value.ratio }
    guard value.isWhole else {
      return abs(value.floor) < 1000 ? value.ratio : Quantity.short(value.floor)
    }
    return Quantity.short(value.numerator)
  }

  private func json(_ row: SweepRow) -> JSONObject {
    let names = headings
    let first = places(row).map { value in
      switch value {
      case .number(let number) where !number.exactText.contains("/"):
        JSONValue.number(number.exactText)
      case let other: JSONValue.string(other.text)
      }
    }
    let rest = zip(row.values, columns).map { value, column -> JSONValue in
      guard let value else { return .null }
      let text = Self.exact(value, isRatio: column.query.isRatio)
      return text.contains("/") ? .string(text) : .number(text)
    }
    return JSONObject(Array(zip(names, first + rest)))
  }

  // MARK: - Forms

  /// The row as people read it.
  func cells(_ row: SweepRow) -> [String] {
    places(row).map(\.shortText)
      + zip(row.values, columns).map { value, column in
        value.map { Self.short($0, column.query) } ?? "-"
      }
  }

  func table(_ rows: [SweepRow]) -> Table {
    let labels = headings.count - columns.count
    return Table(
      heading: headings, rows: rows.map(cells),
      alignments: Array(repeating: .right, count: headings.count), labelColumns: max(labels, 1))
  }

  var csvHeading: String { headings.map(Self.quoted).joined(separator: ",") + "\n" }

  /// Appends the row as comma-separated values.
  func appendCSV(_ row: SweepRow, to text: inout String) {
    var isFirst = true
    for value in places(row) {
      if !isFirst { text += "," }
      isFirst = false
      text += Self.quoted(value.text)
    }
    for (value, column) in zip(row.values, columns) {
      if !isFirst { text += "," }
      isFirst = false
      if let value { text += Self.exact(value, isRatio: column.query.isRatio) }
    }
    text += "\n"
  }

  /// Appends the row as one JSON object on a line.
  func appendLine(_ row: SweepRow, to text: inout String) {
    text += JSONValue.object(json(row)).line
    text += "\n"
  }

  /// Appends the row in one of the forms that are written row by row.
  ///
  /// A row of a JSON document has a comma before it; the first of all has to lose that.
  func append(_ row: SweepRow, as format: SweepFormat, to text: inout String) {
    switch format {
    case .jsonl: appendLine(row, to: &text)
    case .json:
      text += ",\n    "
      JSONValue.object(json(row)).append(to: &text, indent: 4)
    case .csv, .table, .markdown, .svg, .plot: appendCSV(row, to: &text)
    }
  }

  /// What stands before the rows.
  func opening(_ format: SweepFormat, plan: SweepPlan, name: String) -> String {
    switch format {
    case .json: documentOpening(plan, name)
    case .csv: csvHeading
    case .jsonl, .table, .markdown, .svg, .plot: ""
    }
  }

  /// What stands behind the rows.
  func closing(_ format: SweepFormat, isEmpty: Bool, impossible: Int128) -> String {
    format == .json ? (isEmpty ? "" : "\n  ") + "],\n  \"impossible\": \(impossible)\n}\n" : ""
  }

  /// A JSON document of the sweep up to its rows, which are never held all at once.
  private func documentOpening(_ plan: SweepPlan, _ name: String) -> String {
    var baseline = JSONObject()
    for column in sweep.columns {
      guard let figure = column.query.figure, let value = plan.baseline[figure] else { continue }
      let text = Self.exact(value, isRatio: column.query.isRatio)
      baseline[figure.path] = text.contains("/") ? .string(text) : .number(text)
    }
    var text = JSONValue.object([
      "schema_version": .integer(1), "model": .string(name), "baseline": .object(baseline),
      "axes": .array(
        sweep.grid.axes.map { axis in
          .object(["key": .string(axis.key), "values": .integer(Int128(axis.values.count))])
        }), "points": .integer(sweep.grid.count),
    ]).text
    text.removeLast("\n}\n".count)
    return text + ",\n  \"rows\": ["
  }

  private static func quoted(_ cell: String) -> String {
    cell.utf8.contains { ",\"\n\r".utf8.contains($0) }
      ? "\"" + cell.replacing("\"", with: "\"\"") + "\"" : cell
  }
}

extension AxisValue {
  /// The text for a table, in which 6e18 keeps its form.
  fileprivate var shortText: String {
    guard var rest = number?.numerator, number?.isWhole ?? false,
      rest.magnitude >= 1_000_000_000_000
    else { return text }
    var exponent = 0
    while rest % 10 == 0 { (rest, exponent) = (rest / 10, exponent + 1) }
    guard rest.magnitude < 1_000_000 else { return text }
    let digits = "\(rest)"
    exponent += digits.count - 1
    return digits.count == 1
      ? "\(digits)e\(exponent)" : "\(digits.prefix(1)).\(digits.dropFirst())e\(exponent)"
  }
}

extension Rational {
  /// A decimal with up to `places` places, rounded half up.
  func decimal(_ places: Int) -> String {
    Quantity.decimal(numerator, over: denominator, places: places, trimmed: true)
  }
}
