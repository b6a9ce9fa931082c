import Accounting
import Architecture
import Arguments
import Families
import JSON
import Presets
import Symbolic
import Wording

extension Command {
  /// Lists the built-in models: `tally presets`.
  static let presets = Command(
    "presets", "List the built-in models and the families.",
    examples: [
      ("tally presets", "every preset with its family, total and active parameters"),
      ("tally presets --families", "every model_type, and what is known of each from outside"),
    ],
    [families.declaration, ReportFormat.plain.declaration]
  ) { arguments in
    let format = arguments[ReportFormat.plain]
    if arguments[families] { return familyList(format) }
    let rows = try Catalog.all.map { preset in
      let model = try Families.Description().model(
        from: preset.configuration, named: preset.name)
      return (preset: preset, report: try ParameterReport(model))
    }
    if format == .json {
      let list = rows.map { row in
        JSONValue.object([
          "name": .string(row.preset.name),
          "model_type": .string(row.report.model.modelType),
          "total": row.report.total.json,
          "active": (row.report.active[.all] ?? .zero).json,
        ])
      }
      return Outcome(
        JSONValue.object(["schema_version": .integer(1), "presets": .array(list)]).text)
    }
    let isExact = format == .csv
    return Outcome(
      Table(
        heading: ["name", "series", "model_type", "total", "active"],
        rows: rows.map { row in
          let figures = [row.report.total, row.report.active[.all] ?? .zero]
          return [row.preset.name, row.preset.series, row.report.model.modelType]
            + figures.map { isExact ? $0.exact : $0.short }
        }, alignments: [.left, .left, .left], labelColumns: 5
      ).text(format))
  }

  private static let families = Parameter<Bool>.flag(
    "families", help: "List the model types that are understood, instead.")

  /// Every type, and what of it has been seen to hold.
  private static func familyList(_ format: ReportFormat) -> Outcome {
    let families = Family.all
    if format == .json {
      let types = families.map { family in
        JSONValue.object([
          "model_type": .string(family.modelType), "counted": .boolean(true),
          "executed": family.json(in: Family.executed),
          "logits_equal": family.json(in: Family.withProvenLogits),
          "elementwise_equal": family.json(in: Family.witnessed),
        ])
      }
      return Outcome(
        JSONValue.object([
          "schema_version": .integer(1),
          "families": .array(families.map { .string($0.modelType) }), "types": .array(types),
        ]).text)
    }
    let table = Table(
      heading: ["model_type", "counted", "executed", "logits", "element-wise"],
      rows: families.map { family in
        [
          family.modelType, "yes", family.word(in: Family.executed, "yes", "no"),
          family.word(in: Family.withProvenLogits, "equal", "open"),
          family.word(in: Family.witnessed, "equal", "open"),
        ]
      }, alignments: [.left, .left, .left, .left, .left], labelColumns: 5)
    guard format == .table else { return Outcome(table.text(format)) }
    return Outcome(
      table.text(format) + """

        executed: every checkpoint of Tests/Oracle/Checkpoints runs. logits: it gives those of transformers,
        to 1e-4. element-wise: torch executes as many exponentials, roots and the like. –: the library has no
        class that a checkpoint could be made of.

        """)
  }
}

extension Family {
  /// Whether the type is in a list of those that hold; nil without a checkpoint.
  private func holds(in list: Set<String>) -> Bool? {
    Family.compared.contains(modelType) ? list.contains(modelType) : nil
  }

  fileprivate func json(in list: Set<String>) -> JSONValue {
    holds(in: list).map { .boolean($0) } ?? .null
  }

  fileprivate func word(in list: Set<String>, _ yes: String, _ no: String) -> String {
    holds(in: list).map { $0 ? yes : no } ?? "–"
  }
}
