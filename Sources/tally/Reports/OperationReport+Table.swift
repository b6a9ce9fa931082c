import Accounting
import Architecture
import Symbolic
import Wording

extension OperationReport {
  /// One line of the table: what it is called, and the figure of a model.
  private struct Line {
    let label: String
    var isOptional = true
    let figure: (OperationReport) -> Formula?
  }

  private static var lines: [Line] {
    var lines = [Line(label: "total", isOptional: false) { $0.total }]
    lines.append(Line(label: "matrix products", isOptional: false) { $0.matrixProducts })
    for part in Product.Part.allCases {
      let name = part.rawValue.replacing("_", with: " ")
      lines.append(Line(label: "  \(name)") { $0.products[part] })
    }
    lines.append(Line(label: "element-wise", isOptional: false) { $0.elementwise })
    for category in Elementwise.Category.allCases {
      lines.append(Line(label: "  \(category.rawValue)") { $0.categories[category] })
    }
    lines.append(Line(label: "cache, numbers") { $0.cacheElements })
    return lines
  }

  /// The models side by side, a line for each figure.
  static func table(_ reports: [OperationReport]) -> Table {
    let shown = lines.filter { line in
      !line.isOptional || reports.contains { line.figure($0).map { !$0.isZero } ?? false }
    }
    return Table(
      heading: ["FLOPs"] + reports.map(\.model.name),
      rows: shown.map { line in
        [line.label]
          + reports.map { report in
            line.figure(report).map { $0.isZero ? "-" : $0.short } ?? "-"
          }
      })
  }

  /// One row for each model, every figure exact.
  static func csv(_ reports: [OperationReport]) -> Table {
    let names =
      ["flops.total", "flops.matmul.total"]
      + Product.Part.allCases.map { "flops.matmul.\($0.rawValue)" } + ["flops.elementwise.total"]
      + Elementwise.Category.allCases.map { "flops.elementwise.\($0.rawValue)" }
      + ScalarOperation.allCases.map { "operations.\($0.rawValue)" } + ["kv_cache.elements"]
    return Table(
      heading: ["name", "model_type"] + names,
      rows: reports.map { report in
        let figures: [Formula] =
          [report.total, report.matrixProducts]
          + Product.Part.allCases.map { report.products[$0] ?? .zero } + [report.elementwise]
          + Elementwise.Category.allCases.map { report.categories[$0] ?? .zero }
          + ScalarOperation.allCases.map { report.operations[$0] ?? .zero }
          + [report.cacheElements]
        return [report.model.name, report.model.modelType] + figures.map(\.exact)
      })
  }

  /// Every row of the ledgers.
  static func rowTable(_ reports: [OperationReport]) throws -> Table {
    let rows = try reports.flatMap { report in
      try report.ledger.rows.map { row in
        [
          report.model.name, row.path, row.direction.rawValue, row.kindName, row.extents,
          row.flops.text(.plain),
          try ModelSource.blaming(report.model) {
            try report.ledger.value(row.flops, row.path).exact
          },
        ]
      }
    }
    return Table(
      heading: ["name", "path", "direction", "kind", "extents", "formula", "FLOPs"], rows: rows,
      alignments: [.left, .left, .left, .left, .left, .left, .right], labelColumns: 7)
  }
}
