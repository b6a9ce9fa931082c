import Accounting
import Architecture
import Families
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
    Row(convention: "torchtitan", printed: ["46.087", "82.936", "18.532"]),
    Row(convention: "torchtitan@2026-07", printed: ["46.087", "82.936", "18.532"]),
    Row(convention: "torch", printed: ["46.085", "82.934", "18.531"]),
    Row(convention: "levanter", printed: ["46.123", "82.972", "18.548"]),
    Row(convention: "palm", printed: ["46.871", "83.720", "19.790"]),
    Row(convention: "chinchilla", printed: ["46.909", "83.758", "19.806"]),
    Row(convention: "cookbook", printed: ["60.660", "109.792", "23.450"]),
  ]

  @Test("One model, fourteen answers", arguments: rows)
  func table(_ row: Row) throws {
    for (preset, printed) in zip(["llama2-7b", "mixtral-8x7b", "deepseek-moe-16b"], row.printed) {
      let value = try Figure.flops(row.convention, of: preset, tokens: 4096, perToken: true).value()
      let giga = try value.divided(by: Rational(1_000_000_000))
      let figure = try #require(PrintedFigure(printed))
      let agreement = figure.agreement(with: giga)
      #expect(agreement == .rounded || agreement == .exact, "\(preset): \(giga)")
    }
  }

  private func llama(_ convention: String, _ workload: Workload) throws -> Rational? {
    let model = try #require(Catalog.preset(named: "llama2-7b")).model()
    var source = FigureSource(model, workload, convention: try #require(.named(convention)))
    let figure = try #require(FigureName.named("flops.total"))
    return try source.value(figure)?.evaluated(with: [:])
  }

  @Test("Half of a square is half of what new tokens make among themselves, and all before them")
  func halves() throws {
    var workload = Workload()
    (workload.phase, workload.tokens, workload.past) = (.decode, 1, 1000)
    // Twice the 6,476,005,376 weights of the blocks, and 4·4096·(1001 − 1/2) in each of 32 layers.
    #expect(try llama("kaplan-attention", workload) == Rational(13_476_560_896))
  }

  @Test("Tools score every token, whatever the pass scores")
  func everyTokenIsScored() throws {
    var workload = Workload()
    (workload.phase, workload.tokens, workload.logits) = (.train, 4096, .last)
    // 42.864 GFLOP for each of 4096 tokens in the table above, to the last digit: six times the
    // 6,607,077,376 weights of maps, and 12·L·T·d/2 of the triangle.
    #expect(try llama("megatron", workload) == Rational((6 * 6_607_077_376 + 3_221_225_472) * 4096))
  }

  struct Windowed: CustomTestStringConvertible {
    let convention: String
    let preset: String
    let tokens: Int128
    /// FLOPs of a training step over one sequence.
    let flops: Int128
    /// Who says so.
    let witness: String

    var testDescription: String { "\(convention) \(preset)" }
  }

  /// One model with windows or chunks, or more, for each convention that knows them.
  static let windowed = [
    Windowed(
      convention: "torchtitan@2026-07", preset: "gpt-oss-120b", tokens: 4096,
      flops: 38_044_854_144 * 4096,
      witness: "pull request 4300 of torchtitan, FLOPs a token before it"),
    Windowed(
      convention: "torchtitan", preset: "gpt-oss-120b", tokens: 4096,
      flops: 34_534_221_696 * 4096, witness: "the same, since"),
    Windowed(
      convention: "torchtitan@2026-07", preset: "gpt-oss-20b", tokens: 4096,
      flops: 26_481_681_792 * 4096, witness: "the same, before"),
    Windowed(
      convention: "torchtitan", preset: "gpt-oss-20b", tokens: 4096,
      flops: 24_141_260_160 * 4096, witness: "the same, since"),
    Windowed(
      convention: "verl", preset: "gemma3-4b", tokens: 8192, flops: 230_810_468_745_216,
      witness: "_estimate_gemma3_flops of verl 0.9.1, executed"),
    Windowed(
      convention: "verl", preset: "gpt-oss-20b", tokens: 4096, flops: 107_984_336_191_488,
      witness: "_estimate_gpt_oss_flops of verl 0.9.1, executed"),
    Windowed(
      convention: "verl@2025-12", preset: "gemma3-4b", tokens: 8192,
      flops: 237_922_934_587_392, witness: "the same with 12 for 6, as before pull request 4959"),
    Windowed(
      convention: "maxtext", preset: "gemma2-9b", tokens: 8192, flops: 514_829_139_836_928,
      witness: "maxtext_utils.py at 00902f3, evaluated by hand"),
    Windowed(
      convention: "maxtext", preset: "gemma3-4b", tokens: 8192, flops: 200_432_701_931_520,
      witness: "maxtext_utils.py at 00902f3, evaluated by hand"),
    Windowed(
      convention: "maxtext", preset: "gpt-oss-20b", tokens: 4096, flops: 93_901_339_754_496,
      witness: "maxtext_utils.py at 00902f3, evaluated by hand"),
    Windowed(
      convention: "maxtext", preset: "llama4-scout", tokens: 20_000,
      flops: 2_246_899_956_449_280, witness: "maxtext_utils.py at 00902f3, evaluated by hand"),
    Windowed(
      convention: "maxtext@2025-08", preset: "gemma2-9b", tokens: 8192,
      flops: 506_170_485_768_192, witness: "maxtext_utils.py of August 2025, evaluated by hand"),
    Windowed(
      convention: "maxtext@2025-08", preset: "gemma3-4b", tokens: 8192,
      flops: 197_817_066_848_256, witness: "maxtext_utils.py of August 2025, evaluated by hand"),
    Windowed(
      convention: "olmo-core", preset: "olmo3-7b", tokens: 8192, flops: 381_395_310_477_312,
      witness: "num_flops_per_token of OLMo-core 3.0.0, evaluated by hand"),
    Windowed(
      convention: "olmo-core@2026-01", preset: "olmo3-7b", tokens: 8192,
      flops: 404_481_028_128_768, witness: "num_flops_per_token of its pull request 511"),
  ]

  @Test("Tools that know windows count them", arguments: windowed)
  func windows(_ row: Windowed) throws {
    let value = try Figure.flops(row.convention, of: row.preset, tokens: row.tokens).value()
    #expect(value == Rational(row.flops), "\(row.witness)")
  }

  @Test("A tool that has no rule for the windows of a model counts the whole square")
  func windowsUnknown() throws {
    // 3·2·S²·h·d_h in each of 32 layers at S = 8192, whatever the window of 4096.
    let square: Int128 = 3 * 2 * 8192 * 8192 * 4096 * 32
    for (name, tables) in [("kaplan-attention", 0), ("maxtext", 1), ("verl", 2)] as [(_, Int128)] {
      let rest = tables * 6 * 8192 * 4096 * 32_000 + square
      #expect(
        try Figure.flops(name, of: "mistral-7b", tokens: 8192).value()
          == (try Figure.flops("kaplan", of: "mistral-7b", tokens: 8192).value()
            .adding(Rational(rest))),
        "\(name)")
    }
  }

  @Test("The scores of a recurrence are no scores of a softmax")
  func recurrences() throws {
    for preset in ["mamba2-130m", "mamba2-2.7b"] {
      #expect(
        try Figure.flops("levanter", of: preset, tokens: 64, phase: .prefill).value()
          == (try Figure.pass("flops.matmul.total", of: preset, tokens: 64).value()))
    }
  }

  @Test("Names are those that were promised, each with a formula, a scope and a source")
  func names() {
    #expect(
      Convention.all.map(\.name) == [
        "exact", "matmul", "kaplan", "kaplan-attention", "chinchilla", "chinchilla-a4", "palm",
        "deepseek-llm", "deepseek-moe", "megatron", "nemo", "torchtitan", "torchtitan@2026-07",
        "maxtext", "maxtext@2025-08", "verl", "verl@2025-12", "olmo-core", "olmo-core@2026-01",
        "levanter", "cookbook", "torch", "fvcore",
      ])
    for convention in Convention.all {
      #expect(!convention.formula.isEmpty && !convention.scope.isEmpty)
      #expect(!convention.source.isEmpty && !convention.state.isEmpty)
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
