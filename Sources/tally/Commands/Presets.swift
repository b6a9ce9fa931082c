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
      ("tally presets --families", "every model_type a config.json may have"),
    ],
    [families.declaration, ReportFormat.plain.declaration]
  ) { arguments in
    let format = arguments[ReportFormat.plain]
    if arguments[families] {
      let names = Family.all.map(\.modelType)
      if format == .json {
        return Outcome(
          JSONValue.object([
            "schema_version": .integer(1), "families": .array(names.map { .string($0) }),
          ]).text)
      }
      return Outcome(Table(heading: ["model_type"], rows: names.map { [$0] }).text(format))
    }
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
}
