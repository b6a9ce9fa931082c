import Accounting
import Architecture
import Arguments
import JSON
import Symbolic
import Wording

extension Command {
  /// Counts parameters: `tally params llama2-13b mixtral-8x7b`.
  static let params = Command(
    "params", "Count parameters: how many, where they are, how many are active.",
    discussion: """
      Tables round to two decimals in powers of 1000; json and csv give every digit. The nine parts
      sum to the total, and a matrix that input and output share counts once, under embedding.
      'active' counts the parameters one token meets, in the three ways vendors print.
      """,
    examples: [
      ("tally params llama2-13b mixtral-8x7b", "two presets side by side"),
      ("tally params path/to/config.json --format json", "a file of your own, every digit"),
      ("tally params mixtral-8x7b --set num_local_experts=16", "what twice the experts cost"),
      ("tally params llama2-13b --set hidden_size=x", "a formula in the width"),
      ("tally params gpt2 --by tensor --format csv", "every tensor of the checkpoint"),
    ],
    ModelSource.declarations + [detail.declaration, ReportFormat.plain.declaration]
  ) { arguments in
    let reports = try ModelSource.reports(arguments)
    let notes = ParameterReport.footnotes(reports)
    let format = arguments[ReportFormat.plain]
    let detail = arguments[detail]
    if format == .json {
      let objects = try reports.map { report in
        JSONValue.object(try ModelSource.blaming(report.model) { try report.json(detail) })
      }
      return Outcome(
        JSONValue.object(["schema_version": .integer(1), "models": .array(objects)]).text,
        errors: notes)
    }
    switch detail {
    case .part:
      let table =
        format == .csv
        ? ParameterReport.csv(reports)
        : ParameterReport.table(reports, hasShares: format == .table)
      return Outcome(table.text(format), errors: notes)
    case .layer: return Outcome(try layerTable(reports).text(format), errors: notes)
    case .tensor: return Outcome(try tensorTable(reports).text(format), errors: notes)
    }
  }

  private static let detail = Parameter<ParameterDetail>.choice(
    "by", "WHAT", of: ParameterDetail.allCases, default: .part,
    help: "List each part, each layer or each tensor.")

  private static func layerTable(_ reports: [ParameterReport]) throws -> Table {
    let lines = ParameterLine.parts(for: reports)
    let rows = try reports.flatMap { report in
      try ModelSource.blaming(report.model) { try report.layers() }.map { layer in
        [report.model.name, layer.layer.map { "\($0)" } ?? "outside", layer.total.exact]
          + lines.map { (layer.parts[$0] ?? .zero).exact }
      }
    }
    return Table(
      heading: ["name", "layer", "total"] + lines.map(\.rawValue), rows: rows, labelColumns: 2)
  }

  private static func tensorTable(_ reports: [ParameterReport]) throws -> Table {
    let rows = try reports.flatMap { report in
      try ModelSource.blaming(report.model) { try report.ledger.tensors() }.map { tensor in
        [
          report.model.name, tensor.name,
          "[" + tensor.shape.map(\.exact).joined(separator: ", ") + "]", tensor.count.exact,
          tensor.column,
        ]
      }
    }
    return Table(
      heading: ["name", "tensor", "shape", "count", "part"], rows: rows,
      alignments: [.left, .left, .right, .right, .left], labelColumns: 5)
  }
}
