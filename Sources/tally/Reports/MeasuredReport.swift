import Accounting
import Architecture
import Arguments
import JSON
import Measurements
import Symbolic
import Validation
import Wording

/// What another tool counted beside what is computed, and how to print it.
struct MeasuredReport {
  let name: String
  let comparison: MeasuredComparison

  /// - Throws: `Failure`, with the model at fault; `UsageError` for options that contradict.
  init(_ model: Model, _ counts: MeasuredCounts, _ arguments: Arguments) throws {
    let workload = try WorkloadOptions.workload(arguments)
    name = model.name
    comparison = try ModelSource.blaming(model) {
      try MeasuredComparison(model, workload, counts)
    }
  }

  func outcome(_ format: ReportFormat, isWhole: Bool) -> Outcome {
    let code: Int32 = comparison.agrees ? 0 : 1
    switch format {
    case .json:
      return Outcome(
        JSONValue.object(["schema_version": .integer(1), "models": .array([json])]).text,
        exitCode: code)
    case .csv:
      return Outcome(Self.table(name, lines(isWhole: true), isExact: true).csv, exitCode: code)
    default:
      return Outcome(
        Self.table(name, lines(isWhole: isWhole), isExact: false).text(format) + "\n" + meanings
          + verdict, exitCode: code)
    }
  }

  // MARK: - JSON

  private var json: JSONValue {
    .object([
      "name": .string(name), "workload": comparison.workload.json,
      "measured": .object(
        JSONObject(
          [
            ("kind", .string(comparison.kind.rawValue)), ("total", comparison.total.json),
            ("analytic", comparison.analytic.json),
            ("rows", .array(comparison.rows.map(\.json))),
            (
              "diagnoses",
              .array(
                comparison.diagnoses.map {
                  .object(["diagnosis": .string($0.rawValue), "meaning": .string($0.meaning)])
                })
            ),
          ] + (comparison.reading.map { [("workload", $0.json)] } ?? [])
            + [("agrees", .boolean(comparison.agrees))])),
    ])
  }

  // MARK: - Tables

  /// Modules of one kind, with equal counts and diagnoses.
  private struct Line: Hashable {
    var module: String
    var measured: Rational
    var analytic: Rational
    var diagnosis: String
    var isExplained: Bool
  }

  private func lines(isWhole: Bool) -> [(line: Line, count: Int)] {
    var lines: [(Line, Int)] = []
    var places: [Line: Int] = [:]
    for row in comparison.rows {
      let line = Line(
        module: isWhole ? row.module : row.module.generalized, measured: row.measured,
        analytic: row.analytic, diagnosis: row.word, isExplained: row.isExplained)
      if let place = places[line] {
        lines[place].1 += 1
      } else {
        places[line] = lines.count
        lines.append((line, 1))
      }
    }
    return lines
  }

  private static func table(
    _ name: String, _ lines: [(line: Line, count: Int)], isExact: Bool
  ) -> Table {
    var table = Table(
      heading: ["\(name): module", "modules", "measured", "analytic", "ratio", "diagnosis"],
      alignments: [.left, .right, .right, .right, .right, .left])
    if isExact { table.heading = ["name", "module", "measured", "analytic", "ratio", "diagnosis"] }
    for (line, count) in lines {
      let ratio = (try? line.measured.divided(by: line.analytic))?.ratio ?? "-"
      table.rows.append([
        isExact ? name : line.module, isExact ? line.module : "\(count)", line.measured.exact,
        line.analytic.exact, ratio, line.diagnosis,
      ])
    }
    return table
  }

  private var meanings: String {
    comparison.diagnoses.map { "\($0.rawValue): \($0.meaning).\n" }.joined()
  }

  private var verdict: String {
    let rows = comparison.rows
    let equal = rows.count(where: \.isEqual)
    let open = rows.count { !$0.isExplained }
    var text = ""
    if let reading = comparison.reading {
      text += "The counts are those of \(reading.options).\n"
    }
    let words = [
      "\(equal) equal", "\(rows.count - equal - open) explained", "\(open) unexplained",
    ]
    text += "\(rows.count) modules: \(words.joined(separator: ", ")).\n"
    return text
  }
}

extension MeasuredComparison.Row {
  /// The words of its diagnoses, or what stands where there are none.
  fileprivate var word: String {
    isEqual ? "" : isExplained ? diagnoses.map(\.rawValue).joined(separator: " + ") : "unexplained"
  }

  fileprivate var json: JSONValue {
    .object([
      "module": .string(module), "measured": measured.json, "analytic": analytic.json,
      "diagnosis": diagnoses.isEmpty
        ? .null : .string(diagnoses.map(\.rawValue).joined(separator: "+")),
    ])
  }
}

extension String {
  /// The path with `N` for the number of the layer.
  fileprivate var generalized: String {
    var names = split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    if let place = names.firstIndex(where: { Int($0) != nil }) { names[place] = "N" }
    return names.joined(separator: ".")
  }
}

extension Workload {
  /// The options that request this pass.
  fileprivate var options: String {
    "--phase \(phase.rawValue) --batch \(batch)" + (phase == .decode ? "" : " --tokens \(tokens)")
      + (past > 0 ? " --past \(past)" : "")
  }
}

extension Rational {
  fileprivate var json: JSONValue { isWhole ? .integer(numerator) : .string("\(self)") }
  fileprivate var exact: String { Quantity.exact(numerator, over: denominator) ?? "\(self)" }
}
