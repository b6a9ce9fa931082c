import Accounting
import Architecture
import Families
import Foundation
import JSON
import Presets
import Reference
import Symbolic
import TestSupport
import Testing
import Validation

/// Capacities that drop, pad and are shared, and experts that compute nothing: hand counts, the mean of
/// what the executor drops, and random combinations.
@Suite struct ExpertSlotsTests {
  private static func model(
    _ name: String, _ keys: [String: String], _ changes: [String] = []
  ) throws -> Model {
    try TransformationTests.model(name, keys, changes)
  }

  // MARK: - What the executor drops

  /// Eight experts and 64 tokens of the vocabulary, so that the hash of a random token is even.
  private static let hashed = [
    "vocab_size": "64", "hidden_size": "8", "intermediate_size": "8", "moe_intermediate_size": "4",
    "num_hidden_layers": "1", "num_attention_heads": "2", "num_key_value_heads": "2",
    "n_routed_experts": "8",
  ]

  /// The filled places of many passes, each with tokens of its own, over the number of passes.
  private static func mean(_ model: Model, tokens: Int, passes: UInt64) throws -> Double {
    var workload = Workload()
    workload.tokens = Int128(tokens)
    var sum = 0
    for seed in 0..<passes {
      let executor = try Executor(model, evidence: .kernel, seed: seed)
      _ = try executor.run(executor.randomTokens(1, 0..<tokens), Pass(workload))
      sum += try #require(executor.meter.decisions["model.layers.0.mlp"]?.filled)
    }
    return Double(sum) / Double(passes)
  }

  /// Keys that limit what experts take, and what follows from them.
  struct Limit: Sendable {
    let keys: [String: String]
    let chosen: Int
    let places: Int
    let own: Int
  }

  /// Where a hash of a random token chooses, every token chooses evenly and for itself, and the load of
  /// an expert is binomial: the mean of 400 passes has to be within 1 % of the expectation.
  @Test(
    "The mean of what the executor keeps is the expectation",
    arguments: [
      // 16 tokens, one of 8 experts each, 2 places.
      Limit(keys: ["expert_capacity_factor": "1"], chosen: 1, places: 2, own: 1),
      Limit(keys: ["expert_capacity_factor": "0.5"], chosen: 1, places: 1, own: 1),
      // Three each, ⌈0.8·3·16/8⌉ = 5 places.
      Limit(
        keys: ["expert_capacity_factor": "0.8", "expert_capacity_rounding": "ceil"], chosen: 3,
        places: 5, own: 1),
      // Two devices of four experts with ⌊1·16·4/8⌋ = 8 places each.
      Limit(
        keys: ["expert_capacity_factor": "1", "expert_capacity_devices": "2"], chosen: 1,
        places: 8, own: 4),
    ])
  func dropped(_ row: Limit) throws {
    var keys = Self.hashed.merging(row.keys) { $1 }
    keys["num_experts_per_tok"] = "\(row.chosen)"
    keys["expert_capacity_padding"] = "false"
    let model = try Self.model("hash-2b", keys)
    var workload = Workload()
    workload.tokens = 16
    let report = try OperationReport(model, workload)
    let (choices, own) = (Int128(row.chosen), Int128(row.own))
    let each = try Rational.filled(
      tokens: Rational(16), choices: Rational(choices), of: Rational(8), own: Rational(own),
      places: Rational(Int128(row.places)))
    let expected = try each.multiplied(by: Rational(8 / own))
    // Three maps of 8·4 numbers.
    #expect(
      report.products[.routedExperts]
        == Evaluated(try expected.multiplied(by: Rational(2 * 3 * 8 * 4))))
    #expect(report.exactness == .expected)
    let mean = try Self.mean(model, tokens: 16, passes: 400)
    let value = Double(expected.numerator) / Double(expected.denominator)
    #expect(abs(mean - value) < 0.01 * value, "\(mean) \(value)")
    let filled = try #require(
      try Memory(report, weights: .bf16, cache: .bf16).slotsFilled.first)
    #expect(filled.expected == Evaluated(expected))
    #expect(filled.chosen == Evaluated(16 * choices))
  }

  @Test("A mean that is small enough to enumerate by hand")
  func enumerated() throws {
    // Two tokens, one of two experts each, one place: the four ways fill 1, 2, 2, 1.
    var keys = Self.hashed
    (keys["n_routed_experts"], keys["num_experts_per_tok"]) = ("2", "1")
    (keys["expert_capacity_factor"], keys["expert_capacity_padding"]) = ("1", "false")
    var workload = Workload()
    workload.tokens = 2
    let report = try OperationReport(Self.model("hash-2b", keys), workload)
    #expect(
      report.products[.routedExperts] == Evaluated(try Rational(3 * 2 * 3 * 8 * 4, over: 2)))
    let bounds = try #require(report.bounds)
    // 6 operations of each weight pair of a place, its activation (4 and the gate), and its sum.
    #expect((bounds.most - bounds.least).wholeConstant == Int128(2 * 96 + 5 * 4 + 8))
  }

  @Test("Padding computes every place, and changes no answer")
  func padded() throws {
    var keys = Self.hashed
    (keys["num_experts_per_tok"], keys["expert_capacity_factor"]) = ("2", "1.5")
    var workload = Workload()
    workload.tokens = 16
    var answers: [[Float]] = []
    for padding in ["true", "false"] {
      keys["expert_capacity_padding"] = padding
      let executor = try Executor(Self.model("hash-2b", keys), evidence: .kernel)
      let logits = try executor.run(executor.randomTokens(1, 0..<16), Pass(workload))
      answers.append((0..<logits.rows).flatMap { Array(logits[$0]) })
    }
    #expect(answers[0] == answers[1])
    keys["expert_capacity_padding"] = "true"
    let report = try OperationReport(Self.model("hash-2b", keys), workload)
    // ⌊1.5·2·16/8⌋ = 6 places of 8 experts.
    #expect(report.products[.routedExperts] == Evaluated(2 * 8 * 6 * 3 * 8 * 4))
    #expect(report.exactness == .exact)
  }

  // MARK: - Experts that compute nothing

  private static let small = [
    "vocab_size": "29", "hidden_size": "16", "intermediate_size": "12", "num_attention_heads": "4",
    "num_key_value_heads": "2", "num_hidden_layers": "2", "mod_mode": "\"integrated\"",
    "mod_every": "1", "mod_offset": "0", "num_experts": "4", "num_experts_per_tok": "2",
    "moe_intermediate_size": "6", "num_noop_experts": "1", "num_copy_experts": "1",
    "num_constant_experts": "2",
  ]

  @Test("MoE++: four of eight compute, so that one of two is expected to")
  func zeroComputation() throws {
    let model = try ConditionalDepthTests.model(Self.small)
    // Of each layer: a vector and a map of 2·16 for each of two constant experts.
    var plain = Self.small
    (plain["num_noop_experts"], plain["num_copy_experts"], plain["num_constant_experts"]) = (
      "4", "0", "0"
    )
    let without = try ParameterReport(try ConditionalDepthTests.model(plain))
    #expect(try ParameterReport(model).total == without.total + Evaluated(2 * 2 * 3 * 16))
    #expect(try ParameterReport(model).active == without.active)
    let report = try OperationReport(model, Workload())
    let filled = try #require(
      try Memory(report, weights: .bf16, cache: .bf16).slotsFilled.first)
    #expect(filled.ofOneToken?.least == 0)
    #expect(filled.ofOneToken?.expected == 1)
    #expect(filled.ofOneToken?.most == 2)
    #expect(filled.layers == 2)
    // LongCat-Flash: 12 of 512 experts and 256 that return their input; 8 are expected.
    let third = try #require(
      try Self.filled("mixtral-8x7b", ["num_experts_per_tok": "3"], ["idle=0/4"]))
    // 3·8/12 of 8 experts and 4 that return their input.
    #expect(third.ofOneToken?.expected == 2)
  }

  private static func filled(
    _ name: String, _ keys: [String: String], _ changes: [String]
  ) throws -> SlotsFilled? {
    let report = try OperationReport(model(name, keys, changes), Workload())
    return try Memory(report, weights: .bf16, cache: .bf16).slotsFilled.first
  }

  @Test("Routers that read the scores before add a square map from the second on")
  func residual() throws {
    var keys = Self.small
    keys["moe_gating_residual"] = "true"
    let (with, without) = (
      try ParameterReport(try ConditionalDepthTests.model(keys)),
      try ParameterReport(try ConditionalDepthTests.model(Self.small))
    )
    #expect(with.total == without.total + 64)
  }

  // MARK: - Changes

  @Test("Only some layers are upcycled")
  func someLayers() throws {
    let change = "upcycle=8/2/1-3,5"
    let (all, some, none) = (
      try ParameterReport(Self.model("mistral-7b", [:], ["upcycle=8/2"])),
      try ParameterReport(Self.model("mistral-7b", [:], [change])),
      try ParameterReport(Self.model("mistral-7b", [:]))
    )
    // 32 layers, of which four have experts.
    #expect(
      (some.total - none.total).wholeConstant.map { $0 * 8 }
        == (all.total - none.total).wholeConstant)
    let second = try ParameterReport(Self.model("mistral-7b", [:], ["upcycle=8/2/2"]))
    #expect(
      (second.total - none.total).wholeConstant.map { $0 * 2 }
        == (all.total - none.total).wholeConstant)
  }

  @Test("Granularity keeps what a token meets, and the expansion rate multiplies what there is")
  func granularity() throws {
    let dense = try ParameterReport(Self.model("mistral-7b", [:]))
    let fine = try ParameterReport(Self.model("mistral-7b", [:], ["granularity=4/8"]))
    // 32 layers of 3·4096·14336, eight times, and a gate of 32 experts.
    let layer: Int128 = 3 * 4096 * 14336
    #expect(fine.total - dense.total == Evaluated(32 * (7 * layer + 32 * 4096)))
    #expect(
      fine.active[.all].map { $0 - (dense.active[.all] ?? .zero) } == Evaluated(32 * 32 * 4096))
    // Ling: 2·4096/16 = 512 wide, 64 of them, 6 and 2 shared for a token.
    let ling = try ParameterReport(Self.model("mistral-7b", [:], ["leverage=16/64/6/2"]))
    #expect(
      ling.total - dense.total == Evaluated(32 * (66 * 3 * 4096 * 512 + 64 * 4096 - layer)))
    #expect(
      ling.active[.all].map { $0 - (dense.active[.all] ?? .zero) }
        == Evaluated(32 * (8 * 3 * 4096 * 512 + 64 * 4096 - layer)))
  }

  @Test(
    "What cannot be is said",
    arguments: [
      ("mixtral-8x7b", ["capacity=1/devices:3/drop"], "multiple"),
      ("mixtral-8x7b", ["capacity=1/devices:4"], "share its slots"),
      ("mixtral-8x7b", ["capacity=1/choose/drop"], "exactly as many tokens"),
      ("mixtral-8x7b", ["capacity=1/choose/best"], "exactly as many tokens"),
      ("mixtral-8x7b", ["idle=0/0/1", "capacity=1/choose"], "constant experts"),
      ("hash-2b", ["capacity=1/best"], "hash of the token"),
      ("hash-2b", ["capacity=1/choose"], "hash of the token"),
      ("llama2-7b", ["capacity=1"], "no experts"),
      ("llama2-7b", ["idle=1"], "no experts"),
      ("mixtral-8x7b", ["granularity=4/8"], "experts already"),
      ("llama2-7b", ["granularity=3/8"], "multiple"),
      ("llama2-7b", ["upcycle=8/2/31-32"], "num_hidden_layers"),
      ("llama2-7b", ["leverage=10000/8/2/0"], "the width of an expert"),
    ] as [(String, [String], String)])
  func refused(_ row: (name: String, changes: [String], sentence: String)) throws {
    let error = #expect(throws: DescriptionError.self) {
      try Self.model(row.name, [:], row.changes)
    }
    let sentence = "\(try #require(error))"
    #expect(sentence.contains(row.sentence), "\(sentence)")
  }

  @Test("Keys of places without a factor are refused, and so are other words")
  func keys() throws {
    for (key, value) in [
      ("expert_capacity_padding", "false"), ("expert_drop_policy", "best"),
      ("expert_capacity_rounding", "ceil"), ("expert_capacity_devices", "2"),
    ] {
      let error = #expect(throws: DescriptionError.self) {
        try Self.model("mixtral-8x7b", [key: value])
      }
      #expect("\(try #require(error))".contains("expert_capacity_factor"))
    }
    #expect(throws: DescriptionError.self) {
      try Self.model(
        "mixtral-8x7b", ["expert_capacity_factor": "1", "expert_drop_policy": "worst"])
    }
    #expect(throws: TransformationSyntaxError.self) {
      try Transformation(parsing: "capacity=1/pad/drop")
    }
  }

  // MARK: - Random combinations

  /// A random model of any type with experts, or of ours, and a pass.
  struct Case {
    var type: String
    var keys: [String: String] = [:]
    var changes: [String] = []
    var workload = Workload()
    var evidence = Evidence.kernel
    let number: Int

    var line: String {
      "case \(number): \(type) \(keys.sorted { $0.key < $1.key }) \(changes) \(workload)"
    }

    init(_ number: Int, types: [String]) {
      self.number = number
      var random = SeededGenerator(seed: UInt64(number) &* 6271 &+ 5)
      func pick<Value>(_ values: [Value]) -> Value {
        values[Int(random.next() % UInt64(values.count))]
      }
      func happens(_ percent: UInt64) -> Bool { random.next() % 100 < percent }
      // Latent attention is rare among the types.
      let latent = types.filter { ["deepseek_v2", "longcat_flash", "axk1"].contains($0) }
      let isOurs = happens(ValidationFuzzTests.cases.count > 200 ? 40 : 94)
      type = isOurs ? "mod_llama" : happens(40) && !latent.isEmpty ? pick(latent) : pick(types)
      if type == "mod_llama" {
        keys = ConditionalDepthTests.small
        keys["num_hidden_layers"] = pick(["1", "2", "3"])
        keys["num_key_value_heads"] = pick(["1", "2", "4"])
        let isStaged = happens(25)
        keys["mod_mode"] = isStaged ? "\"staged\"" : "\"integrated\""
        if isStaged { keys["mod_capacity"] = pick(["0.3", "0.7"]) }
        if happens(60) { (keys["mod_every"], keys["mod_offset"]) = ("1", "0") }
        keys["num_experts"] = pick(["4", "6"])
        keys["num_experts_per_tok"] = pick(["1", "2", "3"])
        keys["moe_intermediate_size"] = "6"
        if !isStaged {
          keys["num_noop_experts"] = pick(["0", "1", "3"])
          keys["num_copy_experts"] = pick(["0", "0", "1", "2"])
          keys["num_constant_experts"] = pick(["0", "0", "1", "2"])
          if happens(30) { keys["moe_gating_residual"] = "true" }
        }
      } else if happens(30) {
        changes.append("idle=\(pick([0, 1, 2]))/\(pick([0, 1, 2]))/\(pick([0, 1, 2]))")
      }
      if happens(80) {
        var words = ["capacity=\(pick(["0.1", "0.5", "0.8", "1", "1.25", "2", "9"]))"]
        words += [pick(["pad", "drop", "drop"]), pick(["floor", "ceil"])]
        words.append(pick(["first", "first", "best"]))
        if happens(30), words[1] == "drop" { words.append("devices:2") }
        if happens(15) { words = [words[0], "choose"] }
        changes.append(words.joined(separator: "/"))
      }
      workload.phase = happens(40) ? .decode : .prefill
      workload.tokens = workload.phase == .decode ? 1 : pick([1, 2, 5, 11])
      workload.past = pick([0, 0, 1, 7, 23])
      workload.batch = pick([1, 1, 2, 3])
      workload.mask = pick([.full, .causal])
      workload.logits = pick([.all, .last])
      workload.latentForm = pick([.reexpanded, .expanded, .absorbed])
      if happens(20), workload.tokens * workload.batch <= 6 { evidence = .literal }
    }

    func model() throws -> Model {
      let plain: Model
      if type == "mod_llama" {
        plain = try ConditionalDepthTests.model(keys)
      } else {
        plain = try Description().model(
          from: try #require(ExpertCapacityTests.configurations[type]), named: type)
      }
      return try changes.reduce(plain) { try $0.transformed(by: try Transformation(parsing: $1)) }
    }
  }

  @Test("Random combinations execute what is computed, within the bounds")
  func random() throws {
    let types = ExpertCapacityTests.configurations.keys.filter { $0 != "dbrx" }.sorted()
    var (executed, decided, refused) = (0, 0, 0)
    for number in ValidationFuzzTests.cases {
      let random = Case(number, types: types)
      guard let model = try? random.model() else { continue }
      var settings = Validation.Settings()
      settings.evidence = random.evidence
      let validation: Validation
      do {
        validation = try Validation(model, random.workload, settings)
      } catch is ExecutionError {
        continue
      } catch DescriptionError.arithmetic {
        // A mean that is a long fraction, times other fractions, is refused and not rounded.
        refused += 1
        continue
      }
      executed += 1
      let holds = validation.holds
      #expect(holds, "\(random.line) \(validation.comparison.mismatches.prefix(3))")
      for row in validation.comparison.rows {
        guard let bounds = row.bounds else { continue }
        decided += 1
        #expect(bounds.contains(row.analytic), "\(row.path): \(random.line)")
      }
    }
    #expect(2 * executed > ValidationFuzzTests.cases.count)
    #expect(50 * refused <= ValidationFuzzTests.cases.count)
    #expect(decided > ValidationFuzzTests.cases.count)
  }
}
