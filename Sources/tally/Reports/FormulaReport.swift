import Accounting
import Architecture
import JSON
import Symbolic
import Wording

/// What a formula report lists.
enum FormulaDetail: String, CaseIterable {
  case part
  case tensor
}

/// The formulas of one model: each count as a formula in its sizes, with the sizes put in.
struct FormulaReport {
  let report: ParameterReport
  let entries: [Entry]

  struct Entry {
    /// The path of the figure, such as `parameters.attention`.
    let figure: String
    let formula: Formula
    let value: Formula
  }

  init(_ report: ParameterReport, byTensor: Bool) {
    self.report = report
    let ledger = report.ledger
    if byTensor {
      entries = ledger.rows.map { row in
        Entry(
          figure: row.path, formula: row.count,
          value: row.count.substituting(ledger.values))
      }
    } else {
      let parts = Part.allCases.filter { !report.count($0).isZero }
      entries =
        [Entry(figure: "parameters.total", formula: ledger.total, value: report.total)]
        + parts.map {
          Entry(
            figure: "parameters.\($0.rawValue)", formula: ledger.count(of: $0),
            value: report.count($0))
        }
        + (report.persistentBuffers.isZero
          ? []
          : [
            Entry(
              figure: "persistent_buffers", formula: ledger.persistentBuffers,
              value: report.persistentBuffers)
          ])
        + ParameterLedger.Activity.allCases.map {
          Entry(
            figure: "active.\($0.rawValue)", formula: ledger.active($0),
            value: report.active[$0] ?? .zero)
        }
    }
  }

  private var model: Model { report.model }

  /// The sizes that the formulas mention, with the numbers of layers of each kind.
  private var sizes: [(symbol: Symbol, key: String, value: Formula, meaning: String)] {
    var used = entries.reduce(into: Set<Symbol>()) { $0.formUnion($1.formula.symbols) }
    for count in report.ledger.layerCounts where used.contains(count.symbol) {
      used.formUnion(count.definition.symbols)
    }
    let named = model.sizes.filter { used.contains($0.size.symbol) }.map { binding in
      (
        binding.size.symbol, binding.key, binding.value,
        binding.size.meaning + Self.remark(binding.origin)
      )
    }
    let counted = report.ledger.layerCounts.filter { used.contains($0.symbol) }.map { count in
      (
        count.symbol, "", count.definition.substituting(report.ledger.values),
        count.meaning
          + (count.definition.constant == nil ? " (= \(count.definition.text(.plain)))" : "")
      )
    }
    return named + counted
  }

  private static func remark(_ origin: SizeBinding.Origin) -> String {
    switch origin {
    case .given: ""
    case .defaulted: " (the family's default)"
    case .derived(let reason): " (= \(reason))"
    }
  }

  func substitution(_ formula: Formula, _ notation: Notation) -> String {
    let names = report.ledger.values.mapValues { value in
      // Bare where nothing around it can bind more tightly: a whole number, or one letter.
      if let number = value.wholeConstant, number >= 0 { return "\(number)" }
      return value.isSymbol ? value.text(notation) : "(\(value.text(notation)))"
    }
    return formula.text(notation, names: names)
  }

  // MARK: - Forms

  var plain: String {
    var text = "\(model.name) (\(model.modelType))\n\nsizes\n"
    let table = Table(
      heading: ["  symbol", "key", "value", "meaning"],
      rows: sizes.map { ["  \($0.symbol.name)", $0.key, $0.value.exact, $0.meaning] },
      alignments: [.left, .left, .right, .left], labelColumns: 4)
    text += table.plain()
    for entry in entries {
      text += """

        \(entry.figure)
          = \(entry.formula.text(.plain))
          = \(substitution(entry.formula, .plain))
          = \(entry.value.exact)

        """
    }
    return text
  }

  var markdown: String {
    let table = Table(
      heading: ["symbol", "key", "value", "meaning"],
      rows: sizes.map {
        [
          "$\(Notation.latex.name($0.symbol))$", $0.key.isEmpty ? "" : "`\($0.key)`",
          $0.value.exact, $0.meaning,
        ]
      }, alignments: [.left, .left, .right, .left])
    let formulas = Table(
      heading: ["figure", "formula", "with the sizes put in", "value"],
      rows: entries.map { entry in
        [
          "`\(entry.figure)`", entry.formula.text(.unicode), substitution(entry.formula, .unicode),
          entry.value.exact,
        ]
      }, alignments: [.left, .left, .left, .right])
    return "## \(model.name) (\(model.modelType))\n\n\(table.markdown)\n\(formulas.markdown)"
  }

  var latex: String {
    func escaped(_ text: String) -> String {
      let plain = text.replacing("_", with: "\\_").replacing("#", with: "\\#")
      return [
        ("·", "$\\cdot$"), ("⌈", "$\\lceil$"), ("⌉", "$\\rceil$"), ("⌊", "$\\lfloor$"),
        ("⌋", "$\\rfloor$"),
      ]
      .reduce(plain) { $0.replacing($1.0, with: $1.1) }
    }
    var text = "% \(model.name) (\(model.modelType)); needs amsmath\n"
    text += "\\begin{tabular}{llrl}\nsymbol & key & value & meaning \\\\ \\hline\n"
    for size in sizes {
      text += "$\(Notation.latex.name(size.symbol))$ & \\texttt{\(escaped(size.key))} & "
      text += "$\(size.value.text(.latex))$ & \(escaped(size.meaning)) \\\\\n"
    }
    text += "\\end{tabular}\n\\begin{align*}\n"
    text += entries.map { entry in
      """
      \\text{\(escaped(entry.figure))} &= \(entry.formula.text(.latex)) \\\\
        &= \(substitution(entry.formula, .latex)) \\\\
        &= \(entry.value.text(.latex))
      """
    }.joined(separator: " \\\\\n")
    return text + "\n\\end{align*}\n"
  }

  var json: JSONValue {
    .object([
      "name": .string(model.name), "model_type": .string(model.modelType),
      "sizes": .array(
        sizes.map { size in
          .object([
            "symbol": .string(size.symbol.name),
            "key": size.key.isEmpty ? .null : .string(size.key),
            "value": size.value.json, "meaning": .string(size.meaning),
          ])
        }),
      "formulas": .array(
        entries.map { entry in
          .object([
            "figure": .string(entry.figure), "formula": .string(entry.formula.text(.plain)),
            "substitution": .string(substitution(entry.formula, .plain)),
            "value": entry.value.json,
          ])
        }),
    ])
  }

  static func csv(_ reports: [FormulaReport]) -> Table {
    Table(
      heading: ["name", "figure", "formula", "substitution", "value"],
      rows: reports.flatMap { report in
        report.entries.map { entry in
          [
            report.model.name, entry.figure, entry.formula.text(.plain),
            report.substitution(entry.formula, .plain), entry.value.exact,
          ]
        }
      })
  }
}
