import Accounting
import Architecture
import Symbolic
import Wording

/// One figure of several models, and its ratios to the first.
struct ComparisonLine {
  let label: String
  /// The path of the figure in JSON, if it has one.
  let path: String?
  let figures: [Evaluated?]
  /// The figures rounded for people.
  let texts: [String]
  let isRatio: Bool

  /// The ratio of one model's figure to the first's.
  func ratio(_ index: Int) -> Rational? {
    guard let above = figures[index]?.constant, let below = figures[0]?.constant else {
      return nil
    }
    return try? above.divided(by: below)
  }

  /// The lines of the parameter table.
  static func parameters(_ reports: [ParameterReport]) -> [ComparisonLine] {
    ParameterLine.lines(for: reports).map { line in
      ComparisonLine(
        label: line.label, path: line.path, figures: reports.map { line.figure($0) },
        texts: reports.map { line.text($0) }, isRatio: line.isRatio)
    }
  }

  /// The lines of one pass, and its cache.
  static func pass(_ reports: [PassReport]) -> [ComparisonLine] {
    func line(
      _ label: String, _ path: String, _ figure: (OperationReport) -> Evaluated?
    ) -> ComparisonLine? {
      let figures = reports.map { figure($0.operations) }
      guard figures.contains(where: { $0.map { !$0.isZero } ?? false }) else { return nil }
      return ComparisonLine(
        label: label, path: path, figures: figures,
        texts: figures.map { $0.map { $0.isZero ? "-" : $0.short } ?? "-" }, isRatio: false)
    }
    var lines = [line("FLOPs of the pass", "flops.total") { $0.total }]
    lines.append(line("  matrix products", "flops.matmul.total") { $0.matrixProducts })
    for part in Product.Part.allCases {
      lines.append(
        line(
          "    \(part.rawValue.replacing("_", with: " "))", "flops.matmul.\(part.rawValue)"
        ) { $0.products[part] })
    }
    lines.append(line("  element-wise", "flops.elementwise.total") { $0.elementwise })
    lines.append(line("KV cache, elements", "kv_cache.elements") { $0.cacheElements })
    return lines.compactMap { $0 }
  }

  /// The lines side by side, with a column of ratios behind every model but the first.
  static func table(_ lines: [ComparisonLine], names: [String], isExact: Bool) -> Table {
    Table(
      heading: ["figure", names[0]]
        + names.dropFirst().flatMap { [$0, isExact ? "\($0).ratio" : "ratio"] },
      rows: lines.map { line in
        let label = isExact ? line.path ?? String(line.label.drop { $0 == " " }) : line.label
        func text(_ index: Int) -> String {
          isExact && !line.isRatio ? line.figures[index]?.exact ?? "" : line.texts[index]
        }
        return [label, text(0)]
          + names.indices.dropFirst().flatMap { [text($0), line.ratio($0)?.ratio ?? "-"] }
      })
  }
}
