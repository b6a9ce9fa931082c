import Architecture
import Arguments
import Symbolic

/// The options that limit what the experts of a model take.
///
/// They are `--transform capacity=…`, put behind all other changes.
enum CapacityOptions {
  static let factor = Parameter<String?>.text(
    "capacity-factor", "C", help: "Limit each expert to C times its even share of the tokens.",
    complaint: { text in
      guard let value = Rational(decimal: text), value > .zero else {
        return "a number above 0, as in --capacity-factor 1.25"
      }
      return nil
    }
  ).known(
    as: "moe-expert-capacity-factor", "expert-capacity-factor", "moe-capacity-factor",
    "moe-train-capacity-factor")
  static let padding = Parameter<Padding>.choice(
    "capacity-padding", "WHAT", of: Padding.allCases, default: .pad,
    help: "Compute every slot of an expert, or only those that a token fills."
  ).known(as: "moe-pad-expert-input-to-capacity", "pad-to-capacity")
  static let rounding = Parameter<ExpertSlots.Rounding>.choice(
    "capacity-rounding", "HOW", of: ExpertSlots.Rounding.allCases, default: .floor,
    help: "What is made of a share that is not whole; Megatron and DeepSpeed round up.")
  static let policy = Parameter<ExpertSlots.Keeping>.choice(
    "drop-policy", "WHICH", of: ExpertSlots.Keeping.allCases, default: .first,
    help: "Which tokens an expert keeps: the first of the batch, or those it weighs most."
  ).known(as: "moe-token-drop-policy", "token-drop-policy")
  static let devices = Parameter<Int128?>.whole(
    "capacity-devices", "D", least: 1, most: 1 << 40,
    help: "The experts of each of D devices share their slots, as in DeepSeek-V2."
  ).known(as: "expert-parallel", "expert-model-parallel-size", "ep-size")
  static let routing = Parameter<ExpertsWho>.choice(
    "expert-routing", "WHO", of: ExpertsWho.allCases, default: .token_choice,
    help: "Tokens choose experts, or each expert takes its best tokens.")

  /// Whether places that no token fills are computed.
  enum Padding: String, CaseIterable {
    case pad
    case drop
  }

  /// The words are those of the key `expert_routing`.
  enum ExpertsWho: String, CaseIterable {
    case token_choice
    case expert_choice
  }

  static let declarations = [
    factor.declaration, padding.declaration, rounding.declaration, policy.declaration,
    devices.declaration, routing.declaration,
  ]

  /// The change that the options ask for, if any does.
  ///
  /// - Throws: `UsageError.contradiction` where one of them has no factor to work on.
  static func change(_ arguments: Arguments) throws -> Transformation? {
    guard let factor = arguments[factor].flatMap({ Rational(decimal: $0) }) else {
      if let given = declarations.first(where: { arguments.has($0) }) {
        throw UsageError.contradiction(
          given.label, "no --capacity-factor",
          advice: "It says how a capacity is filled; add --capacity-factor.")
      }
      return nil
    }
    var places = ExpertSlots(Formula(factor))
    places.rounding = arguments[rounding]
    places.keeping = arguments[policy]
    places.devices = arguments[devices].map { Formula($0) }
    // The experts of a device have no places of their own to pad.
    let isUnsaid = !arguments.has(padding.declaration) && places.devices != nil
    places.isPadded = arguments[padding] == .pad && !isUnsaid
    return .capacity(places, choosing: arguments[routing] == .expert_choice)
  }
}
