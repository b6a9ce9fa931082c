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
