import Accounting
import Architecture
import Families
import Foundation
import JSON
import Symbolic
import Testing

/// Base models and heads that classify, against the classes of `transformers`.
///
/// The rows are made by `Tests/Oracle/heads.py`.
@Suite struct HeadTests {
  private static let rows: [JSONValue] =
    (try? String(
      contentsOf: OracleTests.folder.appending(path: "Heads.jsonl"), encoding: .utf8))?
    .split(separator: "\n").compactMap { try? JSONValue(parsing: String($0)) } ?? []

  /// Whose head is more than one map; they are refused.
  private static let refused: Set<String> = ["ModernBertDecoderForSequenceClassification"]

  @Test("Every class but the causal one has the parameters and the head that transformers builds")
  func classes() throws {
    var count = 0
    for row in Self.rows {
      let configuration = try #require(row["config"]?.object)
      let classes = try #require(row["classes"]?.object)
      for name in classes.keys where !Self.refused.contains(name) {
        var configuration = configuration
        configuration["architectures"] = .array([.string(name)])
        configuration["num_labels"] = .number("3")
        let report = try ParameterReport(
          Families.Description().model(from: configuration, named: name))
        // It is the class of its own type.
        #expect(!report.model.notes.contains { $0.hasPrefix("architectures names") }, "\(name)")
        #expect(
          report.total.wholeConstant == classes[name]?["total"]?.integer,
          "\(name) of \(JSONValue.object(configuration).line)")
        let tensors = try report.ledger.tensors()
        for tensor in classes[name]?["head"]?.array ?? [] {
          let entry = try #require(tensor.array)
          let shape = entry[1].array?.map { $0.integer ?? 0 }
          let found = tensors.filter { $0.name == entry[0].string }
          #expect(
            found.map { $0.shape.map { $0.wholeConstant ?? 0 } } == [shape],
            "\(name): \(tensor.line)")
        }
        if let first = tensors.first, name.hasSuffix("Model") {
          #expect(!first.name.hasPrefix("model.") && !first.name.hasPrefix("transformer."))
        }
        count += 1
      }
    }
    // 279 base models, 126 classifiers of sequences, 84 of tokens, 54 for answers.
    #expect(count == 543)
  }

  @Test(
    "A draft model, and a head that is not described, are refused",
    arguments: [
      #"{"architectures": ["LlamaForCausalLMEagle3"], "draft_vocab_size": 32}"#,
      #"{"architectures": ["LlamaForCausalLM"], "draft_vocab_size": 32}"#,
      #"{"architectures": ["DFlashDraftModel"]}"#,
      #"{"architectures": ["LlamaForRewardModel"]}"#,
    ])
  func refused(_ text: String) throws {
    var configuration = try #require(JSONValue(parsing: text).object)
    for (key, value) in [
      ("model_type", "\"llama\""), ("hidden_size", "128"), ("intermediate_size", "256"),
      ("num_hidden_layers", "1"), ("num_attention_heads", "4"), ("vocab_size", "512"),
    ] {
      configuration[key] = try JSONValue(parsing: value)
    }
    let model = configuration
    #expect(throws: DescriptionError.self) {
      try Families.Description().model(from: model, named: "row")
    }
    var plain = model
    plain["architectures"] = try JSONValue(parsing: #"["LlamaForCausalLM"]"#)
    plain["draft_vocab_size"] = nil
    #expect(throws: Never.self) { try Families.Description().model(from: plain, named: "row") }
  }

  @Test("A class of another type is said, and the type counts")
  func otherClass() throws {
    let configuration = try #require(
      try JSONValue(
        parsing: """
          {"model_type": "llama", "architectures": ["MistralForCausalLM"], "hidden_size": 64,
           "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 100,
           "intermediate_size": 96}
          """
      ).object)
    let model = try Families.Description().model(from: configuration, named: "test")
    #expect(
      model.notes.contains(
        "architectures names MistralForCausalLM, a class of mistral; the file is counted as llama, "
          + "as its model_type says."))
  }
}
