import Accounting
import Families
import Presets
import Symbolic
import Testing

@testable import tally

/// What `explain` prints is arithmetic that a reader can redo.
@Suite struct FormulaReportTests {
  struct Case: CustomTestStringConvertible {
    let preset: String
    let settings: [String: String]

    var testDescription: String { "\(preset) \(settings)" }
  }

  static let cases = [
    "llama2-7b", "gpt2", "mixtral-8x7b", "deepseek-v3", "bloom-176b", "jamba-v0.1", "mod-220m",
    "gemma2-9b", "mamba-130m",
  ].flatMap { preset in
    [
      [:], ["vocab_size": "x"], ["hidden_size": "840*x"], ["vocab_size": "x - 3"],
      ["vocab_size": "x/2"], ["vocab_size": "x^2"], ["hidden_size": "x", "vocab_size": "4*x + y"],
    ].map { Case(preset: preset, settings: $0) }
  }

  @Test("Formula, substitution and value are three spellings of one thing", arguments: cases)
  func substitution(_ row: Case) throws {
    let preset = try #require(Catalog.preset(named: row.preset))
    let model = try Families.Description(overrides: row.settings).model(
      from: preset.configuration, named: preset.name)
    for byTensor in [false, true] {
      let report = try FormulaReport(ParameterReport(model), byTensor: byTensor)
      #expect(!report.entries.isEmpty)
      for entry in report.entries {
        let printed = report.substitution(entry.formula, .plain)
        #expect(try Evaluated(parsing: printed) == entry.value, "\(entry.figure): \(printed)")
        #expect(try Evaluated(parsing: entry.value.text(.plain)) == entry.value)
      }
    }
  }
}
