import Architecture
import JSON
import Symbolic

/// Mixture-of-Depths and its relatives: our own configuration, see `docs/mixture-of-depths.md`,
/// because nothing has been published.
///
/// - Source: Raposo et al. 2024, <https://arxiv.org/abs/2404.02258>.
extension Family {
  static let ofMixtureOfDepths: [Family] = [modLlama]

  static let modLlama = Family(
    "mod_llama",
    defaults: """
      \(llama.defaults) mlp_gated=true mod_every=2 mod_offset=null mod_layers=null
      mod_routing="expert_choice" mod_predictor="none" mod_part="block" mod_weighting=null
      mod_score="linear" layer_skip=null layer_skip_curve="constant" layer_skip_phase="train"
      mod_budget=null exit_layers=null exit_shares=null exit_threshold=null
      mod_shared_router=false mod_threshold=null mod_capacity_decay="none" mod_capacity_last=null
      mod_capacity_least=null mod_capacity_whole=null
      recursion_steps=null recursion_sharing="middle_cycle" recursion_routing="none"
      recursion_capacity=null recursion_cache="recursion" recursion_gate=null
      num_copy_experts=0 num_constant_experts=0 moe_gating_residual=false
      """
  ) { keys in
    let mode = try keys.choice("mod_mode", of: DepthMode.self)
    let bias = try keys.biases(.all)
    let attention = try keys.attention(bias: bias)
    let plain = try keys.layer(attention, .feedForward(keys.backboneFeedForward()))
    guard mode != .none else { return try keys.recursive(keys.uniform(plain)) }
    let inner = try keys.layerInside(mode, attention, plain)
    let follower = mode == .integrated ? try keys.following(inner) : nil
    let router = mode == .integrated ? nil : try keys.depthRouter()
    let part = router == nil ? .block : try keys.choice("mod_part", of: ConditionalDepth.Part.self)
    let shares = router == nil ? nil : try keys.shares()
    func build(_ kind: DepthKind) throws -> Layer {
      switch kind {
      case .plain: return plain
      case .inner: return follower?.first ?? inner
      case .follower: return follower?.later ?? inner
      case .routed(let capacity, let holder):
        guard var router else { return inner }
        router.capacity = capacity
        router.isHeldElsewhere = holder != nil
        guard var layer = inner.routed(by: router, part) else { return inner }
        if let holder { layer.sharings.append(Layer.Sharing([router.path], holder: holder)) }
        return layer
      }
    }
    let places = try keys.routedLayers()
    let isShared = try router != nil && keys.sharesRouter()
    if case .every(1, offset: 0) = places, case .constant(let share)? = shares, !isShared {
      return try keys.recursive(keys.uniform(build(.routed(share, holder: nil))))
    }
    if case .every(1, offset: 0) = places, shares == nil, follower == nil {
      return try keys.recursive(keys.uniform(inner))
    }
    let count = try keys.listedLayerCount()
    let routed = (0..<count).filter(places.contains)
    if routed.isEmpty { keys.noteNoRoutedBlock(places, count) }
    guard let shares else {
      return try keys.recursive(
        keys.layers(
          kind: { index -> DepthKind in
            guard places.contains(index) else { return .plain }
            return follower != nil && index != routed.first ? .follower : .inner
          }, build))
    }
    let capacities = try keys.capacities(shares, routed, of: count)
    let holder = isShared ? capacities.keys.min() : nil
    return try keys.recursive(
      keys.layers(
        kind: { index -> DepthKind in
          guard places.contains(index) else { return .plain }
          // A block that takes every token has no router.
          guard let capacity = capacities[index] else { return .inner }
          return .routed(capacity, holder: holder == index ? nil : holder)
        }, build))
  }
}

/// What a layer is.
private enum DepthKind: Hashable {
  case plain
  /// What stands in routed blocks, open to every token.
  case inner
  /// The same, with a router that reads the scores of the one before.
  case follower
  /// With the share of the tokens, and the layer that holds the router if another does.
  case routed(Formula, holder: Int?)
}

/// The shares of the tokens that enter.
private enum DepthShares {
  case constant(Formula)
  /// One for each routed block, in order.
  case listed([Formula])
  case decaying(CapacityDecay, least: Rational?, whole: Rational?)
  /// The same, shifted to a mean.
  case budgeted(CapacityDecay, CapacityBudget)
}

extension Family {
  /// The values of the keys whose words decide which other keys the family reads.
  var choices: [(key: String, values: [String])] {
    guard modelType == Self.modLlama.modelType else { return [] }
    return [
      ("mod_mode", DepthMode.allCases.map(\.rawValue)),
      ("mod_predictor", DepthPredictor.allCases.map(\.rawValue)),
      ("mod_routing", DepthRouter.Choice.allCases.map(\.rawValue)),
    ]
  }
}

/// What a routed block of a Mixture-of-Depths model does.
private enum DepthMode: String, CaseIterable {
  /// Every token passes every block: the baseline.
  case none
  /// The tokens that a router chooses pass the block.
  case mod
  /// The same, and the feed-forward layer inside is a mixture of experts.
  case staged
  /// Every token passes; one router chooses among experts and experts that do nothing.
  case integrated
}

/// What the score of a token is made of.
private enum DepthScore: String, CaseIterable {
  case linear
  case attentionMap = "attention_map"
}

private enum DepthPredictor: String, CaseIterable {
  case none
  case router
  case mlp
}

extension Keys {
  /// A key with one of a few values, which must be there.
  fileprivate func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: String, of type: Choice.Type
  ) throws -> Choice where Choice.RawValue == String {
    guard let text = try text(key) else {
      throw DescriptionError.missing(key: key, symbol: "", modelType: modelType)
    }
    guard let choice = Choice(rawValue: text) else {
      throw DescriptionError.unsupported(
        key: key, found: "\"\(text)\"",
        supported: Choice.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return choice
  }

  /// Llama's gated feed-forward layer, or the plain one of the paper's time.
  fileprivate func backboneFeedForward(_ width: Formula? = nil) throws -> FeedForward {
    let bias = try flag("mlp_bias")
    return try flag("mlp_gated")
      ? gated(width, bias: bias) : plain(width, "up_proj", "down_proj", bias: bias)
  }

  /// What stands in the routed blocks.
  fileprivate func layerInside(
    _ mode: DepthMode, _ attention: Module, _ plain: Layer
  ) throws -> Layer {
    switch mode {
    case .none, .mod: return plain
    case .staged:
      return try layer(
        attention, experts(expertCounts(), backboneFeedForward(size(.expertSize))))
    case .integrated:
      let real = try size(.experts)
      let active = try size(.activeExperts)
      let kinds = try noOpKinds()
      let idle = kinds.idle
      try require(active, "num_experts_per_tok", atMost: real + idle, "num_experts")
      var mixture = MixtureOfExperts(
        router: Router([Linear("gate", try size(.hidden), real + idle)]), experts: real,
        active: .minimum(active, real), expert: try backboneFeedForward(size(.expertSize)))
      if number(idle) != 0 { mixture.idle = idle }
      mixture.setReturning(
        copy: kinds.copy, constant: kinds.constant, of: idle, isAll: kinds.allReturn)
      mixture.choices = active
      return try layer(attention, .mixtureOfExperts(mixture))
    }
  }

  /// The layers with experts whose routers read the scores of the one before, and the first, which
  /// has none before it; nil if they do not.
  fileprivate func following(_ inner: Layer) throws -> (first: Layer, later: Layer)? {
    guard try flag("moe_gating_residual") else { return nil }
    let mixtures = inner.branches.compactMap { branch in
      if case .mixtureOfExperts(let mixture) = branch.module { mixture } else { nil }
    }
    guard let scored = mixtures.first.map({ $0.experts + $0.idle }) else { return nil }
    func changed(_ change: (inout MixtureOfExperts) -> Void) -> Layer {
      var layer = inner
      for block in layer.blocks.indices {
        for branch in layer.blocks[block].branches.indices {
          layer.blocks[block].branches[branch].module = layer.blocks[block].branches[branch].module
            .mixing(change)
        }
      }
      return layer
    }
    return (
      changed { $0.router.leavesScores = true },
      changed {
        $0.router.leavesScores = true
        $0.router.residual = Linear("gate_map", scored, scored)
      }
    )
  }

  /// How many experts compute nothing, and how many of them return their input, or a mean of it and
  /// a vector.
  private func noOpKinds() throws -> (
    idle: Formula, copy: Int128, constant: Int128, allReturn: Bool
  ) {
    let copy = Int128(try integer("num_copy_experts") ?? 0)
    let constant = Int128(try integer("num_constant_experts") ?? 0)
    if copy == 0, constant == 0 { return (try size(.noOpExperts, least: 0), 0, 0, false) }
    let zero = try size(.noOpExperts, least: 0)
    let idle = zero + Formula(copy + constant)
    return (idle, copy, constant, constant == 0 && number(zero) == 0)
  }

  /// The router of a routed block; its capacity is that of the first.
  fileprivate func depthRouter() throws -> DepthRouter {
    let predictor = try choice("mod_predictor", of: DepthPredictor.self)
    var router = DepthRouter(
      width: try size(.hidden), capacity: 1,
      choice: try choice("mod_routing", of: DepthRouter.Choice.self),
      predictor: predictor == .mlp ? try size(.predictorSize) : nil)
    router.isTrainedToDecide = predictor == .router
    router.readsAttention = try choice("mod_score", of: DepthScore.self) == .attentionMap
    router.weighting =
      try text("mod_weighting") == nil
      ? router.readsAttention ? .none : .score
      : choice("mod_weighting", of: DepthRouter.Weighting.self)
    if router.readsAttention {
      note(
        "The routers read attention weights, which fused kernels do not give: attention is eager.")
    }
    if router.choice == .token || predictor == .router {
      router.threshold = try constant("mod_threshold")
    }
    return router
  }

  /// The model of such layers, of which some may repeat others, or be left out.
  fileprivate func recursive(_ plain: [LayerGroup]) throws -> Model {
    var groups = plain
    if groups.contains(where: { $0.layer.conditions.contains(where: \.router.readsAttention) }) {
      let count = try listedLayerCount()
      groups = try listed(groups, count).leavingAttention(of: count)
    }
    if let skipping = try layerSkipping() {
      let count = try listedLayerCount()
      groups = try listed(groups, count).skipping(skipping, of: count, width: size(.hidden))
    }
    if let exits = try earlyExits() {
      let count = try listedLayerCount()
      try exits.require(layers: count)
      groups = try listed(groups, count).leaving(at: exits, of: count, width: size(.hidden))
      guard try integer("recursion_steps", least: 1) == nil else {
        throw DescriptionError.unsupported(
          key: "recursion_steps", found: "set beside exit_layers", supported: "one of the two")
      }
      var model = try decoder(groups)
      model.exits = exits
      return model
    }
    guard let steps = try integer("recursion_steps", least: 1) else { return try decoder(groups) }
    let sharing = try choice("recursion_sharing", of: Recursion.Sharing.self)
    var recursion = Recursion(steps: steps, sharing: sharing)
    recursion.routing = try recursionRouting(steps)
    recursion.cache = try choice("recursion_cache", of: Recursion.Cache.self)
    let count = try listedLayerCount()
    return try decoder(listed(groups, count).repeated(recursion, of: count, width: size(.hidden)))
  }

  /// The same groups, with the numbers of their layers one by one.
  private func listed(_ groups: [LayerGroup], _ count: Int) -> [LayerGroup] {
    groups.map { group in
      var copy = group
      if case .range = group.indices { copy.indices = .listed(Array(0..<count)) }
      return copy
    }
  }

  /// Behind which layers tokens may leave, if they may.
  private func earlyExits() throws -> EarlyExits? {
    guard let list = try list("exit_layers"), !list.isEmpty else { return nil }
    let layers = try list.map { value in
      guard case .number(let text) = value, let layer = Int(text), layer >= 0 else {
        throw DescriptionError.wrongType(
          key: "exit_layers", found: value.kind, expected: "a list of layers from 0 on")
      }
      return layer
    }
    guard zip(layers, layers.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw DescriptionError.wrongType(
        key: "exit_layers", found: "\(layers)", expected: "a list of layers in ascending order")
    }
    guard let threshold = try constant("exit_threshold") else {
      throw DescriptionError.missing(key: "exit_threshold", symbol: "λ", modelType: modelType)
    }
    guard let given = try self.list("exit_shares") else {
      throw DescriptionError.missing(key: "exit_shares", symbol: "", modelType: modelType)
    }
    let shares = try given.map { value in
      guard case .number(let text) = value, let share = Rational(decimal: text), share >= .zero,
        share <= .one
      else {
        throw DescriptionError.wrongType(
          key: "exit_shares", found: value.kind, expected: "a list of shares from 0 to 1")
      }
      return share
    }
    let sum = try shares.reduce(Rational.zero) { try $0.adding($1) }
    guard shares.count == layers.count, sum <= .one else {
      throw DescriptionError.unsupported(
        key: "exit_shares", found: "a list of \(shares.count)",
        supported: "one share for each of the \(layers.count) exits, together no more than 1")
    }
    return EarlyExits(layers: layers, shares: shares, threshold: threshold)
  }

  /// The draw that leaves out layers, if there is one.
  private func layerSkipping() throws -> LayerSkipping? {
    guard let most = try decimal("layer_skip") else { return nil }
    guard most <= .one else {
      throw DescriptionError.wrongType(
        key: "layer_skip", found: "\(most)", expected: "a probability, at most 1")
    }
    return LayerSkipping(
      most: most, curve: try choice("layer_skip_curve", of: LayerSkipping.Curve.self),
      draw: try choice("layer_skip_phase", of: DepthRouter.Draw.self))
  }

  /// Who leaves between the recursions.
  private func recursionRouting(_ steps: Int) throws -> Recursion.Routing? {
    switch try text("recursion_routing") ?? "none" {
    case "none": return nil
    case "expert_choice": return .expertChoice(try recursionShares(steps))
    case "token_choice":
      let word = try text("recursion_gate") ?? RecursionAssignment.Gate.softmax.rawValue
      guard let gate = RecursionAssignment.Gate(rawValue: word) else {
        throw DescriptionError.unsupported(
          key: "recursion_gate", found: "\"\(word)\"", supported: "softmax, sigmoid")
      }
      return .tokenChoice(gate)
    case let other:
      throw DescriptionError.unsupported(
        key: "recursion_routing", found: "\"\(other)\"",
        supported: "none, expert_choice, token_choice")
    }
  }

  /// The share of the tokens that enters each recursion: a list, or N/N, …, 1/N.
  private func recursionShares(_ steps: Int) throws -> [Rational] {
    guard let list = try list("recursion_capacity") else { return Recursion.even(steps) }
    let shares = try list.map { value in
      guard case .number(let text) = value, let share = Rational(decimal: text), share > .zero,
        share <= .one
      else {
        throw DescriptionError.wrongType(
          key: "recursion_capacity", found: value.kind,
          expected: "a list of shares above 0 and at most 1")
      }
      return share
    }
    guard shares.count == steps, zip(shares, shares.dropFirst()).allSatisfy({ $0 >= $1 }) else {
      throw DescriptionError.unsupported(
        key: "recursion_capacity", found: "a list of \(shares.count)",
        supported: "one share for each of the \(steps) recursions, none above the one before it")
    }
    return shares
  }

  fileprivate func sharesRouter() throws -> Bool {
    switch try reading("mod_shared_router")?.value {
    case .boolean(let isShared)?: return isShared
    case nil: return false
    case let other?:
      throw DescriptionError.wrongType(
        key: "mod_shared_router", found: other.kind, expected: "true or false")
    }
  }

  /// Which blocks are routed: a list of them, or one in each period.
  fileprivate func routedLayers() throws -> DepthPlacement.Layers {
    if let list = try list("mod_layers") {
      let count = try listedLayerCount()
      var ranges: [ClosedRange<Int>] = []
      for entry in list {
        // A number, or a range as "8-31".
        let text: String =
          switch entry {
          case .number(let text), .string(let text): text
          default: ""
          }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard let from = ends.first ?? nil, let to = ends.last ?? nil, ends.count <= 2, from <= to
        else {
          throw DescriptionError.wrongType(
            key: "mod_layers", found: text.isEmpty ? entry.kind : "'\(text)'",
            expected: "indices of layers from 0 on, or ranges such as \"8-31\"")
        }
        guard to < count else {
          throw DescriptionError.exceeds(
            key: "mod_layers", value: Int128(to), limit: "num_hidden_layers - 1",
            limitValue: Int128(count - 1))
        }
        ranges.append(from...to)
      }
      return .ranges(ranges)
    }
    let every = try integer("mod_every", least: 1) ?? 2
    let offset = try integer("mod_offset") ?? min(1, every - 1)
    guard offset < every else {
      throw DescriptionError.exceeds(
        key: "mod_offset", value: Int128(offset), limit: "mod_every - 1",
        limitValue: Int128(every - 1))
    }
    return .every(every, offset: offset)
  }

  fileprivate func noteNoRoutedBlock(_ places: DepthPlacement.Layers, _ count: Int) {
    guard case .every(_, let offset) = places else {
      return note("No block is routed: mod_layers is empty.")
    }
    note("No block is routed: the first would be block \(offset), and the last is \(count - 1).")
  }

  /// The shares of the tokens, as the configuration gives them.
  fileprivate func shares() throws -> DepthShares {
    if case .array(let values)? = try reading("mod_capacity")?.value {
      return .listed(
        try values.map { value in
          guard case .number(let text) = value, let share = Rational(decimal: text),
            share > .zero, share <= .one
          else {
            throw DescriptionError.wrongType(
              key: "mod_capacity", found: value.kind,
              expected: "a list of shares above 0 and at most 1")
          }
          return Formula(share)
        })
    }
    let first = try share(.capacity)
    let word = try text("mod_capacity_decay") ?? "none"
    guard word != "none" else { return .constant(first) }
    guard let shape = CapacityDecay.Shape(rawValue: word) else {
      throw DescriptionError.unsupported(
        key: "mod_capacity_decay", found: "\"\(word)\"", supported: "none, linear, cosine")
    }
    let last = try share(.lastCapacity, allowsZero: true)
    if let mean = try decimal("mod_budget") {
      guard try decimal("mod_capacity_whole") == nil else {
        throw DescriptionError.unsupported(
          key: "mod_budget", found: "set beside mod_capacity_whole", supported: "one of the two")
      }
      let least = try decimal("mod_capacity_least") ?? .zero
      return .budgeted(
        CapacityDecay(shape, from: first, to: last), CapacityBudget(mean: mean, least: least))
    }
    return .decaying(
      CapacityDecay(shape, from: first, to: last), least: try decimal("mod_capacity_least"),
      whole: try decimal("mod_capacity_whole"))
  }

  /// The share of each routed block, but of those that take every token.
  fileprivate func capacities(
    _ shares: DepthShares, _ routed: [Int], of count: Int
  ) throws -> [Int: Formula] {
    switch shares {
    case .constant(let share): return Dictionary(uniqueKeysWithValues: routed.map { ($0, share) })
    case .listed(let list):
      guard list.count == routed.count else {
        throw DescriptionError.unsupported(
          key: "mod_capacity", found: "a list of \(list.count)",
          supported: "one share for each of the \(routed.count) routed blocks")
      }
      return Dictionary(uniqueKeysWithValues: zip(routed, list))
    case .budgeted(let decay, let budget):
      let curve = try routed.map { index in
        guard let number = value(decay.share(at: index, of: count)).constant else {
          throw DescriptionError.notFree(
            key: "mod_capacity", reason: "mod_budget shifts the shares of the blocks one by one")
        }
        return number
      }
      let shares = try budget.shares(curve).map { Formula($0) }
      return Dictionary(uniqueKeysWithValues: zip(routed, shares))
    case .decaying(let decay, let least, let whole):
      var result: [Int: Formula] = [:]
      for index in routed {
        var share = decay.share(at: index, of: count)
        if let whole {
          guard let number = value(share).constant else {
            throw DescriptionError.notFree(
              key: "mod_capacity", reason: "mod_capacity_whole tells the blocks apart by it")
          }
          if number > whole { continue }
        }
        if let least { share = .maximum(Formula(least), share) }
        result[index] = share
      }
      return result
    }
  }
}
