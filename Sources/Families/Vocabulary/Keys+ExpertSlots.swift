import Architecture
import JSON
import Symbolic

extension Keys {
  /// The keys of ours that say how a limited capacity of experts is filled, without the factor.
  static let slotKeys = [
    "expert_routing", "expert_capacity_padding", "expert_capacity_rounding", "expert_drop_policy",
    "expert_capacity_devices",
  ]

  /// Limits what the experts of a model take, if the configuration says so; the keys are ours.
  ///
  /// - Throws: `DescriptionError`, also where one of them is there and could have no effect.
  func limitExperts(of model: inout Model) throws {
    guard model.hasExperts else { return }
    guard let factor = try decimal("expert_capacity_factor") else {
      for key in Self.slotKeys {
        guard let value = try reading(key)?.value else { continue }
        guard key == "expert_routing", value == .string("token_choice") else {
          throw DescriptionError.missing(
            key: "expert_capacity_factor", symbol: "c", modelType: modelType)
        }
      }
      return
    }
    var places = ExpertSlots(Formula(factor))
    let routing: ExpertRouting = try word("expert_routing") ?? .token_choice
    places.rounding = try word("expert_capacity_rounding") ?? .floor
    places.keeping = try word("expert_drop_policy") ?? .first
    switch try reading("expert_capacity_padding")?.value {
    case .boolean(let isPadded)?: places.isPadded = isPadded
    case nil: break
    case let other?:
      throw DescriptionError.wrongType(
        key: "expert_capacity_padding", found: other.kind, expected: "true or false")
    }
    places.devices = try integer("expert_capacity_devices", least: 1).map { Formula(Int128($0)) }
    try model.limitExperts(to: places, choosing: routing == .expert_choice)
  }

  /// A key with one of a few words, or nil.
  private func word<Word: RawRepresentable & CaseIterable>(
    _ key: String
  ) throws -> Word? where Word.RawValue == String {
    guard let text = try text(key) else { return nil }
    guard let word = Word(rawValue: text) else {
      throw DescriptionError.unsupported(
        key: key, found: "\"\(text)\"",
        supported: Word.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return word
  }
}

/// Who chooses: the words are those of the key.
private enum ExpertRouting: String, CaseIterable {
  case token_choice
  case expert_choice
}
