import Architecture
package import JSON

/// A model family: the `model_type` of `config.json`, its defaults, and how to describe a model.
///
/// A family is data. Most of it is the spelling and the default of each key, exactly as
/// `transformers` has them; the closure puts parts together with the vocabulary of `Keys`.
package struct Family: Sendable {
  /// The `model_type` of its configurations.
  package let modelType: String
  /// `key=value` pairs in the family's own spelling: what an absent key means.
  let defaults: String
  /// The family's own spelling of keys that others write differently, as `common=own` pairs.
  ///
  /// The strongest alias comes first. In `common:own` the common name is ours alone: it stands in
  /// `--set`, and a file that has it does not mean this key.
  let spelling: String
  /// What the class does otherwise than most, and no key says.
  let traits: Set<Trait>
  /// What the class computes and no key of its configuration says, as `key=value` pairs.
  ///
  /// `epsilon` is *ε* of all norms, `norms_add_one` says that a norm multiplies by its weight and
  /// one, `rotates_neighbours` that a rotary pair is two numbers side by side,
  /// `indexes_halves` that those of an indexer's heads are not although they are elsewhere,
  /// `keeps_other_groups_at_zero` that experts outside the best groups keep a score of zero,
  /// `states_rotary_magnitudes` that the file says what cosines and sines are multiplied by,
  /// `reads_alpha` that a factor of the base is read where the rule is dynamic,
  /// `has_own_base` that a base outside the rotary parameters is not read where the file has none of
  /// them, because the class has, and `names_no_base` that none is ever read by the usual name.
  ///
  /// - Source: the modeling files of `transformers` 5.23.0.
  let fixed: String
  /// How its files hold layers for multi-token prediction, if it is known.
  let predictors: StoredPredictors?
  let describe: @Sendable (Keys) throws -> Model

  init(
    _ modelType: String, spelling: String = "", traits: Set<Trait> = [], fixed: String = "",
    predictors: StoredPredictors? = nil, defaults: String,
    describe: @escaping @Sendable (Keys) throws -> Model
  ) {
    self.modelType = modelType
    self.defaults = defaults
    self.spelling = spelling
    self.traits = traits
    self.fixed = fixed
    self.predictors = predictors
    self.describe = describe
  }

  /// What the class of a family does otherwise than most, for all of its layers.
  enum Trait: Sendable {
    /// Attention does not rotate: positions are learned, or unknown.
    case doesNotRotate
    /// Scores fall with the distance between query and key (ALiBi).
    case biasesByDistance
    /// The class makes its causal mask itself, and asks no key.
    case makesOwnMask
  }

  /// The defaults by key, in the family's own spelling.
  package func defaultValues() throws(JSONSyntaxError) -> JSONObject {
    var values = JSONObject()
    for (key, value) in Self.pairs(defaults) {
      values[String(key)] = try JSONValue(parsing: String(value))
    }
    return values
  }

  /// Every key that some family reads, in alphabetical order.
  package static var keys: [String] {
    var keys: Set<String> = []
    for family in all {
      keys.formUnion(pairs(family.defaults).map { String($0.0) })
      keys.formUnion(family.aliases.map(\.name))
    }
    // Keys without a default stand in no declaration.
    let sizes: [Size] = [
      .hidden, .layers, .vocabulary, .heads, .positions, .intermediate, .capacity, .predictorSize,
      .experts, .activeExperts, .noOpExperts,
    ]
    keys.formUnion(sizes.map(\.key) + ["mod_mode", "expert_capacity_factor"] + Keys.slotKeys)
    return keys.sorted()
  }

  /// Another name of a key, and whether a file may use it.
  struct Alias: Sendable {
    let name: String
    let own: String
    let isReadInFiles: Bool
  }

  /// The other names of the family's keys, the strongest first.
  var aliases: [Alias] {
    [("=", true), (":", false)].flatMap { sign, isReadInFiles in
      Self.pairs(spelling, sign).map {
        Alias(name: String($0), own: String($1), isReadInFiles: isReadInFiles)
      }
    }
  }

  private static func pairs(
    _ text: String, _ sign: Character = "="
  ) -> [(Substring, Substring)] {
    text.split(whereSeparator: \.isWhitespace).compactMap { pair in
      guard let sign = pair.firstIndex(of: sign) else { return nil }
      return (pair[..<sign], pair[pair.index(after: sign)...])
    }
  }

  /// A family that is built like another, with other defaults.
  init(
    _ modelType: String, like other: Family, spelling: String? = nil, fixed: String? = nil,
    defaults: String
  ) {
    self.init(
      modelType, spelling: spelling ?? other.spelling, traits: other.traits,
      fixed: fixed ?? other.fixed, predictors: other.predictors, defaults: defaults,
      describe: other.describe)
  }
}
