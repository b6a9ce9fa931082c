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

/// What the executor counts while it runs is what the formulas say.
@Suite struct ExecutorTests {
  /// A pass, and the form in which it runs.
  struct Case: CustomTestStringConvertible, Sendable {
    var phase = Workload.Phase.prefill
    var batch: Int128 = 1
    var tokens: Int128
    var past: Int128 = 0
    var mask = Workload.Mask.full
    var form = Workload.LatentForm.reexpanded
    var evidence = Evidence.literal

    var testDescription: String {
      "\(evidence) \(phase) B \(batch) T \(tokens) P \(past) \(mask) \(form)"
    }

    var workload: Workload {
      var workload = Workload()
      workload.phase = phase
      workload.batch = batch
      workload.tokens = tokens
      workload.past = past
      workload.mask = mask
      workload.latentForm = form
      return workload
    }

    func validate(_ model: Model) throws -> Validation {
      var settings = Validation.Settings()
      settings.evidence = evidence
      settings.threads = 2
      return try Validation(model, workload, settings)
    }
  }

  static let cases: [Case] = [
    Case(tokens: 19, evidence: .kernel),
    Case(tokens: 3),
    Case(batch: 2, tokens: 3, past: 18, mask: .causal, form: .absorbed, evidence: .kernel),
    Case(phase: .decode, tokens: 1, past: 17, evidence: .kernel),
    Case(tokens: 3, mask: .causal, form: .expanded),
  ]

  /// Every preset for the first case, and one preset of each family for the others.
  static func names(_ pass: Case) -> [String] {
    var families: Set<String> = []
    return Catalog.all.filter { preset in
      pass.tokens == cases[0].tokens
        || families.insert(preset.configuration["model_type"]?.string ?? "").inserted
    }.map(\.name)
  }

  static func reduced(_ name: String) throws -> Model {
    let preset = try #require(Catalog.preset(named: name))
    return try Description().reduced(
      from: preset.configuration, named: name, positions: 64
    ).model
  }

  @Test("Every preset, reduced, executes what is computed", arguments: cases)
  func presets(_ pass: Case) throws {
    var executed: Int128 = 0
    for name in Self.names(pass) {
      let validation = try pass.validate(Self.reduced(name))
      #expect(validation.comparison.mismatches.isEmpty, "\(name)")
      #expect(validation.parameters.analytic == validation.parameters.allocated, "\(name)")
      executed += validation.comparison.measuredFLOPs
    }
    #expect(executed > 0)
  }

  static let rows: [String] = OperationOracleTests.files.filter { !$0.hasPrefix("Published") }

  /// The constants are those of its class: the configurations have sizes alone.
  @Test("Small models of every type execute what is computed", arguments: rows)
  func types(_ file: String) throws {
    let text = try String(
      contentsOf: OperationOracleTests.folder.appending(path: file), encoding: .utf8)
    var executed = 0
    for line in text.split(separator: "\n") {
      let configuration = try #require(JSONValue(parsing: String(line))["config"]?.object)
      let model = try Description().model(from: configuration, named: file)
      do {
        let validation = try Self.cases[0].validate(model)
        #expect(validation.holds, "\(line.prefix(300)): \(validation.comparison.mismatches)")
        executed += 1
      } catch is ExecutionError {
        // Sizes that the executor refuses, as an odd number of rotated elements.
        continue
      }
    }
    #expect(executed > 0)
  }

  /// Types whose layers cannot let in some tokens, and why; the others run as they are counted.
  static let unrouted: [String: String] = [
    "doge": "does more to the stream than to add to it",
    "glm_moe_dsa": "takes from another, or gives it, what is of every token",
    "hy_v4": "does more to the stream than to add to it",
    "mistral_large4_text": "takes from another, or gives it, what is of every token",
    "openai-gpt": "does more to the stream than to add to it",
    "zaya": "does more to the stream than to add to it",
  ]

  @Test(
    "Layers that share what is of every token, or norm the whole stream, are not routed",
    arguments: unrouted.keys.sorted())
  func refusesRouting(_ type: String) throws {
    let text = try String(
      contentsOf: OperationOracleTests.folder.appending(path: "\(type).jsonl"), encoding: .utf8)
    var refused = 0
    for line in text.split(separator: "\n") {
      let configuration = try #require(JSONValue(parsing: String(line))["config"]?.object)
      let model = try Description().model(from: configuration, named: type)
      do {
        let routed = try model.transformed(by: try Transformation(parsing: "mod=0.5/1"))
        // A model in which nothing is shared.
        let holds = try Self.cases[0].validate(routed).holds
        #expect(holds)
      } catch let error as DescriptionError {
        let reason = try #require(Self.unrouted[type])
        if "\(error)".contains(reason) { refused += 1 }
      }
    }
    #expect(refused > 0)
  }

  @Test("What the data decide lies within the bounds, and is shown")
  func bounds() throws {
    var settings = Validation.Settings()
    var seen: Set<Int128> = []
    for seed in 0..<8 {
      settings.seed = UInt64(seed)
      var workload = Workload()
      workload.tokens = 24
      let validation = try Validation(Self.reduced("mode-integrated"), workload, settings)
      #expect(validation.comparison.mismatches.isEmpty)
      let row = try #require(
        validation.comparison.rows.first { $0.path.hasSuffix("down_proj") && $0.bounds != nil })
      seen.insert(row.measured)
    }
    // Other weights choose other experts.
    #expect(seen.count > 1)
  }

  @Test("A block that no token enters asks for its weights, and differs in nothing")
  func nobody() throws {
    let preset = try #require(Catalog.preset(named: "mod-220m"))
    let model = try Description(overrides: ["mod_routing": "token_choice"]).reduced(
      from: preset.configuration, named: "mod-220m", positions: 64
    ).model
    var settings = Validation.Settings()
    var entered: Set<Int128> = []
    for seed in 0..<10 {
      settings.seed = UInt64(seed)
      var workload = Workload()
      workload.phase = .decode
      workload.tokens = 1
      let validation = try Validation(model, workload, settings)
      #expect(validation.holds)
      let row = try #require(
        validation.comparison.rows.first { $0.path.hasSuffix("layers.1.self_attn.q_proj") })
      entered.insert(row.measured)
    }
    // One token of 64 numbers to 64, or none.
    #expect(entered.sorted() == [0, 64 * 64])
  }

  @Test("Progress is told within a part, in a router, and while a cache is filled")
  func progress() throws {
    for (name, past, tokens) in [("llama2-13b", 0, 1024), ("mod-220m", 1024, 1)] {
      var workload = Workload()
      (workload.past, workload.tokens) = (Int128(past), Int128(tokens))
      let preset = try #require(Catalog.preset(named: name))
      let model = try Description().reduced(
        from: preset.configuration, named: name, positions: 1024 + 1
      ).model
      var shares: [Double] = []
      _ = try Validation(model, workload, Validation.Settings()) { shares.append($0) }
      #expect(shares.count > 10)
      #expect(shares == shares.sorted())
      #expect(shares.allSatisfy { $0 > 0 && $0 <= 1 })
    }
  }

  @Test("A long pass is known to be long before it runs, whatever its scale")
  func estimate() throws {
    let model = try Self.reduced("mod-220m")
    var workload = Workload()
    for (tokens, isLong) in [(Int128(4), false), (1_000_000, true)] {
      workload.tokens = tokens
      let pass = try Preparation(model, workload, Validation.Settings())
      #expect(pass.mayBeLong == isLong)
      // Choosing ⌊κ·T⌋ of a million scores alone is 10¹¹ comparisons.
      #expect((pass.estimatedSeconds(pass.executor.measuredRates) > 2) == isLong)
    }
  }

  @Test(
    "Capacities, choices and predictors run as they are counted",
    arguments: [
      ("mixtral-8x7b", ["expert_capacity_factor": "1.0"]),
      ("mixtral-8x7b", ["expert_capacity_factor": "1.25", "expert_routing": "expert_choice"]),
      ("qwen3-30b-a3b", ["expert_capacity_factor": "0.5"]),
      ("hash-2b", ["expert_capacity_factor": "1"]),
      ("llama4-scout", ["expert_capacity_factor": "1"]),
      ("mixtral-8x7b", ["expert_capacity_factor": "20", "expert_routing": "expert_choice"]),
      ("mode-staged", ["expert_capacity_factor": "0.1"]),
      ("mode-integrated", ["expert_capacity_factor": "1", "expert_routing": "expert_choice"]),
      ("mod-220m", ["mod_routing": "token_choice"]),
      ("mod-220m", ["mod_predictor": "router"]),
      ("mod-220m", ["mod_predictor": "mlp", "mod_predictor_size": "16"]),
      ("mod-220m", ["mod_capacity": "1.0"]),
      ("mode-staged", ["mod_routing": "token_choice"]),
      ("deepseek-v3", ["n_group": "4", "topk_group": "2"]),
      ("deepseek-v2", ["q_lora_rank": "null"]),
    ])
  func variants(_ name: String, _ overrides: [String: String]) throws {
    let preset = try #require(Catalog.preset(named: name))
    let model = try Description(overrides: overrides).reduced(
      from: preset.configuration, named: name, positions: 64
    ).model
    for pass in Self.cases {
      let validation = try pass.validate(model)
      #expect(validation.comparison.mismatches.isEmpty, "\(pass.testDescription)")
    }
  }
}
