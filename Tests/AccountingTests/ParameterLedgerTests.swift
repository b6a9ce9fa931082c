import Accounting
import Architecture
import Families
import JSON
import Symbolic
import TestSupport
import Testing

/// Laws that hold for every model, on random configurations of families that differ in kind.
@Suite struct ParameterLedgerTests {
  struct Case: CustomTestStringConvertible {
    let modelType: String
    let seed: UInt64

    var testDescription: String { "\(modelType), seed \(seed)" }
  }

  static let cases = [
    "llama", "mixtral", "qwen2_moe", "qwen3_moe", "deepseek", "deepseek_v2", "deepseek_v3", "gpt2",
    "gemma2", "mod_llama", "mamba", "gpt_oss", "falcon", "olmoe", "cohere",
  ].flatMap { modelType in (0..<6).map { Case(modelType: modelType, seed: $0) } }

  /// Random sizes under every name that these families use; each reads the ones it knows.
  static func configuration(_ row: Case) -> JSONObject {
    var generator = SeededGenerator(seed: row.seed)
    func pick(_ range: ClosedRange<Int128>) -> JSONValue {
      .integer(Int128.random(in: range, using: &generator))
    }
    let heads = Int128.random(in: 1...6, using: &generator)
    let width = heads * 2 * Int128.random(in: 1...40, using: &generator)
    let layers = Int128.random(in: 1...9, using: &generator)
    return JSONObject([
      ("model_type", .string(row.modelType)), ("hidden_size", .integer(width)),
      ("n_embd", .integer(width)), ("num_hidden_layers", .integer(layers)),
      ("n_layer", .integer(layers)), ("num_attention_heads", .integer(heads)),
      ("n_head", .integer(heads)), ("num_key_value_heads", .integer(heads)),
      ("vocab_size", pick(1...5000)), ("intermediate_size", pick(1...300)),
      ("n_inner", pick(1...300)), ("moe_intermediate_size", pick(1...90)),
      ("shared_expert_intermediate_size", pick(1...90)), ("n_positions", pick(1...99)),
      ("num_local_experts", pick(4...9)), ("num_experts", pick(4...9)),
      ("n_routed_experts", pick(4...9)), ("num_experts_per_tok", pick(1...4)),
      ("n_shared_experts", pick(1...3)), ("first_k_dense_replace", pick(0...9)),
      ("num_noop_experts", pick(0...4)), ("mod_mode", .string("staged")),
      ("mod_capacity", .number("0.125")), ("state_size", pick(1...20)),
      ("tie_word_embeddings", .boolean(Bool.random(using: &generator))),
    ])
  }

  static func model(_ row: Case, _ overrides: [String: String] = [:]) throws -> Model {
    try Families.Description(overrides: overrides).model(
      from: configuration(row), named: row.testDescription)
  }

  @Test("The number is the formula, evaluated", arguments: cases)
  func evaluation(_ row: Case) throws {
    let report = try ParameterReport(Self.model(row))
    let ledger = report.ledger
    let values = try ledger.values.mapValues { try #require($0.constant) }
    for part in Part.allCases {
      #expect(try report.count(part).wholeConstant == ledger.count(of: part).count(with: values))
    }
    #expect(try report.total.wholeConstant == ledger.total.count(with: values))
    for activity in ParameterLedger.Activity.allCases {
      #expect(
        try report.active[activity]?.wholeConstant == ledger.active(activity).count(with: values))
    }
  }

  @Test("The parts sum to the total, and so do the tensors, one by one", arguments: cases)
  func sums(_ row: Case) throws {
    let report = try ParameterReport(Self.model(row))
    #expect(Part.allCases.map { report.count($0) }.sum() == report.total)
    let tensors = try report.ledger.tensors()
    var total: Int128 = 0
    for tensor in tensors where !tensor.isBuffer {
      total += try tensor.shape.reduce(1) { try $0 * #require($1.wholeConstant) }
    }
    #expect(total == report.total.wholeConstant)
    #expect(Set(tensors.map(\.name)).count == tensors.count, "a name stands twice")
  }

  @Test("A size left free, and then given its value, gives the same counts", arguments: cases)
  func freeSizes(_ row: Case) throws {
    let bound = try ParameterReport(Self.model(row))
    var tried = 0
    for key in ["vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers"] {
      guard let binding = bound.model.sizes.first(where: { $0.size.key == key }),
        case .given = binding.origin, let free = try? Self.model(row, [binding.key: "x"])
      else { continue }
      let report = try ParameterReport(free)
      let x = [Symbol(variable: "x"): try #require(binding.value.constant)]
      #expect(try report.total.evaluated(with: x) == bound.total.constant, "\(key)")
      #expect(
        try report.active[.all]?.evaluated(with: x) == bound.active[.all]?.constant, "\(key)")
      tried += 1
    }
    // The vocabulary at least never decides the structure.
    #expect(tried > 0)
  }

  // MARK: - Relations between models

  private func total(_ configuration: [(String, JSONValue)]) throws -> Int128 {
    let model = try Families.Description().model(
      from: JSONObject(configuration), named: "test")
    return try #require(ParameterReport(model).total.wholeConstant)
  }

  private let small: [(String, JSONValue)] = [
    ("hidden_size", .integer(64)), ("num_hidden_layers", .integer(3)),
    ("num_attention_heads", .integer(4)), ("num_key_value_heads", .integer(4)),
    ("head_dim", .integer(16)), ("vocab_size", .integer(100)),
    ("intermediate_size", .integer(96)), ("moe_intermediate_size", .integer(96)),
    ("num_experts", .integer(1)), ("num_experts_per_tok", .integer(1)),
  ]

  @Test("A mixture of one expert is the dense model and a gate of d numbers a layer")
  func oneExpert() throws {
    let dense = try total([("model_type", .string("qwen3"))] + small)
    let mixture = try total([("model_type", .string("qwen3_moe"))] + small)
    #expect(mixture == dense + 3 * 64)
  }

  @Test("As many key-value heads as heads is what a missing key means for Llama")
  func multiHead() throws {
    let given = try total([("model_type", .string("llama"))] + small)
    let absent = try total(
      [("model_type", .string("llama"))] + small.filter { $0.0 != "num_key_value_heads" })
    #expect(given == absent)
  }

  @Test("Tying saves one table, and nothing else")
  func tying() throws {
    let untied = try total([("model_type", .string("llama"))] + small)
    let tied = try total(
      [("model_type", .string("llama")), ("tie_word_embeddings", .boolean(true))] + small)
    #expect(untied - tied == 100 * 64)
  }

  @Test("A Mixture-of-Depths model is its baseline and one router of d numbers a routed block")
  func mixtureOfDepths() throws {
    let mod: [(String, JSONValue)] = [
      ("model_type", .string("mod_llama")), ("mod_capacity", .number("0.125")),
    ]
    let baseline = try total(mod + [("mod_mode", .string("none"))] + small)
    let routed = try total(mod + [("mod_mode", .string("mod"))] + small)
    // Blocks 1 of 0, 1, 2 is routed: every other one from an offset of 1.
    #expect(routed == baseline + 64)
    let predicted = try total(
      mod + [
        ("mod_mode", .string("mod")), ("mod_predictor", .string("mlp")),
        ("mod_predictor_size", .integer(8)),
      ] + small)
    #expect(predicted == routed + 8 * 64 + 8)
  }

  @Test("LongCat's zero experts have rows in the library and none in a checkpoint")
  func unstored() throws {
    // The sizes of LongCat-Flash: 28 layers, 512 experts of 2048 and 256 that do nothing.
    let report = try ParameterReport(
      try Families.Description().model(
        from: JSONObject([
          ("model_type", .string("longcat_flash")), ("hidden_size", .integer(6144)),
          ("num_layers", .integer(28)),
        ]), named: "longcat"))
    #expect(report.total == 741_053_585_408)
    // Gate and up maps of 256 experts in each layer; 560B are published.
    let idle: Int128 = 28 * 256 * 2 * 2048 * 6144
    #expect(report.stored?.wholeConstant == 741_053_585_408 - idle)
    #expect(report.stored?.wholeConstant == 560_664_958_976)
    let none = try ParameterReport(
      try Families.Description().model(
        from: JSONObject([
          ("model_type", .string("longcat_flash")), ("hidden_size", .integer(64)),
          ("num_layers", .integer(2)), ("zero_expert_num", .integer(0)),
        ]), named: "none"))
    #expect(none.stored == nil)
  }
}
