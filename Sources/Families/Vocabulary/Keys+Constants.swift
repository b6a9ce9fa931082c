import Architecture
import JSON
import Symbolic

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Constants that decide what a pass computes, and no count.
extension Keys {
  /// A constant of the configuration, or of the class behind it; nil where neither has a number.
  func constant(_ key: String) throws -> Constant? {
    switch stated(key) {
    case .number(let text)?:
      guard Double(text)?.isFinite == true else {
        throw DescriptionError.wrongType(
          key: spelled(key), found: text, expected: "a finite number")
      }
      return .decimal(text)
    case nil: break
    case let other?:
      throw DescriptionError.wrongType(
        key: spelled(key), found: other.kind, expected: "a number")
    }
    guard case .number(let text) = classConstants[key] else { return nil }
    return .decimal(text)
  }

  /// A constant without which nothing is computed.
  func required(_ key: String) throws -> Constant {
    guard let value = try constant(key) else {
      throw DescriptionError.missing(key: spelled(key), symbol: "", modelType: modelType)
    }
    return value
  }

  /// Whether the class of the family does something that no key says.
  func fixed(_ fact: String) -> Bool { classConstants[fact] == .boolean(true) }

  /// *ε* of the norms of the family.
  func epsilon() throws -> Constant {
    let known = classConstants
    if case .number(let text) = known["epsilon"] { return .decimal(text) }
    let keys = [
      "rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_eps", "norm_epsilon", "eps",
    ]
    // The key of the class; where there is no class, the one that the file has.
    let own = keys.filter { known[$0] != nil }
    for key in own.isEmpty ? keys : own {
      if let value = try constant(key) { return value }
    }
    return "1e-5"
  }

  // MARK: - Rotary angles

  /// Angles for the first `size` numbers of a head, with the base and the scaling of a type of layers.
  func angles(
    _ size: Formula, table: String = "", of layerType: String? = nil
  ) throws
    -> RotaryAngles
  {
    var angles = RotaryAngles(size, table: table)
    let rules = try rotaryRules(of: layerType)
    angles.pairing = fixed("rotates_neighbours") ? .neighbours : .halves
    if let interleaves = stated("rope_interleave") ?? classConstants["rope_interleave"] {
      angles.pairing = interleaves == .boolean(true) ? .neighbours : .halves
    }
    angles.isStretched = fixed("stretches_angles")
    angles.base = rules.number("rope_theta") ?? "10000"
    angles.scaling = try scaling(rules)
    if fixed("reads_alpha"), rules.type == "dynamic", let alpha = rules.double("alpha"), alpha != 0
    {
      // The base is stretched once for all lengths.
      angles.scaling = .other("dynamic with alpha")
      if let r = number(size), r > 2, let base = Double("\(angles.base)") {
        let power = Double(r) / Double(r - 2)
        angles.base = .computed("\(angles.base)·\(alpha)^(\(r)/\(r - 2))", base * pow(alpha, power))
        angles.scaling = .none
      }
    }
    return angles
  }

  /// By what queries are multiplied at each position, if the rules of the angles say it.
  func positionScale() throws -> PositionScale? {
    let rules = try rotaryRules(of: nil)
    guard let weight = rules.number("llama_4_scaling_beta"),
      let length = rules.number("original_max_position_embeddings")
    else { return nil }
    return .steps(weight: weight, length: length, fromOne: false)
  }

  /// The share of each head that the rules of a type of layers rotate, if they say one.
  func rotaryShare(of layerType: String?) throws -> Rational? {
    guard case .number(let text) = try rotaryRules(of: layerType).values["partial_rotary_factor"]
    else { return nil }
    return Rational(decimal: text)
  }

  /// The base and the scaling rule of a type of layers, from wherever they are written.
  private func rotaryRules(of layerType: String?) throws -> RotaryRules {
    var rules: [String: JSONValue] = [:]
    let known = classConstants
    func takeDefaults(_ prefix: String) {
      for (path, value) in known where path.hasPrefix(prefix + ".") {
        let name = path.dropFirst(prefix.count + 1)
        if !name.contains(".") { rules[String(name)] = value }
      }
    }
    let isSliding = layerType == "sliding_attention"
    let isTyped = known["rope_parameters.sliding_attention.rope_theta"] != nil
    for key in ["rope_parameters", "rope_scaling"] {
      if let value = stated(key), value.object == nil {
        throw DescriptionError.wrongType(key: key, found: value.kind, expected: "an object")
      }
    }
    let written = stated("rope_parameters")?.object ?? stated("rope_scaling")?.object
    if let written {
      let nested = layerType.flatMap { written[$0]?.object }
      let isByType = written.keys.contains { written[$0]?.object != nil }
      // A scaling from before there were types is of the layers that see all.
      let isOld = isSliding && isTyped && stated("rope_parameters") == nil
      let own = nested ?? (isByType && layerType != nil || isOld ? nil : written)
      for key in own?.keys ?? [] { rules[key] = own?[key] }
    } else {
      takeDefaults("rope_parameters")
      if let layerType { takeDefaults("rope_parameters.\(layerType)") }
    }
    let outer =
      (isSliding ? stated("rope_local_base_freq") : nil)
      ?? (isSliding && isTyped || fixed("names_no_base") ? nil : stated("rope_theta"))
      ?? stated("rotary_emb_base")
    let isRead = written != nil || !fixed("has_own_base")
    if let outer, isRead, written?["rope_theta"] == nil,
      written == nil || rules["rope_theta"] == nil
    {
      rules["rope_theta"] = outer
    }
    if rules["rope_theta"] == nil {
      rules["rope_theta"] =
        known["rope_parameters.\(layerType ?? "").rope_theta"]
        ?? known["rope_parameters.rope_theta"]
    }
    for key in RotaryRules.numbers {
      switch rules[key] {
      case nil, .null, .number: continue
      case let other?:
        throw DescriptionError.wrongType(
          key: "rope_parameters.\(key)", found: other.kind, expected: "a number")
      }
    }
    if case .number(let text) = rules["rope_theta"], !((Double(text) ?? 0) > 0) {
      throw DescriptionError.wrongType(
        key: "rope_theta", found: text, expected: "a base above zero")
    }
    return RotaryRules(values: rules)
  }

  fileprivate struct RotaryRules {
    var values: [String: JSONValue]

    /// The keys that hold a number, where they are there.
    static let numbers = [
      "rope_theta", "factor", "original_max_position_embeddings", "low_freq_factor",
      "high_freq_factor", "beta_fast", "beta_slow", "attention_factor", "mscale", "mscale_all_dim",
    ]

    func number(_ key: String) -> Constant? {
      if case .number(let text) = values[key] { .decimal(text) } else { nil }
    }

    func double(_ key: String) -> Double? {
      if case .number(let text) = values[key] { Double(text) } else { nil }
    }

    var type: String { (values["rope_type"] ?? values["type"])?.string ?? "default" }
  }

  private func scaling(_ rules: RotaryRules) throws -> RotaryAngles.Scaling {
    let positions = statedContext.map { Constant.decimal("\($0)") } ?? "2048"
    let original =
      try rules.number("original_max_position_embeddings")
      ?? constant("original_max_position_embeddings") ?? positions
    switch rules.type {
    case "default", "mrope": return .none
    case "linear": return .linear(factor: rules.number("factor") ?? .one)
    case "dynamic":
      return .dynamic(factor: rules.number("factor") ?? .one, original: positions)
    case "llama3":
      return .llama3(
        factor: rules.number("factor") ?? .one, low: rules.number("low_freq_factor") ?? .one,
        high: rules.number("high_freq_factor") ?? "4", original: original)
    case "yarn":
      let stretch = rules.double("factor") ?? Self.quotient(positions, original)
      let factor =
        rules.number("factor") ?? .computed("\(positions)/\(original)", stretch)
      return .yarn(
        RotaryAngles.Yarn(
          factor: factor, original: original, fast: rules.set("beta_fast") ?? "32",
          slow: rules.set("beta_slow") ?? "1",
          attention: rules.number("attention_factor") ?? Self.magnitude(rules, stretch),
          truncates: rules.values["truncate"] != .boolean(false)))
    case "longrope", "su":
      func list(_ key: String) -> [Constant] {
        rules.values[key]?.array?.compactMap {
          if case .number(let text) = $0 { .decimal(text) } else { nil }
        } ?? []
      }
      if fixed("states_rotary_magnitudes"), let short = rules.number("short_mscale"),
        let long = rules.number("long_mscale")
      {
        guard short == long else { return .other("longrope of two magnitudes") }
        return .long(
          short: list("short_factor"), long: list("long_factor"), original: original,
          attention: short)
      }
      let stretch = rules.double("factor") ?? Self.quotient(positions, original)
      let (length, text) = (Self.double(original), "\(original)")
      let root = stretch <= 1 ? 1 : (1 + log(stretch) / log(length)).squareRoot()
      return .long(
        short: list("short_factor"), long: list("long_factor"), original: original,
        attention: rules.number("attention_factor")
          ?? (root == 1 ? .one : .computed("√(1 + ln(\(stretch))/ln(\(text)))", root)))
    case "proportional":
      return .proportional(
        share: rules.number("partial_rotary_factor") ?? .one,
        factor: rules.number("factor") ?? .one)
    case let other: return .other(other)
    }
  }

  private static func double(_ constant: Constant) -> Double {
    if case .decimal(let text) = constant { Double(text) ?? 1 } else { 1 }
  }

  private static func quotient(_ one: Constant, _ other: Constant) -> Double {
    double(one) / double(other)
  }

  /// What cosines and sines are multiplied by, where the file does not say it: `0.1·m·ln(s) + 1`.
  private static func magnitude(_ rules: RotaryRules, _ factor: Double) -> Constant {
    func scale(_ weight: Double) -> Double { factor <= 1 ? 1 : 0.1 * weight * log(factor) + 1 }
    if let one = rules.double("mscale"), let all = rules.double("mscale_all_dim"), one != 0,
      all != 0
    {
      let quotient = scale(one) / scale(all)
      return quotient == 1
        ? .one
        : .computed("(0.1·\(one)·ln(\(factor)) + 1)/(0.1·\(all)·ln(\(factor)) + 1)", quotient)
    }
    return factor <= 1 ? .one : .computed("0.1·ln(\(factor)) + 1", scale(1))
  }

  /// The factor of scores that models with latent attention and stretched angles have: *m²*.
  func scoreMagnitude() throws -> Constant {
    let rules = try rotaryRules(of: nil)
    guard rules.type != "default", let all = rules.double("mscale_all_dim"), all != 0,
      let factor = rules.double("factor"), factor > 1
    else { return .one }
    let scale = 0.1 * all * log(factor) + 1
    return .computed("(0.1·\(all)·ln(\(factor)) + 1)²", scale * scale)
  }
}

extension Keys.RotaryRules {
  /// A number that is there and not zero.
  fileprivate func set(_ key: String) -> Constant? { double(key) == 0 ? nil : number(key) }
}

extension Family {
  /// What the class of a type takes for constants, and does without a key for it, by path.
  static func classConstants(of modelType: String, fixed: String) -> [String: JSONValue] {
    let own = constants[modelType] ?? constants[NumericKeys.classOf(modelType)]
    let text = [own ?? "", fixed].joined(separator: " ")
    var values: [String: JSONValue] = [:]
    for pair in text.split(whereSeparator: \.isWhitespace) {
      guard let sign = pair.firstIndex(of: "=") else { continue }
      let value = try? JSONValue(parsing: String(pair[pair.index(after: sign)...]))
      values[String(pair[..<sign])] = value
    }
    return values
  }
}
