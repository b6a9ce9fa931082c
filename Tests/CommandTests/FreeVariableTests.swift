import Arguments
import JSON
import Symbolic
import Testing

@testable import tally

/// A variable that a person leaves free, under every name that a size has too.
@Suite struct FreeVariableTests {
  struct Case: CustomTestStringConvertible {
    let words: String
    /// What the variable stands for, in a run in which it is put in from the start.
    let number: Int128

    var testDescription: String { words }
  }

  static let cases = [
    Case(words: "flops llama2-13b --set hidden_size=?", number: 5120),
    Case(words: "flops llama2-7b --set hidden_size=2*?", number: 2048),
    Case(words: "flops llama2-7b --set vocab_size=? --convention chinchilla", number: 32000),
    Case(words: "flops mod-220m --set hidden_size=? --phase decode --past 9", number: 896),
    Case(words: "flops mixtral-8x7b --transform segment=?", number: 4),
    Case(words: "flops deepseek-v3 --set moe_intermediate_size=? --phase train", number: 2048),
    Case(words: "flops mamba2-130m --set vocab_size=? --phase decode", number: 50288),
    Case(words: "params llama2-7b --set hidden_size=? --by layer", number: 4096),
    Case(words: "params llama2-7b --set hidden_size=? --by tensor", number: 4096),
    Case(words: "params mixtral-8x7b --set num_local_experts=?", number: 8),
    Case(words: "compare llama2-13b llama2-7b --set hidden_size=?", number: 5120),
  ]

  static func run(_ words: [String]) -> Outcome {
    Tally.tool.run(words, failure: Failure.describe)
  }

  static let variables = ["x", "f", "L", "h", "d", "g", "d_h", "E", "K", "V", "T", "B", "P", "m"]

  @Test(
    "A figure with a free variable is the figure of its value, whatever the variable is called",
    arguments: cases)
  func law(_ row: Case) throws {
    let put = try document(row.words, "\(row.number)")
    for variable in Self.variables {
      let free = try document(row.words, variable)
      var met = 0
      compare(free, put, "", [Symbol(variable: variable): Rational(row.number)], &met)
      #expect(met > 0, "no figure of \(row.words) mentions \(variable)")
    }
  }

  /// Compares two documents, the formulas of the first evaluated.
  private func compare(
    _ free: JSONValue, _ put: JSONValue, _ path: String, _ variables: [Symbol: Rational],
    _ met: inout Int
  ) {
    switch (free, put) {
    case (.object(let one), .object(let other)):
      for key in one.keys where key != "notes" {
        compare(one[key] ?? .null, other[key] ?? .null, "\(path).\(key)", variables, &met)
      }
    case (.array(let one), .array(let other)):
      #expect(one.count == other.count, "\(path)")
      for (index, pair) in zip(one, other).enumerated() {
        compare(pair.0, pair.1, "\(path).\(index)", variables, &met)
      }
    case (.string(let text), .number(let number)):
      met += 1
      let value = try? Evaluated(parsing: text).evaluated(with: variables)
      // Ratios have four decimals.
      guard let expected = Rational(decimal: number), expected.isWhole else { break }
      #expect(value == expected, "\(path): \(text)")
    case (.string(let text), .string(let fraction)) where text != fraction:
      met += 1
      #expect(
        (try? Evaluated(parsing: text).evaluated(with: variables))
          == (try? Formula(parsing: fraction).constant), "\(path): \(text)")
    case (.null, _): break
    default: #expect(free == put, "\(path)")
    }
  }

  private func document(_ words: String, _ variable: String) throws -> JSONValue {
    let all = words.replacing("?", with: variable).split(separator: " ").map(String.init)
    let outcome = Self.run(all + ["--format", "json"])
    #expect(outcome.exitCode == 0, "\(words): \(outcome.errors)")
    return try JSONValue(parsing: outcome.output)
  }

  @Test(
    "A report of formulas refuses a variable that its sizes have",
    arguments: [
      ("explain llama2-7b --set hidden_size=f", "L, V, d, d_h, f, g, h"),
      ("explain llama2-7b --set hidden_size=4*V --flops", "B, L, P, T, V, d, d_h, f, g, h"),
      ("flops llama2-7b --set hidden_size=T --by row", "B, L, P, T, V, d, d_h, f, g, h"),
      (
        "flops llama2-7b --set hidden_size=T --by row --format json",
        "B, L, P, T, V, d, d_h, f, g, h"
      ),
    ])
  func taken(_ words: String, _ taken: String) {
    let outcome = Self.run(words.split(separator: " ").map(String.init))
    #expect(outcome.exitCode == 65)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains("Take another than \(taken)."), "\(outcome.errors)")
  }

  @Test("The variable of the size itself is free to take")
  func own() {
    let outcome = Self.run(["explain", "llama2-7b", "--set", "hidden_size=d"])
    #expect(outcome.exitCode == 0)
    // 32 layers of 4·d² and of 3·11008·d + 2·d; twice 32000·d, and d.
    #expect(outcome.output.contains("\n  = 128*d^2 + 1120833*d\n"))
  }

  @Test(
    "Fractions are decimals in tables, and fractions in JSON",
    arguments: [
      ("flops mod-220m --phase decode --past 100", "256.12M"),
      ("flops mod-220m --phase decode --past 100 --format csv", ",256115426.75,"),
      ("flops mod-220m --phase decode --past 100 --format json", "\"1024461707/4\""),
    ])
  func fractions(_ words: String, _ figure: String) {
    let outcome = Self.run(words.split(separator: " ").map(String.init))
    #expect(outcome.output.contains(figure), "\(outcome.output)")
    #expect(outcome.output.contains("1024461707/4") == words.hasSuffix("json"))
  }
}
