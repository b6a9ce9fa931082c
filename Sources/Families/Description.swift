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
    let reading = try Reading(configuration, named: assumed ?? overrides["model_type"])
    let family = reading.family
    if let key = reading.unsaid, overrides[key] == nil {
      throw DescriptionError.missing(key: key, symbol: "", modelType: family.modelType)
    }
    var own = reading.text
    var wrapperNote: String?
    if let wrapper = reading.wrapper {
      for (key, value) in Family.wrapperDefaults[wrapper] ?? [] where own[key] == nil {
        own[key] = value
      }
      wrapperNote = try Self.tie(
        &own, as: wrapper, reading.outer["tie_word_embeddings"], family)
    }
    let keys = try Keys(family: family, configuration: own, overrides: overrides)
    let head = try OutputHead(
      reading.outer, set: overrides["architectures"], modelType: family.modelType)
    if let note = StatedClass(reading)?.note { keys.note(note) }
    if head != .nextToken { _ = try keys.reading("architectures") }
    var model = try keys.model(family.describe(keys), with: head)
    model.sizes = keys.sizes
    try keys.readActivation(of: &model)
    try model.settleScored()
    try keys.limitExperts(of: &model)
    try keys.readMask(of: &model)
    model.settleNorms(epsilon: try keys.epsilon(), addsOne: keys.fixed("norms_add_one"))
    try Self.refuse(own, against: keys)
    try checkOverrides(against: keys, family, own)
    model.name = name
    let quantisation = Quantisation(reading.outer) ?? Quantisation(own)
    model.storedFormat = quantisation?.format
    if quantisation != nil, quantisation?.format == nil {
      model.operationNotes.append(
        "The format of its quantised weights is not known here: without --weight-dtype they have 16 bits."
      )
    }
    model.sizes = keys.marked(model.sizes)
    model.requirements = keys.requirements + model.requirements
    model.statedContext = keys.statedContext
    model.operationNotes += keys.operationReport()
    model.operationGap = Family.parametersOnly[family.modelType]
    if let grounds = reading.grounds {
      let lost = keys.unread.filter { reading.wrapper == nil || !SharedKeys.isOfTowers($0) }
      guard lost.isEmpty else {
        throw DescriptionError.unread(lost, modelType: family.modelType, grounds: grounds)
      }
    }
    model.notes += reading.notes
    if let wrapper = reading.wrapper {
      if reading.outer["quantization_config"] != nil { keys.note(Keys.quantised) }
      model.notes.append(
        "Only the text model (\(family.modelType)) of this \(wrapper) model is counted.")
      if let wrapperNote { model.notes.append(wrapperNote) }
    }
    model.notes += keys.notes + keys.report()
    return model
  }

  /// Lets a wrapper decide whether the head of its text model is the token table.
  ///
  /// - Returns: A note where the text model by itself says otherwise.
  private static func tie(
    _ text: inout JSONObject, as wrapper: String, _ written: JSONValue?, _ family: Family
  ) throws -> String? {
    let key = "tie_word_embeddings"
    let defaults = try family.defaultValues()
    // Of a wrapper that is not known, what it says holds where its text model says nothing.
    let isSaid = Family.wrappers[wrapper] == nil && text[key] == nil && written != nil
    guard let rule = Family.wrapperTies[wrapper] ?? (isSaid ? .untied : nil), defaults[key] != nil
    else { return nil }
    let outer: Bool?
    switch written ?? .null {
    case .boolean(let value): outer = value
    case .null: outer = nil
    case let other:
      throw DescriptionError.wrongType(key: key, found: other.kind, expected: "true or false")
    }
    let alone = text[key] ?? defaults[key]
    let ties = rule.ties(outer, textModel: alone == .boolean(true))
    text[key] = .boolean(ties)
    guard alone != .boolean(ties) else { return nil }
    return "\(key) is \(ties) for the \(wrapper) model as a whole, whatever its text model says."
  }

  /// Keys that change the count of a model, where the family does not describe how.
  private static func refuse(_ configuration: JSONObject, against keys: Keys) throws {
    for key in ["add_cross_attention", "is_encoder_decoder", "per_layer_config"]
    where !keys.met.contains(key) {
      guard let value = configuration[key], value != .null, value != .boolean(false),
        value.object?.keys.isEmpty != true
      else { continue }
      throw DescriptionError.unsupported(key: key, found: value.kind, supported: nil)
    }
  }

  /// Other values of the keys that decide which others a family reads.
  private static func switches(
    of family: Family, in configuration: JSONObject
  ) -> [(key: String, value: String)] {
    let defaults = (try? family.defaultValues()) ?? JSONObject()
    var switches = family.choices.flatMap { key, values in values.map { (key: key, value: $0) } }
    for key in defaults.keys {
      guard case .boolean(let value) = configuration[key] ?? defaults[key] else { continue }
      switches.append((key: key, value: "\(!value)"))
    }
    return switches
  }

  /// Refuses what was set and nobody reads.
  private func checkOverrides(
    against keys: Keys, _ family: Family, _ configuration: JSONObject
  ) throws {
    let known = keys.known
    for key in overrides.keys.sorted() where key != "model_type" && !known.contains(key) {
      guard !keys.isQuiet(key) else { continue }
      let settings = try Self.switches(of: family, in: configuration).filter { setting in
        var other = overrides
        other[setting.key] = setting.value
        let trial = try Keys(family: family, configuration: configuration, overrides: other)
        _ = try? family.describe(trial)
        return trial.known.contains(key)
      }
      guard settings.isEmpty else {
        throw DescriptionError.unusedKey(
          key, modelType: keys.modelType,
          with: settings.map { "\($0.key)=\($0.value)" }.joined(separator: " or "))
      }
      throw DescriptionError.unknownKey(
        key, modelType: keys.modelType, nearest: nearestWord(to: key, among: keys.met))
    }
  }
}
