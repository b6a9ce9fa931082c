package import Architecture
package import JSON
import Wording

/// Turns a configuration into a model.
package struct Description: Sendable {
  /// What `--set` gave: keys of `config.json`, and values as text.
  package var overrides: [String: String]
  /// The family that `--assume` names, in place of the configuration's `model_type`.
  package var assumed: String?

  package init(overrides: [String: String] = [:], assumed: String? = nil) {
    self.overrides = overrides
    self.assumed = assumed
  }

  /// The model that a configuration describes.
  ///
  /// - Throws: `DescriptionError`, with the key at fault.
  package func model(from configuration: JSONObject, named name: String) throws -> Model {
    var configuration = configuration
    var notes: [String] = []
    var modelType = try modelType(of: configuration)
    if let text = configuration["text_config"]?.object, assumed == nil {
      let inner = try self.modelType(of: text) ?? Family.wrappers[modelType ?? ""]
      guard let inner else { throw DescriptionError.noModelType }
      notes.append(
        "Only the text model (\(inner)) of this \(modelType ?? "multimodal") configuration is counted."
      )
      if text["tie_word_embeddings"] == nil, let tied = configuration["tie_word_embeddings"] {
        configuration = text
        configuration["tie_word_embeddings"] = tied
      } else {
        configuration = text
      }
      modelType = inner
    }
    guard let modelType else { throw DescriptionError.noModelType }
    guard let family = Family.named[modelType] else {
      throw DescriptionError.unknownModelType(
        modelType, nearest: nearestWord(to: modelType, among: Family.named.keys),
        resembles: Self.resemblesLlama(configuration) ? "llama" : nil)
    }
    let keys = try Keys(family: family, configuration: configuration, overrides: overrides)
    var model = try family.describe(keys)
    try Self.refuse(configuration, against: keys)
    try checkOverrides(against: keys)
    model.name = name
    model.sizes = keys.sizes
    model.notes = notes + keys.notes + keys.report()
    return model
  }

  private func modelType(of configuration: JSONObject) throws -> String? {
    if let assumed { return assumed }
    if let type = overrides["model_type"] { return type }
    switch configuration["model_type"] {
    case .string(let type): return type
    case nil, .null: return nil
    case .some(let other):
      throw DescriptionError.wrongType(key: "model_type", found: other.kind, expected: "a text")
    }
  }

  /// Whether the keys of an unknown family are those of Llama.
  private static func resemblesLlama(_ configuration: JSONObject) -> Bool {
    ["hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "vocab_size"]
      .allSatisfy { configuration[$0] != nil }
  }

  /// Keys that change the count of a model, where the family does not describe how.
  private static func refuse(_ configuration: JSONObject, against keys: Keys) throws {
    for key in ["add_cross_attention", "is_encoder_decoder"]
    where configuration[key] == .boolean(true) && !keys.met.contains(key) {
      throw DescriptionError.unsupported(key: key, found: "true", supported: "false")
    }
  }

  private func checkOverrides(against keys: Keys) throws {
    for key in overrides.keys.sorted() where key != "model_type" && !keys.met.contains(key) {
      guard !IgnoredKeys.contains(key) else { continue }
      throw DescriptionError.unknownKey(
        key, modelType: keys.modelType, nearest: nearestWord(to: key, among: keys.met))
    }
  }
}
