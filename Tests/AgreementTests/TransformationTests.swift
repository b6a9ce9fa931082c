import Accounting
import Architecture
import Families
import JSON
import Presets
import Publications
import Symbolic
import Testing
import Validation

/// Changes of a model lead to models that are known by other ways.
@Suite struct TransformationTests {
  struct Pair: CustomTestStringConvertible, Sendable {
    let from: String
    var with: [String: String] = [:]
    let changes: [String]
    let to: String

    var testDescription: String { "\(from) \(changes.joined(separator: " ")) is \(to)" }
  }

  static func model(
    _ name: String, _ settings: [String: String] = [:], _ changes: [String] = []
  ) throws -> Model {
    let preset = try #require(Catalog.preset(named: name))
    return try changes.reduce(try preset.model(settings)) {
      try $0.transformed(by: try Transformation(parsing: $1))
    }
  }

  @Test(
    "The changed model has the parameters and the operations of the other",
    arguments: [
      Pair(from: "mistral-7b", changes: ["upcycle=8/2"], to: "mixtral-8x7b"),
      Pair(from: "dense-220m", changes: ["mod=0.125/2"], to: "mod-220m"),
      // Dai et al. 2024, Table 1: GShard's 16 experts cut in 4, one of them shared.
      Pair(
        from: "gshard-2b", with: ["moe_intermediate_size": "3412"],
        changes: ["segment=4", "shared=1"], to: "deepseek-moe-2b"),
      Pair(
        from: "gshard-2b", with: ["moe_intermediate_size": "3412"],
        changes: ["segment=2", "segment=2", "shared=1"], to: "deepseek-moe-2b"),
      Pair(from: "mixtral-8x7b", changes: ["segment=1"], to: "mixtral-8x7b"),
    ])
  func known(_ pair: Pair) throws {
    let changed = try Self.model(pair.from, pair.with, pair.changes)
    let other = try Self.model(pair.to)
    let (one, two) = (try ParameterReport(changed), try ParameterReport(other))
    #expect(one.parts == two.parts)
    #expect(one.active == two.active)
    let (first, second) = (
      try OperationReport(changed, Workload()), try OperationReport(other, Workload())
    )
    #expect(first.operations == second.operations)
    #expect(first.products == second.products)
    #expect(first.cacheElements == second.cacheElements)
  }

  @Test("Segmentation leaves the experts' parameters and products; only the router grows")
  func totals() throws {
    let whole = try ParameterReport(try Self.model("mixtral-8x7b"))
    let cut = try ParameterReport(try Self.model("mixtral-8x7b", [:], ["segment=4"]))
    // 32 layers · 8 experts · 3 · 4096 · 14336, and 32 · 4096 scores of 8 or 32 experts.
    #expect(whole.parts[.routedExperts] == Evaluated(45_097_156_608))
    #expect(cut.parts[.routedExperts] == Evaluated(45_097_156_608))
    #expect(cut.parts[.router] == Evaluated(32 * 4096 * 32))
    #expect(cut.parts[.attention] == whole.parts[.attention])
  }

  @Test(
    "The executor runs a changed model, and counts what the formulas say",
    arguments: [
      ("llama2-7b", ["upcycle=4/2", "segment=2", "shared=1"]),
      ("llama2-7b", ["mod=0.25/2", "upcycle=4"]),
      ("llama2-7b", ["upcycle=4", "mod=0.5/2", "mode=staged"]),
      ("llama2-7b", ["upcycle=4", "mod=0.5/2", "mode=integrated"]),
      ("deepseek-v2-lite", ["mod=0.5/3", "shared=1"]), ("gemma2-2b", ["mod=0.25/2"]),
      ("qwen3-30b-a3b", ["segment=2"]), ("llama2-7b", ["mod=0.25/1/attention"]),
      ("gemma2-2b", ["mod=1..0.25/0-1/both/cosine"]), ("deepseek-v2-lite", ["mod=0.5/2/mlp"]),
      ("mistral-7b", ["mod=0.9..0.2/1/0/both"]),
    ])
  func executed(_ row: (name: String, changes: [String])) throws {
    let preset = try #require(Catalog.preset(named: row.name))
    let small = try Families.Description().reduced(
      from: preset.configuration, named: row.name, positions: 64)
    let model = try row.changes.reduce(small.model) {
      try $0.transformed(by: try Transformation(parsing: $1))
    }
    var workload = Workload()
    workload.tokens = 9
    let settings = Validation.Settings()
    let validation = try Validation(model, workload, settings)
    #expect(validation.holds)
  }

  @Test("Attention alone, or the feed-forward layer alone, takes the share of the tokens")
  func parts() throws {
    // 32 layers, d 4096, f 11008, 1000 tokens of which 250 enter; keys and values of d each.
    var workload = Workload()
    workload.tokens = 1000
    let attention = try OperationReport(
      try Self.model("llama2-7b", [:], ["mod=0.25/1/attention"]), workload)
    #expect(attention.products[.attentionProjections] == Evaluated(32 * 250 * 8 * 4096 * 4096))
    #expect(attention.products[.denseFeedForward] == Evaluated(32 * 1000 * 6 * 4096 * 11008))
    #expect(attention.products[.router] == Evaluated(32 * 1000 * 2 * 4096))
    #expect(attention.cacheElements == Evaluated(32 * 250 * 2 * 4096))
    let feedForward = try OperationReport(
      try Self.model("llama2-7b", [:], ["mod=0.25/1/mlp"]), workload)
    #expect(feedForward.products[.attentionProjections] == Evaluated(32 * 1000 * 8 * 4096 * 4096))
    #expect(feedForward.products[.denseFeedForward] == Evaluated(32 * 250 * 6 * 4096 * 11008))
    #expect(feedForward.cacheElements == Evaluated(32 * 1000 * 2 * 4096))
    // Two layers, 1000 and 250 tokens: the share falls from 1 to 0.25.
    let falling = try OperationReport(
      try Self.model("llama2-7b", ["num_hidden_layers": "2"], ["mod=1..0.25/0-1"]), workload)
    #expect(falling.cacheElements == Evaluated((1000 + 250) * 2 * 4096))
  }

  @Test("A window is cut from the cache of each sequence, in a routed block too")
  func windows() throws {
    let text = """
      {"model_type": "mistral", "hidden_size": 8, "intermediate_size": 6, "num_hidden_layers": 1,
       "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 9, "sliding_window": 8}
      """
    let model = try Families.Description().model(
      from: try #require(JSONValue(parsing: text).object), named: "windows"
    ).transformed(by: try Transformation(parsing: "mod=0.5/1"))
    var workload = Workload()
    workload.tokens = 40
    workload.batch = 3
    // Of 20 tokens of each of 3 sequences the last 7 stay: keys and values of 4 numbers.
    #expect(try OperationReport(model, workload).cacheElements == Evaluated(3 * 7 * 2 * 4))
  }

  @Test(
    "What a model does not have is not changed",
    arguments: [
      ("llama2-7b", "segment=2"), ("mixtral-8x7b", "segment=3"), ("mixtral-8x7b", "shared=2"),
      ("mixtral-8x7b", "upcycle=8"), ("llama2-7b", "upcycle=4/5"), ("mamba-130m", "mod=0.5/2"),
      ("mod-220m", "mod=0.5/2"), ("llama2-7b", "mode=staged"), ("llama2-7b", "mod=0.5/64/40"),
    ])
  func refused(_ row: (name: String, change: String)) throws {
    #expect(throws: DescriptionError.self) { try Self.model(row.name, [:], [row.change]) }
  }

  @Test(
    "What is no change is refused with the form that was expected",
    arguments: [
      "segment", "segment=", "segment=0", "segment=1.5", "shared=-1", "upcycle=8/", "mod=0.5",
      "mod=2/2", "mod=0/2", "mod=0.5/0", "mod=0.5/2/2", "mode=both", "cut=2", "",
    ])
  func syntax(_ text: String) {
    #expect(throws: TransformationSyntaxError.self) { try Transformation(parsing: text) }
  }
}
