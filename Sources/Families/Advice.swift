import Architecture
import JSON
import Wording

/// What a file would lose if it were read as a family.
struct Loss {
  /// Keys that have something to say and that the family would not read.
  let keys: [String]
  /// Sizes that the family would take from its class, because the file does not give them.
  let guessed: [String]

  var isNothing: Bool { keys.isEmpty && guessed.isEmpty }

  /// - Returns: nil where the family cannot read the file at all.
  init?(_ file: JSONObject, as family: Family) {
    var file = file
    file["model_type"] = nil
    file["architectures"] = nil
    guard let keys = try? Keys(family: family, configuration: file, overrides: [:]),
      (try? family.describe(keys)) != nil
    else { return nil }
    self.keys = keys.unread
    guessed = keys.defaulted.keys.filter {
      if case .number = keys.defaulted[$0] { true } else { false }
    }
  }
}

/// Advice is only made here: a family that it proposes reads every key of the file, and guesses no
/// size.
extension Advice {
  /// About a file whose type is not known.
  init(for type: String, _ file: JSONObject) {
    func reads(_ name: String) -> Bool {
      Family.named[name].flatMap { Loss(file, as: $0) }?.isNothing ?? false
    }
    if let nearest = nearestWord(to: type, among: Family.named.keys), reads(nearest) {
      self = .misspelt(nearest)
      return
    }
    if let nearest = nearestWord(to: type, among: Family.wrappers.keys),
      let text = Family.wrappers[nearest], reads(text)
    {
      self = .misspelt(nearest)
      return
    }
    guard Self.resemblesLlama(file), let llama = Family.named["llama"],
      let loss = Loss(file, as: llama)
    else {
      self = .kindOfFile
      return
    }
    if !loss.keys.isEmpty {
      self = .lacking(family: "llama", keys: loss.keys)
    } else if let name = Reading.architecture(of: file), Family.ofClass(name) != "llama" {
      self = .ownClass(name)
    } else {
      self = .commonKeys
    }
  }

  /// About a wrapper that is not known, around the text model of a family.
  init(nested family: Family, _ text: JSONObject, within type: String) {
    if let nearest = nearestWord(to: type, among: Family.wrappers.keys) {
      self = .misspelt(nearest)
      return
    }
    guard let loss = Loss(text, as: family) else {
      self = .kindOfFile
      return
    }
    self =
      loss.keys.isEmpty
      ? .textModel(family.modelType) : .lacking(family: family.modelType, keys: loss.keys)
  }

  /// Whether the keys of an unknown family are those of Llama.
  private static func resemblesLlama(_ file: JSONObject) -> Bool {
    ["hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "vocab_size"]
      .allSatisfy { file[$0] != nil }
  }
}
