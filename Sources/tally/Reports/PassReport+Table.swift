import Accounting
import Architecture
import Symbolic
import Wording

extension PassReport {
  /// One line of the table: what it is called, and the figure of a model.
  private struct Line {
    let label: String
    var isOptional = true
    let figure: (PassReport) throws -> String?
  }

  private static func lines(_ convention: Convention) -> [Line] {
    func count(_ label: String, _ figure: @escaping (OperationReport) -> Evaluated?) -> Line {
      Line(label: label) { report in
        figure(report.operations).flatMap { $0.isZero ? nil : $0.short }
      }
    }
    var lines: [Line] = []
    if convention.name != "exact" {
      lines.append(
        Line(label: "convention \(convention.name)", isOptional: false) { report in
          try ModelSource.blaming(report.model) {
            try convention.value(of: report.operations.ledger).short
          }
        })
    }
    lines.append(count(convention.name == "exact" ? "total" : "exact") { $0.total })
    lines.append(count("  matrix products") { $0.matrixProducts })
    for part in Product.Part.allCases {
      let name = part.rawValue.replacing("_", with: " ")
      lines.append(count("    \(name)") { $0.products[part] })
    }
    lines.append(count("  element-wise") { $0.elementwise })
    for category in Elementwise.Category.allCases {
      lines.append(count("    \(category.rawValue)") { $0.categories[category] })
    }
    func bound(_ label: String, _ side: @escaping ((Evaluated, Evaluated)) -> Evaluated) -> Line {
      Line(label: label) { report in
        try ModelSource.blaming(report.model) { try report.operations.bounds(under: convention) }
          .map { side($0).short }
      }
    }
    lines += [bound("least, by data") { $0.0 }, bound("most, by data") { $0.1 }]
    lines += [
      Line(label: "weights") { $0.memory.weightBytes.bytes },
      Line(label: "gradients") { $0.memory.training?.gradientBytes.bytes },
      Line(label: "Adam moments") { $0.memory.training?.momentBytes.bytes },
      Line(label: "master copy") { $0.memory.training?.masterBytes.bytes },
      Line(label: "KV cache") { $0.memory.cacheBytes.isZero ? nil : $0.memory.cacheBytes.bytes },
      count("  elements") { $0.cacheElements },
      Line(label: "recurrent state") {
        $0.memory.stateBytes.isZero ? nil : $0.memory.stateBytes.bytes
      },
      Line(label: "  elements") {
        $0.memory.stateElements.isZero ? nil : $0.memory.stateElements.short
      },
      Line(label: "experts met, expected") { report in
        let kinds = report.memory.expertsMet.filter(\.isOpen)
        return kinds.isEmpty ? nil : kinds.map(\.expected.short).joined(separator: ", ")
      },
      Line(label: "FLOPs per byte moved") { $0.memory.intensity?.ratio },
    ]
    return lines
  }

  /// The models side by side, a line for each figure.
  ///
  /// - Throws: `Failure` if a figure needs more than 128 bits.
  static func table(_ reports: [PassReport], _ convention: Convention) throws -> Table {
    var rows: [[String]] = []
    for line in lines(convention) {
      let figures = try reports.map { try line.figure($0) }
      guard !line.isOptional || figures.contains(where: { $0 != nil }) else { continue }
      rows.append([line.label] + figures.map { $0 ?? "-" })
    }
    // Every report has the same lines of the machine.
    let machines = reports.map { $0.machine?.lines ?? [] }
    for (index, line) in (machines.first ?? []).enumerated() {
      let figures = machines.map { $0[index].figure }
      guard figures.contains(where: { $0 != nil }) else { continue }
      rows.append([line.label] + figures.map { $0 ?? "-" })
    }
    return Table(heading: ["FLOPs"] + reports.map(\.model.name), rows: rows)
  }

  /// One row for each model, every figure exact.
  ///
  /// - Throws: `Failure` if a figure needs more than 128 bits.
  static func csv(_ reports: [PassReport], _ convention: Convention) throws -> Table {
    let names =
      ["convention"] + ["phase", "batch", "tokens", "past", "mask"].map { "workload.\($0)" }
      + ["flops.total", "flops.matmul.total"]
      + Product.Part.allCases.map { "flops.matmul.\($0.rawValue)" } + ["flops.elementwise.total"]
      + Elementwise.Category.allCases.map { "flops.elementwise.\($0.rawValue)" }
      + ScalarOperation.allCases.map { "operations.\($0.rawValue)" }
      + [
        "exactness", "flops.least", "flops.most", "kv_cache.elements", "kv_cache.bytes",
        "memory.state_elements", "memory.state_bytes", "memory.weight_bytes", "memory.total",
        "memory.moved_bytes",
      ]
      + ["arithmetic_intensity"] + (reports.first?.machine?.cells.map(\.name) ?? [])
    return Table(
      heading: ["name", "model_type"] + names,
      rows: try reports.map { report in
        let operations = report.operations
        let total = try ModelSource.blaming(report.model) {
          try convention.value(of: operations.ledger)
        }
        var figures: [Evaluated] = [total, operations.matrixProducts]
        figures += Product.Part.allCases.map { operations.products[$0] ?? .zero }
        figures.append(operations.elementwise)
        figures += Elementwise.Category.allCases.map { operations.categories[$0] ?? .zero }
        figures += ScalarOperation.allCases.map { operations.operations[$0] ?? .zero }
        let bounds = try ModelSource.blaming(report.model) {
          try operations.bounds(under: convention)
        }
        let memory = [
          bounds?.least, bounds?.most, operations.cacheElements, report.memory.cacheBytes,
          report.memory.stateElements, report.memory.stateBytes, report.memory.weightBytes,
          report.memory.total, report.memory.movedBytes,
        ].map { $0?.exact ?? "" }
        let pass = report.workload
        return [report.model.name, report.model.modelType, convention.name]
          + [pass.phase.rawValue, "\(pass.batch)", "\(pass.tokens)", "\(pass.past)"]
          + [pass.mask.rawValue]
          + figures.map(\.exact) + [report.exactness.rawValue] + memory
          + [report.memory.intensity?.ratio ?? ""]
          + (report.machine?.cells.map(\.text) ?? [])
      })
  }

  /// Every row of the ledgers.
  ///
  /// - Throws: `Failure` if a figure needs more than 128 bits.
  static func rowTable(_ reports: [PassReport]) throws -> Table {
    let rows = try reports.flatMap { report in
      try report.refuseFreeVariablesOfRows()
      return try report.operations.ledger.rows.map { row in
        [
          report.model.name, row.path, row.direction.rawValue, row.kindName, row.extents,
          row.flops.text(.plain),
          try ModelSource.blaming(report.model) {
            try report.operations.ledger.value(row.flops, row.path).exact
          },
        ]
      }
    }
    return Table(
      heading: ["name", "path", "direction", "kind", "extents", "formula", "FLOPs"], rows: rows,
      alignments: [.left, .left, .left, .left, .left, .left, .right], labelColumns: 7)
  }
}

extension PassReport {
  /// - Throws: `Failure` for a free variable that the formulas of the rows use.
  func refuseFreeVariablesOfRows() throws {
    let symbols = operations.ledger.rows.reduce(into: Set<Symbol>()) {
      $0.formUnion($1.flops.symbols)
    }
    try ModelSource.blaming(model) { try model.refuseFreeVariables(among: symbols) }
  }
}

extension Evaluated {
  /// Bytes in binary units, spelt so, or the formula.
  var bytes: String {
    guard let count = constant?.ceiling else { return text(.plain) }
    return Quantity.bytes(count)
  }
}
