import Architecture
import JSON
import Symbolic

/// Keys that change what a pass executes, though no parameter.
///
/// A family that has such a key lists it among its defaults; in any other family the key means
/// nothing.
extension Keys {
  /// Whether the family has a key.
  func has(_ key: String) -> Bool { defaultKeys.contains(key) }

  /// Whether the family has a key whose value is there and not zero.
  func isSet(_ key: String) throws -> Bool {
    guard has(key), let reading = try reading(key) else { return false }
    switch reading.value {
    case .null, .boolean(false): return false
    case .number(let text): return Rational(decimal: text) != .zero
    default: return true
    }
  }

  /// The number under a key that the family has, or nil where it is not there or zero.
  func setting(_ key: String) throws -> Constant? {
    guard try isSet(key), case .number(let text) = try reading(key)?.value else { return nil }
    return .decimal(text)
  }

  /// The number under a key that the family has, be it zero, or nil where there is none.
  func given(_ key: String) throws -> Constant? {
    guard has(key), case .number(let text) = try reading(key)?.value else { return nil }
    return .decimal(text)
  }

  /// How the attention of the family knows positions.
  ///
  /// Most rotate whole heads, some the part of each that a key says.
  ///
  /// - `isPartial`: whether the class reads that part from the rules of the type of layer.
  func rotary(
    _ size: Formula, table: String = "", of layerType: String? = nil, isPartial: Bool = false
  ) throws -> PositionScheme {
    if isPartial, let share = try rotaryShare(of: layerType) {
      let part = even(.floor(Formula(share) * size))
      return .rotary(try angles(part, table: table, of: layerType))
    }
    if traits.contains(.doesNotRotate) { return .none }
    if try traits.contains(.biasesByDistance) || isSet("alibi") { return .linearBias }
    for key in ["rotary_dim", "rotary_pct", "partial_rotary_factor"] where has(key) {
      if key == "rotary_dim" {
        return try optional(.rotaryPart, key)
          .map { .rotary(try angles(even($0), table: table, of: layerType)) } ?? .none
      }
      let nested = try decimal("rope_parameters.partial_rotary_factor")
      guard let share = try nested ?? decimal(key) else { continue }
      return .rotary(try angles(even(.floor(Formula(share) * size)), table: table, of: layerType))
    }
    return .rotary(try angles(even(size), table: table, of: layerType))
  }

  /// A size, or one more where it is an odd number: the table has an angle for every pair that is
  /// begun, and what is rotated follows the table.
  private func even(_ size: Formula) -> Formula {
    guard let number = number(size) else { return 2 * .ceiling(size / 2) }
    return number.isMultiple(of: 2) ? size : size + 1
  }

  /// Layers of which some see only a window of the past.
  ///
  /// - `slides`: which of them, where the configuration has no list of layer types.
  /// - `whole`: how the others know positions, where it is not as the sliding ones do.
  /// - `near`: how the sliding ones do, where it is not as the groups say.
  func sliding(
    _ groups: [LayerGroup], _ reach: Reach? = nil, type: String = "sliding_attention",
    whole: PositionScheme? = nil, near position: PositionScheme? = nil,
    _ slides: (Int) throws -> Bool
  ) throws -> [LayerGroup] {
    let reach = try reach ?? window()
    guard reach != .all else { return groups }
    let types = try layerTypes(known: ["full_attention", type]) {
      try slides($0) ? type : "full_attention"
    }
    return try groups.flatMap { group -> [LayerGroup] in
      let indices = try listed(group.indices)
      let (near, far) = (indices.filter { types[$0] == type }, indices.filter { types[$0] != type })
      var result: [LayerGroup] = []
      if !near.isEmpty {
        result.append(
          LayerGroup(
            group.layer.attending {
              $0.reach = reach
              $0.position = position ?? $0.position
            }, far.isEmpty ? group.indices : .listed(near)))
      }
      if !far.isEmpty {
        let layer = whole.map { scheme in group.layer.attending { $0.position = scheme } }
        result.append(
          LayerGroup(layer ?? group.layer, near.isEmpty ? group.indices : .listed(far)))
      }
      return result
    }
  }

  /// Which layers rotate queries and keys, from a list or from a period; nil where
  /// all do.
  func rotating() throws -> [Bool]? {
    let count = { try self.listedLayerCount() }
    if let list = try list("no_rope_layers"), !list.isEmpty {
      guard try list.count == count() else {
        throw DescriptionError.wrongLength(
          key: "no_rope_layers", count: list.count, expected: try count())
      }
      return list.map { Self.isTrue($0) }
    }
    guard let step = try integer("no_rope_layer_interval"), step > 0 else { return nil }
    return try (0..<count()).map { !($0 + 1).isMultiple(of: step) }
  }

  /// The indices of a group of layers, one by one.
  func listed(_ indices: LayerGroup.Indices) throws -> [Int] {
    switch indices {
    case .listed(let list): return list
    case .range(let first, let end):
      let count = try listedLayerCount()
      let bounds = try [first, end].map {
        Int(
          clamping: try fixed(
            $0, "first_k_dense_replace", "the kinds of layers are told apart one by one"))
      }
      return Array(min(bounds[0], count)..<min(max(bounds[0], bounds[1]), count))
    }
  }

  /// Fills in what a router does, from the keys that the family has.
  func routed(_ router: Router, normalizes: Bool = false) throws -> Router {
    var router = router
    router.normalizes = has("norm_topk_prob") ? try isSet("norm_topk_prob") : normalizes
    router.scale = try setting("routed_scaling_factor")
    if try limitsGroups(), let groups = try integer("n_group"), groups > 1 {
      router.groups = Formula(Int128(groups))
      if let kept = try integer("topk_group") {
        guard kept <= groups else {
          throw DescriptionError.exceeds(
            key: spelled("topk_group"), value: Int128(kept), limit: spelled("n_group"),
            limitValue: Int128(groups))
        }
        router.keptGroups = Formula(Int128(kept))
      }
      router.groupBest = router.correction == nil ? 1 : 2
      router.keepsOthersAtZero = fixed("keeps_other_groups_at_zero")
    }
    return router
  }

  /// Whether experts are chosen from the best groups only, where there are some.
  private func limitsGroups() throws -> Bool {
    guard has("topk_method") else { return has("n_group") }
    switch try text("topk_method") {
    case "group_limited_greedy": return true
    case "greedy", nil: return false
    case let other?:
      throw DescriptionError.unsupported(
        key: "topk_method", found: "\"\(other)\"", supported: "greedy, group_limited_greedy")
    }
  }

  /// Adds the parameters of an activation function that has some.
  func readActivation(of model: inout Model) throws {
    let key = spelled("hidden_act")
    // A mixer may apply the function where no feed-forward layer does.
    let written = model.hasMixers ? try reading(key)?.value.string : nil
    guard let function = model.learnedActivation ?? written.flatMap(LearnedActivation.init)
    else { return }
    guard model.addActivationParameters() else {
      throw DescriptionError.unsupported(
        key: key,
        found: "\"\(function.rawValue)\", a function with parameters of its own",
        supported: "that function in models of dense layers, and others in \(modelType)")
    }
  }
}

extension Layer {
  /// The layer with its softmax attention changed.
  func attending(_ change: (inout SelfAttention) -> Void) -> Layer {
    var layer = self
    for block in blocks.indices {
      for branch in blocks[block].branches.indices {
        guard case .selfAttention(var attention) = blocks[block].branches[branch].module else {
          continue
        }
        change(&attention)
        layer.blocks[block].branches[branch].module = .selfAttention(attention)
      }
    }
    return layer
  }
}

extension Module {
  /// The module with its softmax attention changed.
  func attending(_ change: (inout SelfAttention) throws -> Void) rethrows -> Module {
    guard case .selfAttention(var attention) = self else { return self }
    try change(&attention)
    return .selfAttention(attention)
  }

  /// The module with its mixture changed.
  func mixing(_ change: (inout MixtureOfExperts) throws -> Void) rethrows -> Module {
    guard case .mixtureOfExperts(var mixture) = self else { return self }
    try change(&mixture)
    return .mixtureOfExperts(mixture)
  }

  /// The module with the router of its mixture changed.
  func routing(_ change: (inout Router) throws -> Void) rethrows -> Module {
    guard case .mixtureOfExperts(var mixture) = self else { return self }
    try change(&mixture.router)
    return .mixtureOfExperts(mixture)
  }
}
