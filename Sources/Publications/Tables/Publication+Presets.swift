import JSON
import Presets

extension Publication {
  /// The ten figures of Gemma 1 and 2, to the unit.
  static let gemma = Publication(
    "gemma", title: "Embedding and other parameters, to the unit",
    source: "Gemma Team 2024, https://arxiv.org/abs/2403.08295 and arXiv 2408.00118",
    quoted { $0.name.hasPrefix("gemma-") || $0.name.hasPrefix("gemma2-") })

  /// What the vendors of the presets print.
  static let presets = Publication(
    "presets", title: "Totals and active counts that vendors print",
    source: "the files in presets/, each with its source",
    quoted { !$0.name.hasPrefix("gemma-") && !$0.name.hasPrefix("gemma2-") })

  private static func quoted(_ isIncluded: (Preset) -> Bool) -> [Reproduction] {
    Catalog.all.filter(isIncluded).flatMap { preset in
      preset.published.map { figure in
        Reproduction(
          preset.name, figure.figure, figure.printed,
          .parameters(
            figure.figure, of: preset.name,
            with: Dictionary(
              figure.assumes.keys.map { ($0, figure.assumes[$0]?.line ?? "") },
              uniquingKeysWith: { first, _ in first })),
          level: figure.source.contains("secondary") ? .secondary : .primary,
          digits: figure.significantDigits,
          note: figure.note ?? Self.definition(figure.figure),
          differs: figure.isKnownToDiffer ? figure.note : nil)
      }
    }
  }

  /// Which of the three definitions of "active" a figure follows.
  private static func definition(_ path: String) -> String {
    switch path {
    case "active.all": "every active parameter"
    case "active.without_input_embedding": "active parameters without the input table"
    case "active.without_embeddings": "active parameters without tables and head"
    default: ""
    }
  }
}
