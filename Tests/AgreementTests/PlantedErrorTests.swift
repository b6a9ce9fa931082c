import Accounting
import Architecture
import Reference
import Symbolic
import Testing
import Validation

/// A comparison that cannot fail shows nothing: each planted error is found, at its row.
@Suite struct PlantedErrorTests {
  struct Planted: CustomTestStringConvertible, Sendable {
    let error: PlantedError
    let model: String
    /// The rows that differ, of which the first is named here.
    let path: String
    let operation: ScalarOperation
    var mask = Workload.Mask.full

    var testDescription: String { "\(error) in \(model)" }
  }

  static let planted: [Planted] = [
    Planted(
      error: .shortensProducts, model: "llama2-13b", path: "model.layers.0.self_attn.q_proj",
      operation: .multiply),
    // Within its bounds, and yet not what this number of tokens takes.
    Planted(
      error: .shortensProducts, model: "mode-integrated",
      path: "model.layers.1.mlp.experts.#.up_proj", operation: .multiply),
    Planted(
      error: .skipsLayer(1), model: "llama2-13b", path: "model.layers.1.input_layernorm",
      operation: .multiply),
    Planted(
      error: .choosesOneLess, model: "mixtral-8x7b",
      path: "model.layers.0.block_sparse_moe.router", operation: .compare),
    Planted(
      error: .choosesOneLess, model: "mod-220m", path: "model.layers.1.self_attn.q_proj",
      operation: .multiply),
    Planted(
      error: .routesTwice, model: "deepseek-moe-16b", path: "model.layers.1.mlp.router",
      operation: .exp),
    Planted(
      error: .skipsQueryKeyNorms, model: "qwen3-14b", path: "model.layers.0.self_attn.q_norm",
      operation: .multiply),
    Planted(
      error: .ignoresMask, model: "mistral-7b", path: "model.layers.0.self_attn.scores",
      operation: .multiply, mask: .causal),
  ]

  @Test("An error in the executor is found, and the row named", arguments: planted)
  func executor(_ planted: Planted) throws {
    for evidence in Evidence.allCases {
      var workload = Workload()
      workload.tokens = 20
      workload.mask = planted.mask
      var settings = Validation.Settings()
      settings.evidence = evidence
      let model = try ExecutorTests.reduced(planted.model)
      #expect(try Validation(model, workload, settings).holds)
      settings.plantedError = planted.error
      let validation = try Validation(model, workload, settings)
      #expect(!validation.holds)
      #expect(
        validation.comparison.mismatches.contains {
          $0.path == planted.path && $0.operation == planted.operation
        })
    }
  }

  @Test("A wrong number of heads on the analytic side is found")
  func heads() throws {
    let model = try ExecutorTests.reduced("llama2-13b")
    var wrong = model
    for index in wrong.groups.indices {
      guard
        case .selfAttention(var attention) = wrong.groups[index].layer.blocks[0].branches[0].module
      else { continue }
      attention.heads += 1
      wrong.groups[index].layer.blocks[0].branches[0].module = .selfAttention(attention)
    }
    var workload = Workload()
    workload.tokens = 20
    let validation = try Validation(model, workload, Validation.Settings(), described: wrong)
    let paths = Set(validation.comparison.mismatches.map(\.path))
    #expect(
      paths == [
        "model.layers.0.self_attn.rotary", "model.layers.0.self_attn.scores",
        "model.layers.0.self_attn.softmax", "model.layers.0.self_attn.values",
        "model.layers.1.self_attn.rotary", "model.layers.1.self_attn.scores",
        "model.layers.1.self_attn.softmax", "model.layers.1.self_attn.values",
      ])
  }

  @Test("A table that is counted twice and runs once is found by its parameters alone")
  func tables() throws {
    let model = try ExecutorTests.reduced("gemma2-9b")
    var wrong = model
    for branch in wrong.tail.indices {
      guard case .head(let map, isTied: true) = wrong.tail[branch].module else { continue }
      wrong.tail[branch].module = .head(map, isTied: false)
    }
    var workload = Workload()
    workload.tokens = 4
    let validation = try Validation(model, workload, Validation.Settings(), described: wrong)
    #expect(validation.comparison.mismatches.isEmpty)
    // 96 tokens of 64 numbers.
    #expect(validation.parameters.analytic - validation.parameters.allocated == 96 * 64)
    let holds = validation.holds
    #expect(!holds)
  }

  @Test("A part that runs and is not described, and one that is described and does not run")
  func parts() throws {
    let model = try ExecutorTests.reduced("llama2-13b")
    var wrong = model
    wrong.groups[0].layer.blocks.removeLast()
    var workload = Workload()
    workload.tokens = 4
    let settings = Validation.Settings()
    let more = try Validation(model, workload, settings, described: wrong)
    #expect(more.comparison.mismatches.contains { $0.analytic == .zero && $0.measured > 0 })
    let less = try Validation(wrong, workload, settings, described: model)
    #expect(less.comparison.mismatches.contains { $0.analytic != .zero && $0.measured == 0 })
    #expect(less.parameters.analytic != less.parameters.allocated)
  }
}
