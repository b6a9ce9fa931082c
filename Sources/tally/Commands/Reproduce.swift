import Arguments
import JSON
import Publications
import Symbolic
import Wording

extension Command {
  /// Computes what papers print: `tally reproduce deepseek-moe`.
  static let reproduce = Command(
    "reproduce", "Put published figures beside computed ones.",
    discussion: """
      A computed figure agrees if it rounds half up, or is cut off, to the digits in print; both
      occur. Known differences are listed with their reason. --strict exits with 1 if a figure
      that should match does not.
      """,
    examples: [
      ("tally reproduce", "every table"),
      ("tally reproduce deepseek-moe mod", "two of them"),
      ("tally reproduce --strict", "as a check"),
    ], [tables.declaration, strict.declaration, ReportFormat.plain.declaration]
  ) { arguments in
    let wanted = arguments[tables]
    let chosen = Publication.all.filter { wanted.isEmpty || wanted.contains($0.name) }
    let lines = try chosen.flatMap { publication in
      try publication.figures.map { try ReproductionLine(publication, $0) }
    }
    let failures = lines.filter { $0.verdict == .surprise }.count
    let code: Int32 = arguments[strict] && failures > 0 ? 1 : 0
    switch arguments[ReportFormat.plain] {
    case .json:
      return Outcome(
        JSONValue.object([
          "schema_version": .integer(1), "figures": .array(lines.map(\.json)),
          "matching": .integer(lines.filter { $0.isMatch }.count),
          "listed": .integer(lines.filter { $0.verdict == .listed }.count),
          "mismatches": .integer(failures),
        ]).text, exitCode: code)
    case .csv: return Outcome(ReproductionLine.table(lines, isExact: true).csv, exitCode: code)
    case let format:
      let tables = chosen.map { publication in
        let own = lines.filter { $0.publication.name == publication.name }
        let table = ReproductionLine.table(own, isExact: false).text(format)
        return "\(publication.name): \(publication.title)\n\(publication.source)\n\n\(table)"
      }
      let matching = lines.filter(\.isMatch).count
      let listed = lines.filter { $0.verdict == .listed }.count
      return Outcome(
        tables.joined(separator: "\n")
          + "\n\(matching) of \(lines.count) figures agree, \(listed) differ for a reason that is "
          + "listed, \(failures) disagree.\n", exitCode: code)
    }
  }

  private static let tables = Parameter<[String]>.optionalPositionals(
    "TABLE", of: Publication.all.map(\.name), help: "A publication; without one, all.")
  private static let strict = Parameter<Bool>.flag(
    "strict", help: "Exit with 1 if a figure that should match does not.")
}

/// One printed figure, compared.
struct ReproductionLine {
  let publication: Publication
  let reproduction: Reproduction
  let computed: Rational
  let verdict: Reproduction.Verdict

  init(_ publication: Publication, _ reproduction: Reproduction) throws {
    self.publication = publication
    self.reproduction = reproduction
    (computed, verdict) = try reproduction.compare()
  }

  var isMatch: Bool {
    if case .matches = verdict { true } else { false }
  }

  private var word: String {
    switch verdict {
    case .matches(.truncated): "OK, cut off"
    case .matches: "OK"
    case .listed: "differs"
    case .surprise: "MISMATCH"
    }
  }

  private var remark: String { reproduction.difference ?? reproduction.note }

  /// The computed value in the form of the printed one, with two digits more.
  private var text: String {
    let printed = reproduction.printed
    func decimal(_ scale: Int128, _ places: Int, _ unit: String) -> String {
      guard let value = try? computed.divided(by: Rational(scale)) else { return "\(computed)" }
      return Quantity.decimal(
        value.numerator, over: value.denominator, places: places, trimmed: true) + unit
    }
    let shown = printed.drop { $0 != "." }.filter(\.isNumber).count
    switch printed.last {
    case "K": return decimal(1000, shown + 2, "K")
    case "M": return decimal(1_000_000, shown + 2, "M")
    case "B": return decimal(1_000_000_000, shown + 2, "B")
    case "T": return decimal(1_000_000_000_000, shown + 2, "T")
    case "%":
      guard let value = try? computed.multiplied(by: Rational(100)) else { return "\(computed)" }
      return Quantity.decimal(
        value.numerator, over: value.denominator, places: shown + 2, trimmed: true) + "%"
    default:
      if computed.isWhole, printed.contains("e") { return Quantity.short(computed.numerator) }
      return computed.isWhole ? "\(computed.numerator)" : decimal(1, shown + 2, "")
    }
  }

  static func table(_ lines: [ReproductionLine], isExact: Bool) -> Table {
    Table(
      heading: (isExact ? ["table"] : [])
        + ["model", "figure", "printed", "computed", "", "how, or why not"],
      rows: lines.map { line in
        (isExact ? [line.publication.name] : [])
          + [
            line.reproduction.subject, line.reproduction.quantity, line.reproduction.printed,
            isExact ? "\(line.computed)" : line.text, line.word, line.remark,
          ]
      },
      alignments: (isExact ? [.left] : []) + [.left, .left, .right, .right, .left, .left],
      labelColumns: 6)
  }

  var json: JSONValue {
    .object([
      "table": .string(publication.name), "model": .string(reproduction.subject),
      "figure": .string(reproduction.quantity), "printed": .string(reproduction.printed),
      "computed": computed.isWhole ? .integer(computed.numerator) : .string("\(computed)"),
      "known": .string(reproduction.level.rawValue), "verdict": .string(word),
      "note": .string(remark), "source": .string(publication.source),
    ])
  }
}
