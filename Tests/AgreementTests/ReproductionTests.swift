import Publications
import Symbolic
import Testing

/// Every figure of every publication, computed and compared.
@Suite struct ReproductionTests {
  struct Row: CustomTestStringConvertible {
    let publication: String
    let figure: Reproduction

    var testDescription: String {
      "\(publication) \(figure.subject) \(figure.quantity) \(figure.printed)"
    }
  }

  static let rows = Publication.all.flatMap { publication in
    publication.figures.map { Row(publication: publication.name, figure: $0) }
  }

  @Test("A figure agrees with print, or differs for a reason that is written down", arguments: rows)
  func figure(_ row: Row) throws {
    let (computed, verdict) = try row.figure.compare()
    #expect(verdict != .surprise, "\(computed) beside \(row.figure.printed)")
  }

  @Test("There are as many figures as there were")
  func coverage() {
    #expect(Self.rows.count >= 580)
    #expect(Self.rows.filter { $0.figure.difference != nil }.count <= 64)
  }

  @Test(
    "A printed figure is matched by rounding or by cutting off, and by nothing else",
    arguments: [
      ("46.7B", "46702792704", PrintedFigure.Agreement.rounded),
      ("46.7B", "46799999999", .truncated),
      ("46.7B", "46800000000", .none), ("46.7B", "46649999999", .none),
      ("46.7B", "46700000000", .exact), ("1,234", "1234", .exact), ("1,234", "1235", .none),
      ("40.5%", "0.4056", .truncated), ("40.5%", "0.406", .none), (".85", "0.857", .truncated),
      ("6.3e23", "634000000000000000000000", .rounded), ("2.7x", "2.7", .exact),
    ])
  func matching(
    _ printed: String, _ computed: String, _ agreement: PrintedFigure.Agreement
  ) throws {
    let figure = try #require(PrintedFigure(printed))
    let value = try #require(Rational(decimal: computed))
    #expect(figure.agreement(with: value) == agreement)
  }

  @Test("A label that means fewer digits than it shows is matched by those")
  func labels() throws {
    let figure = try #require(PrintedFigure("70B", significantDigits: 1))
    #expect(figure.agreement(with: Rational(68_976_648_192)) == .rounded)
    #expect(figure.agreement(with: Rational(64_976_648_192)) == .none)
  }
}
