import Accounting
import Architecture
import Families
import Foundation
import JSON
import Presets
import Reference
import Symbolic
import Testing
import Validation

/// `expert_capacity_factor` and `expert_routing` mean the same for every type with experts.
@Suite struct ExpertCapacityTests {
  /// A small configuration of every type with experts of which torch counts the operations, of
  /// DBRX, which it does not count, and of Doge with its experts.
  static let configurations: [String: JSONObject] = {
    var result: [String: JSONObject] = [:]
    for file in OperationOracleTests.files where !file.hasPrefix("Published") {
      let path = OperationOracleTests.folder.appending(path: file)
      guard let text = try? String(contentsOf: path, encoding: .utf8),
        let row = try? JSONValue(parsing: String(text.prefix { $0 != "\n" })),
        var configuration = row["config"]?.object
      else { continue }
      if file == "doge.jsonl" { configuration["is_moe"] = .boolean(true) }
      guard let model = try? Description().model(from: configuration, named: file),
        model.hasExperts, model.operationGap == nil
      else { continue }
      result[file.replacing(".jsonl", with: "")] = configuration
    }
    result["dbrx"] = Catalog.preset(named: "dbrx").flatMap { preset in
      var small = preset.configuration
      small["n_layers"] = .integer(2)
      return small
    }
    return result
  }()

  private static func model(
    _ type: String, _ settings: (factor: String, routing: String)
  ) throws -> Model {
    try Description(overrides: [
      "expert_capacity_factor": settings.factor, "expert_routing": settings.routing,
    ]).model(from: try #require(configurations[type]), named: type)
  }

  private static var workload: Workload {
    var workload = Workload()
    workload.tokens = 7
    workload.batch = 3
    return workload
  }

  /// The products of all routed experts, by the rule of `docs/operations.md` in whole numbers.
  private static func products(_ model: Model, capacity: Rational, tokens: Int128) throws -> Int128
  {
    func number(_ formula: Formula) throws -> Int128 {
      try #require(formula.evaluated(in: model.values).wholeConstant)
    }
    var sum: Int128 = 0
    for group in model.groups {
      for block in group.layer.repeats + group.layer.blocks {
        for branch in block.branches {
          guard case .mixtureOfExperts(let mixture) = branch.module else { continue }
          let experts = try number(mixture.experts)
          let scored = try experts + number(mixture.idle)
          let choices = try mixture.router.rule == .expertChoice ? 1 : number(mixture.chosen)
          let share =
            capacity.numerator * choices * tokens / (capacity.denominator * scored)
          let weights = try (mixture.expert.inputs + [mixture.expert.output]).map {
            try number($0.input) * number($0.output)
          }.reduce(0, +)
          let places = max(1, min(tokens, share))
          sum +=
            try number(group.indices.count) * number(group.layer.runs) * number(branch.runs)
            * experts * places * 2 * weights
        }
      }
    }
    return sum
  }

  @Test(
    "Each type counts the places of its experts",
    arguments: [
      (factor: "0.5", routing: "token_choice"), (factor: "100", routing: "token_choice"),
      (factor: "2", routing: "expert_choice"), (factor: "100", routing: "expert_choice"),
    ])
  func types(_ settings: (factor: String, routing: String)) throws {
    let capacity = try #require(Rational(decimal: settings.factor))
    for type in Self.configurations.keys {
      let model = try Self.model(type, settings)
      let ledger = OperationLedger(model, Self.workload)
      let counted = try ledger.value(ledger.flops(of: .routedExperts), type)
      let expected = try Self.products(model, capacity: capacity, tokens: 21)
      #expect(counted == Evaluated(expected), "\(type)")
      // LongCat's zero experts return their input as often as the data decide.
      let isOpen = settings.routing == "token_choice" && type == "longcat_flash"
      #expect(ledger.exactness == (isOpen ? .bounded : .exact), "\(type)")
    }
  }

  @Test("Every type with experts is among them")
  func coverage() {
    #expect(Self.configurations.count >= 46)
    for type in [
      "dbrx", "granitemoe", "granitemoehybrid", "granitemoeshared", "longcat_flash", "jetmoe",
      "zaya",
      "gemma4_text", "doge", "deepseek_v4", "llama4_text",
    ] {
      #expect(Self.configurations[type] != nil, "\(type)")
    }
  }

  @Test("Each type that the executor has runs them")
  func runs() throws {
    var executed = 0
    for type in Self.configurations.keys where type != "dbrx" {
      for settings in [("0.5", "token_choice"), ("100", "expert_choice")] {
        let model = try Self.model(type, (factor: settings.0, routing: settings.1))
        do {
          let validation = try Validation(model, Self.workload, Validation.Settings())
          #expect(validation.holds, "\(type) \(settings)")
          executed += 1
        } catch is ExecutionError {
          continue
        }
      }
    }
    #expect(executed >= 90)
  }

  @Test("Experts cannot choose where a hash of the token does, and that is said")
  func hashed() throws {
    var configuration = try #require(Self.configurations["deepseek_v4"])
    configuration["mlp_layer_types"] = .array(
      Array(repeating: .string("hash_moe"), count: 1)
        + Array(
          repeating: .string("moe"),
          count: Int(configuration["num_hidden_layers"]?.integer ?? 1) - 1))
    let overrides = ["expert_capacity_factor": "1"]
    _ = try Description(overrides: overrides).model(from: configuration, named: "v4")
    for (configuration, overrides) in [
      (configuration, overrides),
      (try #require(Catalog.preset(named: "hash-2b")).configuration, overrides),
    ] {
      let choosing = overrides.merging(["expert_routing": "expert_choice"]) { $1 }
      let error = #expect(throws: DescriptionError.self) {
        try Description(overrides: choosing).model(from: configuration, named: "hashed")
      }
      #expect("\(try #require(error))".contains("a hash of the token chooses experts"))
    }
  }

  @Test("An expert that does nothing has an even share of the tokens, and no places")
  func idle() throws {
    let text = """
      {"model_type": "mod_llama", "mod_mode": "integrated", "mod_every": 1, "mod_offset": 0,
       "hidden_size": 8, "intermediate_size": 6, "num_hidden_layers": 1, "num_attention_heads": 2,
       "num_key_value_heads": 2, "vocab_size": 9, "num_experts": 2, "num_noop_experts": 4,
       "num_experts_per_tok": 3, "moe_intermediate_size": 5, "expert_capacity_factor": 1.5
      """
    var workload = Workload()
    workload.tokens = 10
    // Three matrices of 8·5; ⌊1.5·3·10/6⌋ = 7 places of each of 2 experts.
    let limited = try OperationReport(Self.described(text + "}"), workload)
    #expect(limited.products[.routedExperts] == Evaluated(2 * 2 * 7 * 120))
    // All places are computed, whatever a token chooses.
    #expect(limited.exactness == .exact)
    // ⌊1.5·10/6⌋ = 2 tokens of each.
    let choosing = try OperationReport(
      Self.described(text + ", \"expert_routing\": \"expert_choice\"}"), workload)
    #expect(choosing.products[.routedExperts] == Evaluated(2 * 2 * 2 * 120))
    #expect(choosing.exactness == .exact)
  }

  @Test("In a routed block the places of experts grow with the share of tokens that enter")
  func decode() throws {
    func routed(_ capacity: String) throws -> Evaluated? {
      let model = try TransformationTests.model(
        "mixtral-8x7b", ["expert_capacity_factor": "1"], ["mod=\(capacity)/2"])
      var workload = Workload()
      workload.phase = .decode
      workload.tokens = 1
      return try OperationReport(model, workload).products[.routedExperts]
    }
    // 16 of 32 layers take every token: 8 experts of one place, 3·4096·14336 weights each.
    let half: Int128 = 16 * 8 * 2 * 3 * 4096 * 14336
    #expect(try routed("1") == Evaluated(2 * half))
    #expect(try routed("0.5") == Evaluated(half + half / 2))
    #expect(try routed("0.01") == Evaluated(Rational(half).adding(Rational(half, over: 100))))
  }

  private static func described(_ text: String) throws -> Model {
    try Description().model(from: try #require(JSONValue(parsing: text).object), named: "test")
  }
}
