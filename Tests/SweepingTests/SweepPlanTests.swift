import Accounting
import Architecture
import Families
import JSON
import Presets
import Sweeping
import Symbolic
import Testing

/// Programs over letters, and descriptions with every number put in, agree point by point.
@Suite struct SweepPlanTests {
  /// A preset, or a small model of a type, all else as its class has it.
  static func subject(_ name: String) throws -> SweepSubject {
    let configuration =
      Catalog.preset(named: name)?.configuration
      ?? JSONObject([
        ("model_type", .string(name)), ("hidden_size", .integer(320)),
        ("num_hidden_layers", .integer(2)),
      ])
    return SweepSubject(request: WorkloadRequest()) { overrides, changes in
      var model = try Families.Description(overrides: overrides)
        .model(from: configuration, named: name)
      for change in changes { model = try model.transformed(by: change) }
      return model
    }
  }

  static func grid(_ axes: [(String, String)]) throws -> Grid {
    try Grid(try axes.map { Axis($0.0, try AxisValues(parsing: $0.1)) })
  }

  static func column(_ text: String, _ grid: Grid) throws -> Sweep.Column {
    Sweep.Column(text, try Query(parsing: text, axes: grid.axes.map(\.key)))
  }

  /// A sweep with these columns.
  static func sweep(
    _ name: String, _ axes: [(String, String)], _ columns: [String]
  ) throws -> Sweep {
    let grid = try grid(axes)
    return Sweep(try subject(name), grid, columns: try columns.map { try column($0, grid) })
  }

  static let columns = [
    "total", "active", "flops", "flops.matmul.total", "flops.elementwise.total", "kv_cache",
    "operations.multiply", "memory.moved_bytes", "arithmetic_intensity", "relative.flops",
  ]

  @Test("Every preset whose pass is described, over sizes and passes", arguments: Catalog.names)
  func everyPreset(_ name: String) throws {
    let axes = [
      ("num_hidden_layers", "1,2,5,12"), ("hidden_size", "256,320,512"), ("tokens", "1,3,64"),
      ("past", "0,1,40"),
    ]
    guard let sweep = try? Self.sweep(name, axes, Self.columns), let plan = try? SweepPlan(sweep)
    else { return }
    let engine = SweepEngine(plan, threads: 1)
    let count = try engine.check(0..<sweep.grid.count, samples: 10)
    #expect(count == 10)
  }

  @Test(
    "Structures, words and shares mixed with sizes",
    arguments: [
      "mod-220m mod_capacity=0.01:1:0.07 mod_every=2,3 tokens=1,7,100",
      "mod-220m phase=prefill,decode past=0,9 mod_capacity=0.3,0.5",
      "mod-220m mod_predictor=none,router mod_capacity=0.25,1",
      "mixtral-8x7b num_local_experts=1:9 num_experts_per_tok=1:9",
      "mixtral-8x7b segment=1,2,4,7,8 shared=1,2,3",
      "deepseek-v2-lite first_k_dense_replace=0:5 n_shared_experts=0:3",
      "deepseek-v3 mla=expanded,reexpanded,absorbed kv_lora_rank=64:256:64",
      "gemma2-9b sliding_window=0,1,2,8,64 tokens=1:80:13 mask=full,causal",
      "llama2-7b convention=exact,palm,megatron num_attention_heads=7:40:3",
      "llama2-7b tie_word_embeddings=true,false vocab_size=1:5 batch=1,4",
      "llama2-7b upcycle=2,8,3/2 mod=0.125/2,0.5/1 hidden_size=64,96",
      "llama2-7b head_dim=1:12 num_key_value_heads=1,2,4,5",
      "jamba-v0.1 mamba_d_state=1,8,16 mamba_expand=1:3 tokens=1,20",
      "unlimited_ocr_text sliding_window=1,4,9 past=0,1,7,40 tokens=1,2,30 mask=full,causal",
      "unlimited_ocr_text generate=0,2,50 past=0,12 tokens=1,9",
      "cpmant prompt_length=1,4 past=0,7 tokens=1,2,5",
    ])
  func mixed(_ line: String) throws {
    let words = line.split(separator: " ").map(String.init)
    let axes = words.dropFirst().map { word in
      let sign = word.firstIndex(of: "=") ?? word.endIndex
      return (String(word[..<sign]), String(word[sign...].dropFirst()))
    }
    let sweep = try Self.sweep(words[0], axes, Self.columns)
    let engine = SweepEngine(try SweepPlan(sweep), threads: 2)
    #expect(try engine.check(0..<sweep.grid.count, samples: 100) == min(100, Int(sweep.grid.count)))
  }

  @Test("A program that gives another value than the description is found out")
  func disagreement() throws {
    var sweep = try Self.sweep("llama2-7b", [("num_hidden_layers", "2:9")], ["total"])
    let preset = try #require(Catalog.preset(named: "llama2-7b"))
    sweep.subject = SweepSubject(request: WorkloadRequest()) { overrides, _ in
      var overrides = overrides
      // A description that reads a number otherwise than a letter.
      if overrides["num_hidden_layers"] == "5" { overrides["vocab_size"] = "32001" }
      return try Families.Description(overrides: overrides)
        .model(from: preset.configuration, named: preset.name)
    }
    let engine = SweepEngine(try SweepPlan(sweep), threads: 1)
    #expect(throws: SweepError.self) { try engine.check(0..<8, samples: 8) }
    #expect(try engine.check(0..<3, samples: 8) == 3)
  }

  @Test("What is no model is left out, and nothing else")
  func impossible() throws {
    let sweep = try Self.sweep(
      "mixtral-8x7b", [("num_local_experts", "1:8"), ("num_experts_per_tok", "1:8")], ["total"])
    var rows: [SweepRow] = []
    var impossible: Int128 = 0
    try SweepEngine(try SweepPlan(sweep), threads: 2).run(0..<64, { $0 }) { pieces, _ in
      for piece in pieces {
        rows += piece.rows
        impossible += piece.impossibleCount
      }
    }
    // K ≤ E holds for 8 + 7 + … + 1 of the 64.
    #expect(rows.count == 36)
    #expect(impossible == 28)
    #expect(rows.map(\.point) == rows.map(\.point).sorted())
  }

  @Test("A budget buys tokens: 6e18 FLOPs over three times a forward pass, rounded down")
  func budget() throws {
    var sweep = try Self.sweep(
      "llama2-7b", [("tokens", "128")], ["training.tokens", "flops.matmul.total"])
    sweep.subject.budget = Rational(6_000_000_000_000_000_000)
    sweep.subject.convention = try #require(Convention.named("matmul"))
    let answer = try SweepPlan(sweep).plain(0)
    let forward = try #require(answer.values[1])
    let tokens = try #require(answer.values[0])
    // Every product has two gradients; a step has 128 tokens.
    let step = try forward.multiplied(by: Rational(3))
    let afforded = try Rational(6_000_000_000_000_000_000 * 128).divided(by: step)
    #expect(tokens == Rational(afforded.floor))
  }
}
