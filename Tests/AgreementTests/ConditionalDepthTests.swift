import Accounting
import Architecture
import Families
import Foundation
import JSON
import Reference
import Symbolic
import TestSupport
import Testing
import Validation

/// Routed parts, shares, recursions: what papers print of them, and random ones that are executed.
@Suite struct ConditionalDepthTests {
  static func model(_ keys: [String: String]) throws -> Model {
    var keys = keys
    keys["model_type"] = "\"mod_llama\""
    let text = keys.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ")
    return try Families.Description().model(
      from: try #require(JSONValue(parsing: "{\(text)}").object), named: "random")
  }

  static let small: [String: String] = [
    "vocab_size": "29", "hidden_size": "16", "intermediate_size": "12", "num_attention_heads": "4",
    "num_key_value_heads": "2", "num_hidden_layers": "8", "mod_mode": "\"none\"",
  ]

  @Test("A recursion has the parameters and the work that Bae et al. 2025 print")
  func recursions() throws {
    // Table 6: 360M of 32 layers; Table 3: 118M without the table with 3 recursions.
    let keys = [
      "vocab_size": "49152", "hidden_size": "960", "intermediate_size": "2560",
      "num_attention_heads": "15", "num_key_value_heads": "5", "num_hidden_layers": "32",
      "tie_word_embeddings": "true", "mod_mode": "\"none\"", "recursion_steps": "3",
    ]
    let recursive = try ParameterReport(try Self.model(keys))
    // 12 layers of 9,832,320 numbers, two norms in each, and the last norm: 117,989,... without 3 routers.
    let layer: Int128 = 2 * 960 * 960 + 2 * 960 * 320 + 3 * 960 * 2560 + 2 * 960
    #expect(recursive.total == Evaluated(12 * layer + 960 + 49152 * 960))
    var routed = keys
    routed["recursion_routing"] = "\"expert_choice\""
    #expect(
      try ParameterReport(try Self.model(routed)).total
        == Evaluated(12 * layer + 960 + 49152 * 960 + 3 * 960))
    var workload = Workload()
    workload.tokens = 1800
    let (all, some) = (
      try OperationReport(try Self.model(keys), workload),
      try OperationReport(try Self.model(routed), workload)
    )
    // Table 2: 2 of 32 layers take every token; of 30 a share of (N + 1)/(2N), and for pairs of
    // tokens of (N + 1)(2N + 1)/(6N²).
    let width: Int128 = 2 * 3 * 960 * 2560
    #expect(all.products[.denseFeedForward] == Evaluated(32 * 1800 * width))
    #expect(some.products[.denseFeedForward] == Evaluated((2 + 20) * 1800 * width))
    #expect(all.cacheElements == Evaluated(32 * 1800 * 640))
    #expect(some.cacheElements == Evaluated((2 + 20) * 1800 * 640))
    let pairs: Int128 = 4 * 960
    #expect(
      some.products[.attentionCore]
        == Evaluated((2 * 1800 * 1800 + 10 * (1800 * 1800 + 1200 * 1200 + 600 * 600)) * pairs))
    #expect(some.products[.router] == Evaluated((1800 + 1800 + 1200) * 2 * 960))
  }

  @Test(
    "Each way of sharing has the layers of its own that Table 5 says",
    arguments: [
      ("cycle", 2, [0, 1, 2, 3, 0, 1, 2, 3]), ("sequence", 2, [0, 0, 2, 2, 4, 4, 6, 6]),
      ("middle_cycle", 3, [0, 1, 2, 1, 2, 1, 2, 7]),
      ("middle_sequence", 3, [0, 1, 1, 1, 4, 4, 4, 7]),
    ])
  func sharing(_ row: (word: String, steps: Int, holders: [Int])) throws {
    let recursion = Recursion(
      steps: row.steps, sharing: try #require(Recursion.Sharing(rawValue: row.word)))
    #expect((0..<8).map { recursion.holder(of: $0, of: 8) } == row.holders)
  }

  @Test(
    "What cannot be is said",
    arguments: [
      (["recursion_steps": "3", "recursion_sharing": "\"cycle\""], "not a multiple"),
      (["recursion_steps": "2", "recursion_sharing": "\"loop\""], "middle_sequence"),
      (
        [
          "recursion_steps": "2", "recursion_sharing": "\"sequence\"",
          "recursion_routing": "\"expert_choice\"",
        ], "cycle or middle_cycle"
      ),
      (
        [
          "recursion_steps": "2", "recursion_routing": "\"expert_choice\"",
          "recursion_capacity": "[0.3, 0.6]",
        ], "none above the one before"
      ),
      (["mod_mode": "\"mod\"", "mod_capacity": "[0.5, 0.5]"], "each of the 4 routed blocks"),
      (
        ["mod_mode": "\"mod\"", "mod_capacity": "0.5", "mod_layers": "[9]"], "num_hidden_layers - 1"
      ),
      (["mod_mode": "\"mod\"", "mod_capacity": "0.5", "mod_part": "\"head\""], "attention, mlp"),
      (
        ["mod_mode": "\"mod\"", "mod_capacity": "0.5", "mod_capacity_decay": "\"cosine\""],
        "mod_capacity_last"
      ),
    ] as [([String: String], String)])
  func refused(_ row: (keys: [String: String], sentence: String)) throws {
    let error = #expect(throws: DescriptionError.self) {
      try Self.model(Self.small.merging(row.keys) { $1 })
    }
    #expect("\(try #require(error))".contains(row.sentence))
  }

  /// A random configuration and pass.
  struct Case {
    var keys = ConditionalDepthTests.small
    var workload = Workload()
    var evidence = Evidence.kernel
    let number: Int

    var line: String { "case \(number): \(keys.sorted { $0.key < $1.key }), \(workload)" }

    init(_ number: Int) {
      self.number = number
      var random = SeededGenerator(seed: UInt64(number) &* 7919 &+ 17)
      func pick<Value>(_ values: [Value]) -> Value {
        values[Int(random.next() % UInt64(values.count))]
      }
      func happens(_ percent: UInt64) -> Bool { random.next() % 100 < percent }
      let depth = pick([2, 4, 5, 6, 8])
      keys["num_hidden_layers"] = "\(depth)"
      keys["num_key_value_heads"] = pick(["1", "2", "4"])
      let mode = pick(["none", "mod", "mod", "mod", "staged", "staged", "integrated"])
      keys["mod_mode"] = "\"\(mode)\""
      if happens(30) { keys["mlp_gated"] = "false" }
      if mode == "staged" || mode == "integrated" {
        keys["num_experts"] = "4"
        keys["num_experts_per_tok"] = pick(["1", "2"])
        keys["moe_intermediate_size"] = "6"
        if mode == "integrated" { keys["num_noop_experts"] = pick(["0", "2"]) }
        if happens(30) { keys["expert_capacity_factor"] = pick(["0.5", "1", "2"]) }
      }
      var places = Array(stride(from: min(1, depth - 1), to: depth, by: 2))
      if mode != "none", happens(40) {
        places = (0..<depth).filter { _ in happens(50) }
        keys["mod_layers"] = "\(places)"
      }
      if mode == "mod" || mode == "staged" {
        let shares = ["0.01", "0.125", "0.3", "0.5", "0.9", "1"]
        keys["mod_capacity"] = pick(shares)
        switch pick([0, 0, 1, 2]) {
        case 1:
          keys["mod_capacity"] = "[\(places.map { _ in pick(shares) }.joined(separator: ","))]"
        case 2:
          keys["mod_capacity_decay"] = pick(["\"linear\"", "\"cosine\""])
          keys["mod_capacity_last"] = pick(["0", "0.2", "1"])
          if happens(50) { keys["mod_capacity_least"] = "0.15" }
          if happens(50) {
            keys["mod_capacity_whole"] = "0.85"
          } else if happens(50) {
            keys["mod_budget"] = pick(["0.3", "0.62"])
          }
        default: break
        }
        keys["mod_part"] = pick(["\"block\"", "\"attention\"", "\"mlp\"", "\"both\""])
        keys["mod_weighting"] = pick(["\"score\"", "\"sigmoid\"", "\"none\""])
        if happens(40) { keys["mod_shared_router"] = "true" }
        if happens(40) { keys["mod_routing"] = "\"token_choice\"" }
        if happens(30) { keys["mod_threshold"] = pick(["0.1", "0.45", "-0.2"]) }
        keys["mod_predictor"] = pick(["\"none\"", "\"router\"", "\"mlp\""])
        if keys["mod_predictor"] == "\"mlp\"" { keys["mod_predictor_size"] = "5" }
      }
      if mode == "none" || happens(30) {
        keys["recursion_steps"] = pick(["1", "2", "3"])
        keys["recursion_sharing"] = pick([
          "\"cycle\"", "\"sequence\"", "\"middle_cycle\"", "\"middle_sequence\"",
        ])
        if mode == "none", happens(60) {
          keys["recursion_routing"] = pick(["\"expert_choice\"", "\"token_choice\""])
          if happens(50) { keys["recursion_gate"] = pick(["\"softmax\"", "\"sigmoid\""]) }
        }
        if happens(40) { keys["recursion_cache"] = "\"shared\"" }
      } else if mode == "mod" || mode == "staged", happens(30) {
        keys["mod_score"] = "\"attention_map\""
      } else if mode == "integrated", depth > 2, happens(40) {
        keys["exit_layers"] = depth > 4 ? "[0, 2]" : "[1]"
        keys["exit_shares"] = depth > 4 ? "[0.25, 0.5]" : "[0.4]"
        keys["exit_threshold"] = pick(["0.02", "0.1", "2"])
      } else if mode == "integrated", happens(70) {
        keys["layer_skip"] = pick(["0.3", "0.75"])
        keys["layer_skip_curve"] = pick(["\"constant\"", "\"linear\"", "\"exponential\""])
        keys["layer_skip_phase"] = pick(["\"always\"", "\"train\""])
      }
      workload.phase = happens(40) ? .decode : .prefill
      workload.tokens = workload.phase == .decode ? 1 : pick([1, 2, 5, 17])
      workload.past = pick([0, 0, 1, 7, 23])
      workload.batch = pick([1, 1, 2, 3])
      workload.mask = pick([.full, .causal])
      workload.logits = pick([.all, .last])
      if happens(25) { evidence = .literal }
    }
  }

  @Test("Random combinations execute what is computed, within the bounds")
  func random() throws {
    var (executed, decided) = (0, 0)
    for number in ValidationFuzzTests.cases {
      let random = Case(number)
      guard let model = try? Self.model(random.keys) else { continue }
      var settings = Validation.Settings()
      settings.evidence = random.evidence
      let validation = try Validation(model, random.workload, settings)
      executed += 1
      #expect(validation.holds, "\(random.line)")
      for row in validation.comparison.rows {
        guard let bounds = row.bounds else { continue }
        decided += 1
        #expect(bounds.contains(row.analytic), "\(row.path): \(random.line)")
      }
    }
    #expect(2 * executed > ValidationFuzzTests.cases.count)
    #expect(decided > 10 * ValidationFuzzTests.cases.count)
  }
}
