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
  let model: Model
  let entries: [Entry]
  /// The value of every symbol.
  private let values: [Symbol: Evaluated]
  private let layerCounts: [LayerCount]
  /// Variables that are no sizes of the model.
  private var variables: [Size]

  struct Entry {
    /// The path of the figure, such as `parameters.attention`.
    let figure: String
    let formula: Formula
    let value: Evaluated
  }

  private struct Size {
    let symbol: Symbol
    let key: String
    let value: Evaluated
    let meaning: String
  }

  /// The formulas of the parameters, by part or by tensor.
  ///
  /// - Throws: `Failure` for a free variable that is a size's too.
  init(_ report: ParameterReport, byTensor: Bool) throws {
    let ledger = report.ledger
    model = report.model
    values = ledger.values
    layerCounts = ledger.layerCounts
    variables = []
    entries = byTensor ? Self.tensors(ledger) : Self.parts(report)
    try refuseFreeVariables()
  }

  /// The formulas of one pass: the whole, its parts, and then every row.
  ///
  /// - Throws: `Failure` if a figure needs more than 128 bits, or for a free variable that is a size's
  ///   too.
  init(_ pass: PassReport) throws {
    let report = pass.operations
    let ledger = report.ledger
    model = pass.model
    values = ledger.values
    layerCounts = ledger.layerCounts
    variables = [
      Size(
        symbol: Workload.batch, key: "--batch", value: Evaluated(pass.workload.batch),
        meaning: "sequences"),
      Size(
        symbol: Workload.tokens, key: "--tokens", value: Evaluated(pass.workload.tokens),
        meaning: "new tokens of each sequence"),
      Size(
        symbol: Workload.past, key: "--past", value: Evaluated(pass.workload.past),
        meaning: "tokens of each sequence in the cache"),
      Size(
        symbol: Workload.generated, key: "--generate", value: Evaluated(pass.workload.generated),
        meaning: "tokens of each sequence after those"),
    ]
    if ledger.total.symbols.union(ledger.cacheElements.symbols).contains(Workload.promptLength),
      let length = pass.workload.values[Workload.promptLength]
    {
      variables.append(
        Size(
          symbol: Workload.promptLength, key: pass.workload.past == 0 ? "--tokens" : "--past",
          value: length, meaning: "tokens of each sequence in its first pass"))
    }
    variables += pass.workload.packedSizes.map { size in
      Size(
        symbol: size.symbol, key: "--tokens", value: Evaluated(size.length),
        meaning: "tokens of a packed sequence")
    }
    var entries = [
      Entry(figure: "flops.total", formula: ledger.total, value: report.total),
      Entry(
        figure: "flops.matmul.total", formula: ledger.matrixProducts,
        value: report.matrixProducts),
    ]
    for part in Product.Part.allCases {
      guard let value = report.products[part], !value.isZero else { continue }
      entries.append(
        Entry(
          figure: "flops.matmul.\(part.rawValue)", formula: ledger.flops(of: part), value: value))
    }
    entries.append(
      Entry(
        figure: "flops.elementwise.total", formula: ledger.elementwise, value: report.elementwise))
    for category in Elementwise.Category.allCases {
      guard let value = report.categories[category], !value.isZero else { continue }
      entries.append(
        Entry(
          figure: "flops.elementwise.\(category.rawValue)", formula: ledger.flops(of: category),
          value: value))
    }
    entries.append(
      Entry(
        figure: "kv_cache.elements", formula: ledger.cacheElements, value: report.cacheElements))
    entries += try ModelSource.blaming(pass.model) {
      try ledger.rows.map { row in
        Entry(
          figure: row.label, formula: row.flops, value: try ledger.value(row.flops, row.path))
      }
    }
    self.entries = entries
    try refuseFreeVariables()
  }

  private func refuseFreeVariables() throws {
    try ModelSource.blaming(model) {
      try model.refuseFreeVariables(among: Set(sizes.map(\.symbol)))
    }
  }

  private static func tensors(_ ledger: ParameterLedger) -> [Entry] {
    ledger.rows.map { row in
      Entry(
        figure: row.path, formula: row.count, value: row.count.evaluated(in: ledger.values))
    }
  }

  private static func parts(_ report: ParameterReport) -> [Entry] {
    let ledger = report.ledger
    let parts = Part.allCases.filter { !report.count($0).isZero }
    var entries = [Entry(figure: "parameters.total", formula: ledger.total, value: report.total)]
    entries += parts.map {
      Entry(
        figure: "parameters.\($0.rawValue)", formula: ledger.count(of: $0),
        value: report.count($0))
    }
    if !report.persistentBuffers.isZero {
      entries.append(
        Entry(
          figure: "persistent_buffers", formula: ledger.persistentBuffers,
          value: report.persistentBuffers))
    }
    return entries
      + ParameterLedger.Activity.allCases.map {
        Entry(
          figure: "active.\($0.rawValue)", formula: ledger.active($0),
          value: report.active[$0] ?? .zero)
      }
  }

  /// The sizes that the formulas mention, with the numbers of layers of each kind.
  private var sizes: [Size] {
    var used = entries.reduce(into: Set<Symbol>()) { $0.formUnion($1.formula.symbols) }
    for count in layerCounts where used.contains(count.symbol) {
      used.formUnion(count.definition.symbols)
    }
    let named = model.sizes.filter { used.contains($0.size.symbol) }.map { binding in
      Size(
        symbol: binding.size.symbol, key: binding.isKey ? binding.key : "", value: binding.value,
        meaning: binding.size.meaning + Self.remark(binding.origin))
    }
    let counted = layerCounts.filter { used.contains($0.symbol) }.map { count in
      Size(
        symbol: count.symbol, key: "", value: count.definition.evaluated(in: values),
        meaning: count.meaning
          + (count.definition.constant == nil ? " (= \(count.definition.text(.plain)))" : ""))
    }
    return variables.filter { used.contains($0.symbol) } + named + counted
  }

  private static func remark(_ origin: SizeBinding.Origin) -> String {
    switch origin {
    case .given: ""
    case .defaulted: " (the family's default)"
    case .derived(let reason): " (= \(reason))"
    }
  }

  func substitution(_ formula: Formula, _ notation: Notation) -> String {
    let names = values.mapValues { value in
      // Bare where nothing around it can bind more tightly: a whole number, or one variable.
      if let number = value.wholeConstant, number >= 0 { return "\(number)" }
      return value.isVariable ? value.text(notation) : "(\(value.text(notation)))"
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

  /// A sum with a new line before the term that would make it longer than a page is wide.
  private static func broken(_ text: String) -> String {
    let widest = 44
    var (result, width, depth) = ("", 0, 0)
    for term in text.split(separator: " ", omittingEmptySubsequences: false) {
      let isSign = depth == 0 && (term == "+" || term == "-")
      if isSign, width > widest {
        result += " \\\\\n  &\\quad "
        width = 0
      } else if !result.isEmpty {
        result += " "
      }
      result += term
      depth += term.count { $0 == "{" || $0 == "(" } - term.count { $0 == "}" || $0 == ")" }
      // A command is about one character wide, and what only groups is nothing.
      var isCommand = false
      for character in term {
        if character == "\\" {
          isCommand = true
          width += 1
        } else if !(isCommand && character.isLetter) {
          isCommand = false
          width += "{}_^".contains(character) ? 0 : 1
        }
      }
    }
    return result
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
      \\text{\(escaped(entry.figure))} &= \(Self.broken(entry.formula.text(.latex))) \\\\
        &= \(Self.broken(substitution(entry.formula, .latex))) \\\\
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
