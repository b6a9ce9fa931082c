import Architecture
import JSON

/// A model family: the `model_type` of `config.json`, its defaults, and how to describe a model.
///
/// A family is data. Most of it is the spelling and the default of each key, exactly as
/// `transformers` has them; the closure puts parts together with the vocabulary of `Keys`.
package struct Family: Sendable {
  package let modelType: String
  /// `key=value` pairs in the family's own spelling: what an absent key means.
  let defaults: String
  /// `common=own` pairs: the family's own spelling of a key that others write differently.
  let spelling: String
  /// Keys that change no count in this family, beside those that change none in any.
  let describe: @Sendable (Keys) throws -> Model

  init(
    _ modelType: String, spelling: String = "", defaults: String,
    describe: @escaping @Sendable (Keys) throws -> Model
  ) {
    self.modelType = modelType
    self.defaults = defaults
    self.spelling = spelling
    self.describe = describe
  }

  /// A family that is built like another, with other defaults.
  init(_ modelType: String, like other: Family, spelling: String? = nil, defaults: String) {
    self.init(
      modelType, spelling: spelling ?? other.spelling, defaults: defaults, describe: other.describe)
  }
}
