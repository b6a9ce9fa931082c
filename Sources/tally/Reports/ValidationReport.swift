import Accounting
import Architecture
import Families
import JSON
import Reference
import Symbolic
import Validation
import Wording

/// A validated model, and how to print it.
struct ValidationReport {
  let name: String
  let scale: ValidationRun.Scale
  let changes: [Reduction.Change]
  let validation: Validation
  let peakMemory: Int

  /// What a reduced model has less of.
  var note: String? {
    guard !changes.isEmpty else { return nil }
    let list = changes.map { "\($0.key) \($0.from) → \($0.to)" }.joined(separator: ", ")
    return "\(name): reduced: \(list)."
  }

  var json: JSONValue {
    .object(
      JSONObject([
        ("name", .string(name)), ("model_type", .string(validation.model.modelType)),
        ("scale", .string(scale.rawValue)),
        ("evidence", .string(validation.settings.evidence.rawValue)),
        ("seed", .integer(validation.settings.seed)),
        ("weights", .string(validation.settings.weights.rawValue)),
        ("workload", validation.workload.json),
        (
          "reduced",
          .array(
            changes.map {
              .object([
                "key": .string($0.key), "from": .integer($0.from), "to": .integer($0.to),
              ])
            })
        ),
        ("rows", .array(validation.comparison.rows.map(\.json))),
        (
          "parameters",
          .object([
            "analytic": .integer(validation.parameters.analytic),
            "allocated": .integer(validation.parameters.allocated),
          ])
        ), ("experts_met", .array(validation.experts.map(\.json))),
        ("mismatches", .integer(mismatches)),
        ("measured_flops", .integer(validation.comparison.measuredFLOPs)),
        ("seconds", .number("\(validation.seconds)")),
        ("flops_per_second", .number("\(validation.flopsPerSecond)")),
        ("peak_memory_bytes", .integer(peakMemory)),
      ]))
  }

  private var mismatches: Int {
    validation.comparison.mismatches.count
      + (validation.parameters.analytic == validation.parameters.allocated ? 0 : 1)
      + validation.experts.count { !$0.isWithin }
  }

  // MARK: - Tables

  /// Rows that are equal, added up over the layers; every row that is not, by itself.
  func text(_ format: ReportFormat) -> String {
    var table = Table(
      heading: ["\(name): part", "operation", "layers", "analytic", "measured", "equal"],
      alignments: [.left, .left], labelColumns: 2)
    for line in lines { table.rows.append(line.cells) }
    return table.text(format) + "\n"
      + "parameters: \(validation.parameters.analytic) counted, "
      + "\(validation.parameters.allocated) allocated\n" + expertsText
  }

  /// The fewest and the most experts that ran in a layer of each kind, beside what there can be.
  private var expertsText: String {
    var kinds: [(ExpertsMet, counts: [Int128])] = []
    for layer in validation.experts {
      if let kind = kinds.firstIndex(where: { $0.0 == layer.analytic }) {
        kinds[kind].counts.append(layer.measured)
      } else {
        kinds.append((layer.analytic, [layer.measured]))
      }
    }
    return kinds.map { kind, counts in
      "experts met in a layer: \(counts.min() ?? 0) to \(counts.max() ?? 0); "
        + "\(kind.least.short) to \(kind.most.short) of \(kind.experts.short) possible, "
        + "\(kind.expected.short) expected\n"
    }.joined()
  }

  /// Rows of one part and operation.
  private struct Line {
    var path: String
    var operation: ScalarOperation
    var layers = 0
    var analytic: Rational?
    var least: Rational?
    var most: Rational?
    var measured: Int128 = 0
    var isEqual = true

    var cells: [String] {
      var expected = analytic.map { "\($0)" } ?? "too large"
      if let least, let most, least != most { expected = "\(least) … \(most)" }
      return [
        path, operation.rawValue, layers == 0 ? "" : "\(layers)", expected, "\(measured)",
        isEqual ? "yes" : "NO",
      ]
    }
  }

  private var lines: [Line] {
    var lines: [Line] = []
    var places: [OperationLedger.Place: Int] = [:]
    for row in validation.comparison.rows {
      let (general, isInLayer) = generalized(row.path)
      // A row that differs stands by itself.
      let path = row.isEqual ? general : row.path
      let place = OperationLedger.Place(path: path, operation: row.operation)
      let index: Int
      if let known = places[place] {
        index = known
      } else {
        index = lines.count
        places[place] = index
        lines.append(
          Line(path: path, operation: row.operation, analytic: .zero, least: .zero, most: .zero))
      }
      lines[index].layers += isInLayer ? 1 : 0
      lines[index].measured += row.measured
      lines[index].isEqual = lines[index].isEqual && row.isEqual
      lines[index].analytic = try? lines[index].analytic?.adding(row.analytic)
      let bounds = row.bounds ?? row.analytic...row.analytic
      lines[index].least = try? lines[index].least?.adding(bounds.lowerBound)
      lines[index].most = try? lines[index].most?.adding(bounds.upperBound)
    }
    return lines
  }

  /// The path with `N` for the number of its layer.
  private func generalized(_ path: String) -> (path: String, isInLayer: Bool) {
    let prefix = "\(validation.model.layersPath)."
    guard path.hasPrefix(prefix) else { return (path, false) }
    let rest = path.dropFirst(prefix.count)
    guard let dot = rest.firstIndex(of: ".") else { return (path, false) }
    return ("\(prefix)N\(rest[dot...])", true)
  }

  /// Every row of every model.
  static func rows(_ reports: [ValidationReport]) -> Table {
    var table = Table(
      heading: ["name", "path", "operation", "analytic", "least", "most", "measured", "equal"],
      alignments: [.left, .left, .left])
    for report in reports {
      for row in report.validation.comparison.rows {
        table.rows.append([
          report.name, row.path, row.operation.rawValue, "\(row.analytic)",
          row.bounds.map { "\($0.lowerBound)" } ?? "", row.bounds.map { "\($0.upperBound)" } ?? "",
          "\(row.measured)", row.isEqual ? "yes" : "no",
        ])
      }
    }
    return table
  }

  /// One line for each model.
  static func summary(_ reports: [ValidationReport]) -> Table {
    var table = Table(
      heading: [
        "model", "rows", "differ", "parameters", "measured FLOPs", "seconds", "FLOPs/s", "peak",
      ])
    for report in reports {
      let validation = report.validation
      table.rows.append([
        report.name, "\(validation.comparison.rows.count)",
        "\(report.mismatches)", "\(validation.parameters.allocated)",
        "\(validation.comparison.measuredFLOPs)", decimal(validation.seconds),
        Quantity.short(Int128(validation.flopsPerSecond)),
        Quantity.bytes(Int128(report.peakMemory)),
      ])
    }
    return table
  }

  private static func decimal(_ seconds: Double) -> String {
    Quantity.decimal(Int128(seconds * 1000), over: 1000, places: 3)
  }

  /// What differs, a line each: ten counts at most, parameters, experts.
  private var differences: [String] {
    let most = 10
    let mismatches = validation.comparison.mismatches
    var lines = mismatches.prefix(most).map { row in
      "\(row.path) \(row.operation.rawValue): analytic \(row.analytic), measured \(row.measured)"
    }
    if mismatches.count > most {
      lines.append("\(mismatches.count - most) counts more; --rows prints all")
    }
    let parameters = validation.parameters
    if parameters.analytic != parameters.allocated {
      lines.append(
        "\(parameters.analytic) parameters counted, \(parameters.allocated) allocated")
    }
    lines += validation.experts.filter { !$0.isWithin }.prefix(most).map { layer in
      "\(layer.path): \(layer.measured) experts met, \(layer.analytic.least.short) to "
        + "\(layer.analytic.most.short) possible"
    }
    return lines.map { "\(name): \($0)\n" }
  }

  /// The result in a sentence.
  static func verdict(_ reports: [ValidationReport]) -> String {
    let rows = reports.map(\.validation.comparison.rows.count).reduce(0, +)
    let failures = reports.filter { !$0.validation.holds }
    let evidence = reports.first?.validation.settings.evidence.rawValue ?? ""
    let scale = reports.first?.scale.rawValue ?? ""
    guard failures.isEmpty else {
      let lines = failures.flatMap(\.differences)
      return lines.joined() + "\(failures.count) of \(reports.count) models differ.\n"
    }
    let bounded = reports.flatMap(\.validation.comparison.rows).count { $0.bounds != nil }
    let equal = bounded == 0 ? "all equal" : "\(rows - bounded) equal, \(bounded) within bounds"
    return
      "\(reports.count) \(reports.count == 1 ? "model" : "models"), \(rows) counts, \(equal) (\(scale) scale, \(evidence) evidence).\n"
  }
}

extension Rational {
  /// A whole number, or the text `p/q`.
  fileprivate var json: JSONValue { isWhole ? .integer(numerator) : .string("\(self)") }
}

extension Comparison.Row {
  fileprivate var json: JSONValue {
    var object = JSONObject([
      ("path", .string(path)), ("operation", .string(operation.rawValue)),
      ("analytic", analytic.json), ("measured", .integer(measured)),
    ])
    if let bounds {
      object["bounds"] = .array([bounds.lowerBound.json, bounds.upperBound.json])
    }
    return .object(object)
  }
}
