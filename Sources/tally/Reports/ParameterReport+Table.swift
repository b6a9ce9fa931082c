import Accounting
import Architecture
import Symbolic
import Wording

/// One line of the parameter table: what it is called, and the figure of a model.
struct ParameterLine {
  let label: String
  let isRatio: Bool
  /// Whether the line may be left out where no model has anything in it.
  let isOptional: Bool
  /// The path of the figure in JSON, if a ratio of it is of use.
  let path: String?
  let figure: @Sendable (ParameterReport) -> Evaluated?

  init(
    _ label: String, isRatio: Bool = false, isOptional: Bool = false, path: String? = nil,
    _ figure: @escaping @Sendable (ParameterReport) -> Evaluated?
  ) {
    self.label = label
    self.isRatio = isRatio
    self.isOptional = isOptional
    self.path = path
    self.figure = figure
  }

  /// The lines of `params` and `compare`, from the whole to the ratios.
  static let all: [ParameterLine] =
    [ParameterLine("total", path: "parameters.total") { $0.total }]
    + [
      ("embedding", Part.embedding, false), ("head", .languageModelHead, false),
      ("attention", .attention, false), ("MLP", .denseFeedForward, true),
      ("routed experts", .routedExperts, true), ("shared experts", .sharedExperts, true),
      ("router", .router, false), ("norms", .norms, false), ("mixer", .mixer, true),
    ].map { (name, part, isOptional) in
      ParameterLine("  \(name)", isOptional: isOptional, path: "parameters.\(part.rawValue)") {
        $0.count(part)
      }
    }
    + [
      ParameterLine("in checkpoints", isOptional: true) { $0.stored },
      ParameterLine("buffers, not parameters", isOptional: true) { $0.persistentBuffers },
      ParameterLine("active per token", path: "active.all") { $0.active[.all] },
      ParameterLine("  without input embedding", path: "active.without_input_embedding") {
        $0.active[.withoutInputEmbedding]
      },
      ParameterLine("  without embeddings", path: "active.without_embeddings") {
        $0.active[.withoutEmbeddings]
      },
      ParameterLine("MLP and experts/attention", isRatio: true) {
        $0.feedForwardToAttention.map { Evaluated($0) }
      },
      ParameterLine("d_ff/d_model", isRatio: true) { $0.widthRatio },
      ParameterLine("  of the dense layers", isRatio: true, isOptional: true) { report in
        report.expertRatio == nil ? nil : report.denseRatio
      },
      // Kaplan et al. 2020, §2.1: d_attn = d_ff/4 = d_model.
      ParameterLine("  Kaplan et al. 2020", isRatio: true) { _ in 4 },
    ]

  /// The lines that have something to say about some of the models.
  static func lines(for reports: [ParameterReport]) -> [ParameterLine] {
    all.filter { line in
      !line.isOptional || reports.contains { line.figure($0).map { !$0.isZero } ?? false }
    }
  }

  /// The figure rounded for people.
  func text(_ report: ParameterReport) -> String {
    guard let figure = figure(report) else { return "-" }
    if isRatio { return figure.ratio }
    return figure.isZero ? "-" : figure.short
  }
}

extension ParameterReport {
  /// The share of the total that a figure is, in percent with one decimal.
  func share(_ figure: Evaluated?) -> String {
    guard let part = figure?.wholeConstant, let whole = total.wholeConstant, part > 0,
      whole > 0, part <= whole, whole < Int128.max / 1000
    else { return "" }
    return Quantity.decimal(part * 100, over: whole, places: 1) + "%"
  }

  /// The models side by side, a line for each figure, counts with their share of the total.
  static func table(_ reports: [ParameterReport], hasShares: Bool) -> Table {
    let rows = ParameterLine.lines(for: reports).map { line in
      [line.label]
        + reports.map { report in
          guard hasShares else { return line.text(report) }
          let share = line.isRatio ? "" : report.share(line.figure(report))
          return line.text(report) + String(repeating: " ", count: 7 - share.count) + share
        }
    }
    return Table(heading: ["parameters"] + reports.map(\.model.name), rows: rows)
  }

  /// One row for each model, every figure exact: the form for a spreadsheet.
  static func csv(_ reports: [ParameterReport]) -> Table {
    let names =
      ["parameters.total"] + Part.allCases.map { "parameters.\($0.rawValue)" }
      + ["persistent_buffers"] + ParameterLedger.Activity.allCases.map { "active.\($0.rawValue)" }
      + ["ratios.d_ff/d_model", "ratios.dense_d_ff/d_model", "ratios.mlp/attention"]
    let differs = reports.contains { $0.stored != nil }
    return Table(
      heading: ["name", "model_type"] + names + (differs ? ["checkpoint_parameters"] : []),
      rows: reports.map { report in
        [report.model.name, report.model.modelType, report.total.exact]
          + Part.allCases.map { report.count($0).exact } + [report.persistentBuffers.exact]
          + ParameterLedger.Activity.allCases.map { (report.active[$0] ?? .zero).exact }
          + [
            report.widthRatio?.ratio ?? "", report.denseRatio?.ratio ?? "",
            report.feedForwardToAttention?.ratio ?? "",
          ] + (differs ? [(report.stored ?? report.total).exact] : [])
      })
  }

  /// What a reader should know about how the configurations were read.
  static func footnotes(_ reports: [ParameterReport]) -> String {
    var lines: [String] = []
    for report in reports {
      for note in report.model.notes + report.notes {
        let line = "note: \(report.model.name): \(note)\n"
        if !lines.contains(line) { lines.append(line) }
      }
    }
    return lines.joined()
  }
}

extension ParameterReport {
  /// What the figures say beyond the description.
  var notes: [String] {
    guard let stored else { return [] }
    return [
      "total counts \((total - stored).short) parameters that transformers allocates and no "
        + "checkpoint holds; checkpoints hold \(stored.short)."
    ]
  }
}

extension ParameterLine {
  /// The parts that some of the models have.
  static func parts(for reports: [ParameterReport]) -> [Part] {
    Part.allCases.filter { part in reports.contains { !$0.count(part).isZero } }
  }
}
