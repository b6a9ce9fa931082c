import Accounting
import Architecture
import Families
import JSON
import Presets
import Symbolic
import Testing

/// Every figure that a preset quotes from print, against what is computed.
@Suite struct PublishedFigureTests {
  struct Row: CustomTestStringConvertible {
    let preset: String
    let figure: Preset.Figure

    var testDescription: String { "\(preset) \(figure.figure) \(figure.printed)" }
  }

  static let rows = Catalog.all.flatMap { preset in
    preset.published.map { Row(preset: preset.name, figure: $0) }
  }

  @Test("The computed figure rounds, up or down, to the printed one", arguments: rows)
  func published(_ row: Row) throws {
    let preset = try #require(Catalog.preset(named: row.preset))
    var configuration = preset.configuration
    for key in row.figure.assumes.keys { configuration[key] = row.figure.assumes[key] }
    let model = try Families.Description().model(from: configuration, named: preset.name)
    let value = try figure(row.figure.figure, ParameterReport(model))
    let matches = try Self.matches(value, row.figure)
    if row.figure.isKnownToDiffer {
      #expect(!matches, "\(row.figure.printed) is listed as a difference, but \(value) matches")
      #expect(row.figure.note != nil)
    } else {
      #expect(matches, "\(value) is not \(row.figure.printed): \(row.figure.source)")
    }
  }

  private struct UnknownFigure: Error {
    let path: String
  }

  private func figure(_ path: String, _ report: ParameterReport) throws -> Int128 {
    let formula: Formula =
      switch path {
      case "parameters.total": report.total
      case "parameters.mlp": report.feedForward
      case "parameters.non_embedding": report.nonEmbedding
      case "parameters.embedding": report.count(.embedding)
      case "parameters.embedding_and_head":
        report.count(.embedding) + report.count(.languageModelHead)
      case "parameters.attention": report.count(.attention)
      case "parameters.routed_experts": report.count(.routedExperts)
      case "active.all": report.active[.all] ?? .zero
      case "active.without_input_embedding": report.active[.withoutInputEmbedding] ?? .zero
      case "active.without_embeddings": report.active[.withoutEmbeddings] ?? .zero
      case "active.mlp":
        try report.ledger.value(
          report.ledger.rows.filter {
            [.denseFeedForward, .routedExperts, .sharedExperts, .router].contains($0.weight.part)
          }.map(\.activeCount).sum(), path)
      default: throw UnknownFigure(path: path)
      }
    return try #require(formula.wholeConstant)
  }

  /// Whether a value rounds half up, or truncates, to the digits that are printed.
  ///
  /// A label such as "70B" that stands for fewer digits than it shows says how many it means.
  private static func matches(_ value: Int128, _ figure: Preset.Figure) throws -> Bool {
    let text = figure.printed.replacing(",", with: "")
    let units: [Character: Int128] = ["K": 1000, "M": 1_000_000, "B": 1_000_000_000]
    guard let last = text.last, let unit = units[last] else { return Int128(text) == value }
    let printed = try #require(Rational(decimal: text.dropLast()))
    var step = try Rational(1, over: printed.denominatorOfDecimal(text.dropLast()))
    if let digits = figure.significantDigits {
      let whole = printed.floor
      var scale: Int128 = 1
      while whole / scale >= 10 { scale *= 10 }
      for _ in 1..<digits { scale /= 10 }
      step = Rational(scale)
    }
    let scaled = try Rational(value, over: unit).divided(by: step)
    let wanted = try printed.divided(by: step)
    let half = try Rational(1, over: 2)
    let rounded = try scaled.adding(half).floor
    return Rational(scaled.floor) == wanted || Rational(rounded) == wanted
  }
}

extension Rational {
  /// Ten to the number of decimals that a text shows.
  fileprivate func denominatorOfDecimal(_ text: Substring) -> Int128 {
    guard let point = text.firstIndex(of: ".") else { return 1 }
    return text[text.index(after: point)...].reduce(1) { power, _ in power * 10 }
  }
}
