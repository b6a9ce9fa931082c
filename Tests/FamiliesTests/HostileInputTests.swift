import Accounting
import Architecture
import Families
import Foundation
import JSON
import Symbolic
import Testing

/// No value of any key of any family crashes or hangs: each gives a count or an error.
@Suite struct HostileInputTests {
  static let values: [JSONValue] = [
    .number("170141183460469231731687303715884105727"), .number("0"), .number("-1"),
    .number("1099511627776"), .number("1e-9223372036854775808"), .number("NaN"), .null,
    .string(""), .string("x"), .boolean(true), .array([]), .array([.null, .number("-1")]),
    .object(JSONObject()),
  ]

  /// A small configuration of each type: the first row of its data.
  static func base(_ modelType: String) throws -> JSONObject {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Oracle/Data/Parameters/\(modelType).jsonl")
    let text = try String(contentsOf: file, encoding: .utf8)
    let rows = try text.split(separator: "\n").prefix(2).map { try JSONValue(parsing: String($0)) }
    return try #require(rows.last?["config"]?.object)
  }

  @Test("Every key takes every strange value", arguments: DefaultsTests.classes.keys)
  func strangeValues(modelType: String) throws {
    let base = try Self.base(modelType)
    let family = try #require(Family.named[modelType])
    let keys = Set(base.keys).union(try family.defaultValues().keys).subtracting(["model_type"])
    for (number, key) in keys.sorted().enumerated() {
      // Each key meets two of the values, and each value many keys.
      for step in 0..<2 {
        var configuration = base
        configuration[key] = Self.values[(number + 3 * step) % Self.values.count]
        do {
          let model = try Families.Description().model(from: configuration, named: "hostile")
          _ = try ParameterReport(model)
          _ = try OperationReport(model, Workload())
        } catch is DescriptionError {
          continue
        }
      }
    }
  }

  @Test(
    "A formula on the command line obeys the rules of a number once it is one",
    arguments: [
      "32-64", "1/2", "0*x", "1-5", "2^64/2^70", "-x/x",
    ])
  func constantFormulas(text: String) {
    #expect(throws: DescriptionError.self) {
      try Families.Description(overrides: ["hidden_size": text]).model(
        from: JSONObject(BadInputTests.llama), named: "test")
    }
  }

  @Test(
    "A formula beyond all bounds is an error at once",
    arguments: [
      "((((((((((((x^64)^64)^64)^64)^64)^64)^64)^64)^64)^64)^64)^64)", "(a+b+c+d+e+f)^64",
      "x/(x-x)", "1/(x+1)", "99999999999999999999999999999999999999999",
    ])
  func boundlessFormulas(text: String) {
    #expect(throws: DescriptionError.self) {
      try ParameterReport(
        Families.Description(overrides: ["hidden_size": text, "head_dim": "16"]).model(
          from: JSONObject(BadInputTests.llama), named: "test"))
    }
  }

  /// Found by fuzzing: the sum over all layers was made for every bend of the curve, which took as many
  /// steps as the square of the layers.
  @Test("A budget over five thousand layers is found by halves")
  func budget() throws {
    let text = """
      {"model_type": "mod_llama", "hidden_size": 16, "num_attention_heads": 4, "head_dim": 6,
       "intermediate_size": 14, "vocab_size": 31, "num_hidden_layers": 5000, "mod_mode": "mod",
       "mod_every": 1, "mod_budget": 0.45, "mod_capacity": 1, "mod_capacity_last": 0,
       "mod_capacity_decay": "cosine"}
      """
    let configuration = try #require(JSONValue(parsing: text).object)
    let model = try Families.Description().model(from: configuration, named: "test")
    // The budget is the mean share, so that of all blocks the shares are together as many as that.
    let shares = model.groups.flatMap { group in
      group.layer.conditions.map { group.indices.count * $0.router.capacity }
    }
    #expect(model.groups.count > 2000)
    #expect(shares.sum().evaluated(in: model.values) == Evaluated(2250))
  }
}
