import Accounting
import Presets
import Publications
import Symbolic
import Testing

/// One training step under each convention, against figures computed from the sources of the tools.
@Suite struct ConventionTests {
  struct Row: CustomTestStringConvertible {
    let convention: String
    /// GFLOP per token of Llama-2-7B, Mixtral-8x7B and DeepSeekMoE-16B in training at T = 4096.
    let printed: [String]

    var testDescription: String { convention }
  }

  /// The formulas of each tool, read in its source and evaluated by hand, to three decimals.
  static let rows = [
    Row(convention: "kaplan", printed: ["38.856", "75.705", "14.455"]),
    Row(convention: "kaplan-attention", printed: ["42.077", "78.926", "15.864"]),
    Row(convention: "megatron", printed: ["42.864", "79.706", "17.101"]),
    Row(convention: "maxtext", printed: ["42.864", "79.713", "17.122"]),
    Row(convention: "nemo", printed: ["42.864", "79.707", "17.101"]),
    Row(convention: "verl", printed: ["43.650", "80.499", "18.380"]),
    Row(convention: "deepseek-moe", printed: ["45.884", "87.760", "18.170"]),
    Row(convention: "torchtitan", printed: ["46.085", "82.934", "18.531"]),
    Row(convention: "torch", printed: ["46.085", "82.934", "18.531"]),
    Row(convention: "levanter", printed: ["46.123", "82.972", "18.548"]),
    Row(convention: "palm", printed: ["46.871", "83.720", "19.790"]),
    Row(convention: "chinchilla", printed: ["46.909", "83.758", "19.806"]),
    Row(convention: "cookbook", printed: ["60.660", "109.792", "23.450"]),
  ]

  @Test("One model, thirteen answers", arguments: rows)
  func table(_ row: Row) throws {
    for (preset, printed) in zip(["llama2-7b", "mixtral-8x7b", "deepseek-moe-16b"], row.printed) {
      let value = try Figure.flops(row.convention, of: preset, tokens: 4096, perToken: true).value()
      let giga = try value.divided(by: Rational(1_000_000_000))
      let figure = try #require(PrintedFigure(printed))
      let agreement = figure.agreement(with: giga)
      #expect(agreement == .rounded || agreement == .exact, "\(preset): \(giga)")
    }
  }

  @Test("Names are those that were promised, each with a formula, a scope and a source")
  func names() {
    #expect(
      Convention.all.map(\.name) == [
        "exact", "matmul", "kaplan", "kaplan-attention", "chinchilla", "chinchilla-a4", "palm",
        "deepseek-llm", "deepseek-moe", "megatron", "nemo", "torchtitan", "maxtext", "verl",
        "levanter", "cookbook", "torch", "fvcore",
      ])
    for convention in Convention.all {
      #expect(!convention.formula.isEmpty && !convention.scope.isEmpty)
      #expect(!convention.source.isEmpty)
    }
  }

  @Test("fvcore is half of torch, and a training step three forward passes of the products")
  func relations() throws {
    func count(_ name: String, _ phase: Workload.Phase) throws -> Rational {
      try Figure.flops(name, of: "mixtral-8x7b", tokens: 512, phase: phase).value()
    }
    for name in ["torch", "megatron", "palm", "chinchilla"] {
      #expect(
        try count(name, .train) == (try count(name, .prefill).multiplied(by: Rational(3))))
    }
    #expect(
      try count("torch", .prefill) == (try count("fvcore", .prefill).multiplied(by: Rational(2))))
  }
}
