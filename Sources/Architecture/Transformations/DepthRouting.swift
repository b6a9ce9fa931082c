package import Symbolic

/// Where a change makes a model conditional, and how far.
package struct DepthPlacement: Hashable, Sendable {
  /// Which layers are routed.
  package enum Layers: Hashable, Sendable {
    /// Of every `every` layers the one at `offset`.
    case every(Int, offset: Int)
    /// Those of some ranges.
    case ranges([ClosedRange<Int>])

    /// Whether a layer is routed, counted from zero.
    package func contains(_ layer: Int) -> Bool {
      switch self {
      case .every(let every, let offset): layer % every == offset
      case .ranges(let ranges): ranges.contains { $0.contains(layer) }
      }
    }

    /// The last layer that has to be there.
    package var last: Int {
      switch self {
      case .every(_, let offset): offset
      case .ranges(let ranges): ranges.map(\.upperBound).max() ?? 0
      }
    }
  }

  /// The share of the tokens that enter, *κ*; that of the first layer where it changes.
  package var capacity: Evaluated
  /// The share at the last layer, and the way there, where it falls or rises.
  package var last: Evaluated?
  /// The curve between the two shares.
  package var shape: CapacityDecay.Shape
  /// Which layers are routed.
  package var layers: Layers
  /// Which part of a layer has the router before it.
  package var part: ConditionalDepth.Part
  /// Whether the scores are the attention of the layer before.
  package var readsAttention = false
  /// The mean of the shares, to which they are shifted, if there is one.
  package var budget: CapacityBudget?
}

/// Mixture-of-Depths: some blocks, or parts of them, let in only some of the tokens.
///
/// - Source: Raposo et al. 2024, §3, <https://arxiv.org/abs/2404.02258>.
extension Model {
  mutating func routeDepth(_ placement: DepthPlacement) throws(DescriptionError) {
    let share = bind(.capacity, placement.capacity)
    let decay = placement.last.map {
      CapacityDecay(placement.shape, from: share, to: bind(.lastCapacity, $0))
    }
    var router = DepthRouter(
      width: Formula(Size.hidden.symbol), capacity: share, choice: .expert, predictor: nil)
    if placement.readsAttention { (router.readsAttention, router.weighting) = (true, .none) }
    var result: [LayerGroup] = []
    let exchanged = groups.taken
    // A share that changes from layer to layer, and a score of the layer before, need them in turn.
    let count =
      decay != nil || placement.readsAttention
      ? try listedLayers() : number(layerCount).flatMap { Int(exactly: $0) } ?? 0
    let budgeted = try budgeted(placement, decay, of: count)
    guard placement.layers.last < count else {
      throw .exceeds(
        key: "the routed block", value: Int128(placement.layers.last) + 1,
        limit: "num_hidden_layers", limitValue: Int128(count))
    }
    for group in groups {
      let listed = try listed(group.indices)
      let routed = listed.filter(placement.layers.contains)
      let others = listed.filter { !placement.layers.contains($0) }
      if !others.isEmpty { result.append(LayerGroup(group.layer, .listed(others))) }
      guard !routed.isEmpty else { continue }
      guard group.layer.canBeRouted else {
        throw .notChanged(
          "mod", because: "a layer has a router already, a mixer, or tensors of its own",
          advice: "Take a model whose layers are attention and feed-forward.")
      }
      guard group.layer.blocks.allSatisfy(\.addsPlainly) else {
        throw .notChanged(
          "mod", because: "a layer does more to the stream than to add to it",
          advice: "Take a model without norms, factors or several streams around its additions.")
      }
      guard group.layer.exchanged.isDisjoint(with: exchanged) else { throw .exchanges("mod") }
      // Where the share changes from layer to layer, each is of a kind of its own.
      for indices in decay == nil ? [routed] : routed.map({ [$0] }) {
        if let decay {
          router.capacity = budgeted[indices[0]] ?? decay.share(at: indices[0], of: count)
        }
        guard let layer = group.layer.routed(by: router, placement.part) else {
          throw .notChanged(
            "mod", because: "a layer has no \(placement.part.rawValue) by itself",
            advice: "Route the whole block.")
        }
        result.append(LayerGroup(layer, .listed(indices)))
      }
    }
    groups = placement.readsAttention ? try result.leavingAttention(of: count) : result
  }

  /// The shares under a budget, by layer.
  private func budgeted(
    _ placement: DepthPlacement, _ decay: CapacityDecay?, of count: Int
  ) throws(DescriptionError) -> [Int: Formula] {
    guard let budget = placement.budget, let decay else { return [:] }
    let routed = (0..<count).filter(placement.layers.contains)
    let curve = try routed.map { layer throws(DescriptionError) in
      guard let share = decay.share(at: layer, of: count).evaluated(in: values).constant else {
        throw .notFree(key: "κ", reason: "a mean shifts the shares of the blocks one by one")
      }
      return share
    }
    return Dictionary(
      uniqueKeysWithValues: zip(routed, try budget.shares(curve).map { Formula($0) }))
  }

  func listed(_ indices: LayerGroup.Indices) throws(DescriptionError) -> [Int] {
    switch indices {
    case .listed(let list): return list
    case .range(let first, let end):
      guard let first = number(first).flatMap({ Int(exactly: $0) }),
        let end = number(end).flatMap({ Int(exactly: $0) })
      else {
        throw .notFree(
          key: "num_hidden_layers", reason: "the routed blocks are told apart one by one")
      }
      guard end <= 1_000_000 else {
        throw .tooManyLayers(key: "num_hidden_layers", count: Int128(end), limit: 1_000_000)
      }
      return Array(first..<max(first, end))
    }
  }
}

/// Mixture-of-Depths and experts: where both stand.
///
/// - Source: Raposo et al. 2024, §5, <https://arxiv.org/abs/2404.02258>. That the other blocks are
///   dense, and how many experts do nothing, are choices; see `docs/designing.md`.
extension Model {
  mutating func place(_ mode: Transformation.DepthExperts) throws(DescriptionError) {
    guard groups.contains(where: { $0.layer.isConditional }) else {
      throw .notChanged(
        "mode", because: "the model has no depth routers",
        advice: "Add them first, with mod=κ/n.")
    }
    guard hasExperts else {
      throw .notChanged(
        "mode", because: "the model has no experts", advice: "Make them first, with upcycle=E/K.")
    }
    var idle: Formula?
    for group in groups.indices {
      let router = groups[group].layer.conditions.first?.router
      if mode == .integrated { groups[group].layer.conditions = [] }
      for block in groups[group].layer.blocks.indices {
        for branch in groups[group].layer.blocks[block].branches.indices {
          let module = groups[group].layer.blocks[block].branches[branch].module
          guard case .mixtureOfExperts(var mixture) = module else { continue }
          guard let router else {
            groups[group].layer.blocks[block].branches[branch].module =
              .feedForward(mixture.expert)
            continue
          }
          guard mode == .integrated else { continue }
          if idle == nil { idle = try noOpExperts(mixture, router) }
          try mixture.addNoOp(idle ?? 0, for: "mode")
          settleScored(&mixture)
          groups[group].layer.blocks[block].branches[branch].module = .mixtureOfExperts(mixture)
        }
      }
    }
  }

  /// Adds no-op experts until the real ones are the share *κ* of all.
  private mutating func noOpExperts(
    _ mixture: MixtureOfExperts, _ router: DepthRouter
  ) throws(DescriptionError) -> Formula {
    let idle = (mixture.experts / router.capacity - mixture.experts).evaluated(in: values)
    if let value = idle.constant, !value.isWhole {
      throw .notASize(key: "the number of no-op experts, E/κ - E,", found: "\(value)", least: 0)
    }
    if idle.constant == nil { requirements.append(Requirement(idle, .multiple, 1)) }
    return bind(.noOpExperts, idle)
  }
}

extension Layer {
  /// Whether nothing in the layer needs every token.
  var canBeRouted: Bool {
    !isConditional && repeats.isEmpty && idle.isEmpty && runs == 1
      && blocks.allSatisfy { $0.depth == nil && $0.leavesStream == nil }
      && !branches.contains { $0.module.isMixer || $0.module.convolves }
  }
}

extension DescriptionError {
  /// A layer that cannot run on some tokens, because it shares values of all with another.
  static func exchanges(_ change: String) -> Self {
    .notChanged(
      change, because: "a layer takes from another, or gives it, what is of every token",
      advice: "Take a model whose layers share no caches, keys or tables.")
  }
}

extension Operation {
  /// What it takes from other programs, or leaves to them.
  fileprivate var legacy: Legacy? {
    if case .take(let legacy) = self { return legacy }
    if case .leave(_, let legacy) = self { return legacy }
    return nil
  }
}

extension Layer {
  /// The values of every token that it takes from other layers, or leaves to them.
  var exchanged: Set<Legacy> {
    Set(
      program.allSteps.compactMap { step in
        guard let legacy = step.operation.legacy else { return nil }
        return legacy.isOfEveryToken || legacy.isOfWeights ? nil : legacy
      })
  }
}

extension [LayerGroup] {
  /// The values of every token that some layer takes from others.
  var taken: Set<Legacy> {
    Set(
      flatMap { group in
        group.layer.program.allSteps.compactMap { step -> Legacy? in
          if case .take(let legacy) = step.operation { legacy } else { nil }
        }
      })
  }
}
