import Architecture
import Families
import Foundation
import JSON
import Testing

/// What an absent key means, against the configuration classes of `transformers`.
@Suite struct DefaultsTests {
  static let classes: JSONObject = {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Oracle/Data/defaults.json")
    let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    return (try? JSONValue(parsing: text))?.object ?? JSONObject()
  }()

  /// The width and the number of layers, in every spelling: these never default.
  static let neverDefault: Set<String> = [
    "hidden_size", "num_hidden_layers", "n_embd", "n_embed", "n_layer", "n_layers", "d_model",
    "num_layers", "embedding_dim", "num_blocks",
  ]

  @Test("There are classes to compare with")
  func coverage() {
    #expect(Self.classes.keys.count >= 80)
  }

  @Test("A key that changes a count has the default of its class", arguments: classes.keys)
  func defaults(modelType: String) throws {
    let family = try #require(Family.named[modelType])
    let expected = try #require(Self.classes[modelType]?.object)
    let own = try family.defaultValues()
    for key in expected.keys where !Self.neverDefault.contains(key) {
      #expect((own[key] ?? .null) == expected[key], "\(modelType).\(key)")
    }
    for key in own.keys where own[key] != .null {
      #expect(!Self.neverDefault.contains(key), "\(modelType).\(key)")
    }
  }

  @Test("No family counts a model without a width", arguments: Family.all.map(\.modelType))
  func width(modelType: String) throws {
    let configuration = JSONObject([("model_type", .string(modelType))])
    #expect(throws: DescriptionError.self) {
      try Families.Description().model(from: configuration, named: "test")
    }
  }
}

/// Whose `tie_word_embeddings` counts in a model of several towers, against its class.
///
/// The rows are made by `Tests/Oracle/wrappers.py`.
@Suite struct WrapperTests {
  static let rules: JSONObject = {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Oracle/Data/wrappers.json")
    let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    return (try? JSONValue(parsing: text))?.object ?? JSONObject()
  }()

  private func ties(_ wrapper: String, _ outer: Bool?, _ inner: Bool?) throws -> Bool? {
    let type = try #require(Self.rules[wrapper]?.array?[0].string)
    let defaults = try #require(Family.named[type]).defaultValues()
    guard defaults["tie_word_embeddings"] != nil else { return nil }
    var text = JSONObject([("model_type", .string(type))])
    for key in ["hidden_size", "num_hidden_layers", "num_attention_heads"] {
      text[key] = .number(key == "hidden_size" ? "64" : "4")
    }
    text["num_key_value_heads"] = .number("4")
    text["tie_word_embeddings"] = inner.map { .boolean($0) }
    var configuration = JSONObject([
      ("model_type", .string(wrapper)), ("text_config", .object(text)),
    ])
    configuration["tie_word_embeddings"] = outer.map { .boolean($0) }
    // Some families need more keys than these.
    return try? Families.Description().model(from: configuration, named: "test").tiesEmbeddings
  }

  @Test("There are wrappers to compare with")
  func coverage() {
    #expect(Self.rules.keys.count >= 50)
  }

  @Test("A wrapper that owns the head decides what it is", arguments: rules.keys)
  func owner(wrapper: String) throws {
    guard Family.knowsWrapper(wrapper) else { return }
    let rule = try #require(Self.rules[wrapper]?.array?[1].string)
    for inner in [true, false] {
      let expected: [Bool?: Bool] =
        switch rule {
        case "text": [nil: inner, true: inner, false: inner]
        case "either": [nil: inner, true: true, false: inner]
        case "either-or-silent": [nil: true, true: true, false: inner]
        case "unless said": [nil: inner, true: true, false: false]
        case "never": [nil: false, true: false, false: false]
        default: [nil: rule == "tied", true: true, false: false]
        }
      for (outer, value) in expected {
        guard let ties = try ties(wrapper, outer, inner) else { continue }
        #expect(ties == value, "\(wrapper) \(String(describing: outer)) over \(inner)")
      }
    }
  }

  @Test("GLM-ASR and Voxtral give sizes of their own to a text model that leaves them out")
  func ownDefaults() throws {
    func model(_ type: String) throws -> Model {
      let text = JSONObject([
        ("hidden_size", JSONValue.number("2048")), ("num_hidden_layers", .number("2")),
      ])
      return try Families.Description().model(
        from: JSONObject([("model_type", .string(type)), ("text_config", .object(text))]),
        named: "test")
    }
    func value(_ model: Model, _ key: String) -> String? {
      model.sizes.first { $0.key == key }.map { "\($0.value)" }
    }
    let (glm, voxtral) = (try model("glmasr"), try model("voxtral"))
    #expect(value(glm, "vocab_size") == "59264")
    #expect(value(glm, "num_attention_heads") == "16")
    #expect(value(voxtral, "intermediate_size") == "8192")
    #expect(value(voxtral, "head_dim") == "128")
  }
}
