import Accounting
import Arguments
import JSON
import Wording

extension Command {
  /// Lists every figure: `tally figures cache`.
  static let figures = Command(
    "figures", "List every figure with its unit and meaning.",
    discussion: """
      Figures are what 'sweep' and 'solve' print, hold and meet, and the paths of JSON documents. A
      WORD lists those whose name, short forms or meaning have it.
      """,
    examples: [
      ("tally figures", "all of them"),
      ("tally figures cache", "those that have to do with a cache"),
      (
        "tally sweep mixtral-8x7b --vary num_local_experts=4,8,16 --columns active,kv_cache",
        "two of them"
      ),
    ],
    [word.declaration, ReportFormat.plain.declaration]
  ) { arguments in
    let words = arguments[word].map { $0.lowercased() }
    let figures = FigureName.all.filter { figure in
      let texts = [figure.path, figure.meaning, figure.unit.rawValue] + figure.words
      return words.allSatisfy { word in texts.contains { $0.lowercased().contains(word) } }
    }
    guard !figures.isEmpty else {
      throw UsageError.invalid(
        label: "WORD", value: words.joined(separator: " "),
        expected: "part of a figure's name or meaning; 'tally figures' lists them",
        nearest: words.first.flatMap { nearestWord(to: $0, among: FigureName.words) })
    }
    let format = arguments[ReportFormat.plain]
    if format == .json {
      let list = figures.map { figure in
        JSONValue.object([
          "path": .string(figure.path), "unit": .string(figure.unit.rawValue),
          "short_forms": .array(figure.words.map { .string($0) }),
          "meaning": .string(figure.meaning),
        ])
      }
      return Outcome(
        JSONValue.object(["schema_version": .integer(1), "figures": .array(list)]).text)
    }
    let table = Table(
      heading: ["figure", "also", "unit", "meaning"],
      rows: figures.map {
        [$0.path, $0.words.joined(separator: ", "), $0.unit.rawValue, $0.meaning]
      }, alignments: [.left, .left, .left, .left], labelColumns: 4)
    return Outcome(table.text(format))
  }

  fileprivate static let word = Parameter<[String]>.optionalPositionals(
    "WORD", help: "List only figures that have it in their name or meaning.")
}
