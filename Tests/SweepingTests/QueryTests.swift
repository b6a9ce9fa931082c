import Accounting
import Sweeping
import Symbolic
import Testing

@Suite struct QueryTests {
  /// Figures with values that are easy to reckon with.
  static func value(_ text: String) throws -> Rational? {
    try Query(parsing: text, axes: ["n", "kv-dtype"], sizes: ["hidden_size"]).value {
      name throws(ArithmeticError) in
      switch name {
      case .figure(let figure):
        switch figure.path {
        case "parameters.total": return Rational(12)
        case "active.all": return Rational(6)
        case "ratios.mlp/attention": return Rational(3)
        default: return nil
        }
      case .baseline: return Rational(4)
      case .axis: return Rational(5)
      case .size: return Rational(7)
      case .solved, .residual: return nil
      }
    }
  }

  @Test(
    "Arithmetic and questions",
    arguments: [
      ("total", "12"), ("parameters.total - active * 2", "0"), ("total/active", "2"),
      ("total / 5", "12/5"), ("relative.total", "3"), ("baseline.active + n", "9"),
      ("mlp/attention", "3"), ("total/active/mlp/attention", "2/3"), ("-(1 + 2) * 3", "-9"),
      ("3e9", "3000000000"), ("1.5B", "1500000000"), ("2KiB", "2048"), ("2 * 1e-1", "1/5"),
      ("total < 13 && active >= 6", "1"), ("total == 12 || 1 > 2", "1"), ("!(total != 12)", "1"),
      ("total > 12", "0"), ("kv-dtype", "5"), ("kv-dtype - 1", "4"),
      ("hidden_size/n", "7/5"),
    ])
  func answers(_ row: (text: String, value: String)) throws {
    #expect(try Self.value(row.text)?.description == row.value)
  }

  @Test(
    "What has no value answers no question", arguments: ["flops < 1", "flops > 1", "1/(n-5) > 0"])
  func nothing(_ text: String) throws {
    #expect(try Self.value(text) == .zero)
    #expect(try Self.value("flops + 1") == nil)
    #expect(try Self.value("1/(n - 5)") == nil)
  }

  @Test(
    "A mistake is shown at its character",
    arguments: [
      ("total <", 7), ("totl < 3", 0), ("total < 3 & active > 1", 10), ("total = 3", 6),
      ("(total < 3", 10), ("total < 3 && active", 10), ("total < 3x", 9), ("1 + (2 > 1)", 2),
      ("total < 3 $", 10), ("", 0), ("relative.n", 0), ("baseline.", 9), ("1 + relative.", 13),
    ])
  func mistakes(_ row: (text: String, offset: Int)) {
    do {
      _ = try Query(parsing: row.text, axes: ["n"])
      Issue.record("'\(row.text)' was read")
    } catch {
      #expect(error.offset == row.offset, "\(row.text): \(error.message)")
    }
  }

  @Test("Deep nesting is refused, and does not crash")
  func depth() {
    let text = String(repeating: "(", count: 10_000) + "1" + String(repeating: ")", count: 10_000)
    #expect(throws: QuerySyntaxError.self) { try Query(parsing: text, axes: []) }
    let signs = String(repeating: "-", count: 10_000) + "1"
    #expect(throws: QuerySyntaxError.self) { try Query(parsing: signs, axes: []) }
    let nots = String(repeating: "!", count: 10_000) + "(1 < 2)"
    #expect(throws: QuerySyntaxError.self) { try Query(parsing: nots, axes: []) }
  }

  @Test("Every figure is found by its path, and every short form is a figure")
  func names() throws {
    for figure in FigureName.all { #expect(FigureName.named(figure.path) == figure) }
    for (word, path) in FigureName.shortForms {
      #expect(FigureName.named(word)?.path == path)
    }
  }
}
