import Symbolic

/// Mixture-of-Depths: of every so many blocks, one lets in only some of the tokens.
///
/// - Source: Raposo et al. 2024, §3, <https://arxiv.org/abs/2404.02258>.
extension Model {
  mutating func routeDepth(
    _ capacity: Evaluated, every: Int, offset: Int
  ) throws(DescriptionError) {
    let share = bind(.capacity, capacity)
    let router = DepthRouter(
      width: Formula(Size.hidden.symbol), capacity: share, choice: .expert, predictor: nil)
    var result: [LayerGroup] = []
    for group in groups {
      let listed = try listed(group.indices)
      let routed = listed.filter { $0 % every == offset }
      let others = listed.filter { $0 % every != offset }
      if !others.isEmpty { result.append(LayerGroup(group.layer, .listed(others))) }
      guard !routed.isEmpty else { continue }
      guard group.layer.canBeRouted else {
        throw .notChanged(
          "mod", because: "a layer has a router already, a mixer, or tensors of its own",
          advice: "Take a model whose layers are attention and feed-forward.")
      }
      var layer = group.layer
      layer.router = router
      result.append(LayerGroup(layer, .listed(routed)))
    }
    guard result.contains(where: { $0.layer.router != nil }) else {
      throw .exceeds(
        key: "the first routed block", value: Int128(offset) + 1, limit: "num_hidden_layers",
        limitValue: number(layerCount) ?? 0)
    }
    groups = result
  }

  private func listed(_ indices: LayerGroup.Indices) throws(DescriptionError) -> [Int] {
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
    guard groups.contains(where: { $0.layer.router != nil }) else {
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
      let router = groups[group].layer.router
      if mode == .integrated { groups[group].layer.router = nil }
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
          if idle == nil { idle = try idleExperts(mixture, router) }
          try mixture.addIdle(idle ?? 0)
          settleScored(&mixture)
          groups[group].layer.blocks[block].branches[branch].module = .mixtureOfExperts(mixture)
        }
      }
    }
  }

  /// So many experts that do nothing that the real ones are the share *κ* of all.
  private mutating func idleExperts(
    _ mixture: MixtureOfExperts, _ router: DepthRouter
  ) throws(DescriptionError) -> Formula {
    let idle = (mixture.experts / router.capacity - mixture.experts).evaluated(in: values)
    if let value = idle.constant, !value.isWhole {
      throw .notASize(key: "the number of idle experts, E/κ - E,", found: "\(value)", least: 0)
    }
    if idle.constant == nil { requirements.append(Requirement(idle, .multiple, 1)) }
    return bind(.idleExperts, idle)
  }
}

extension MixtureOfExperts {
  fileprivate mutating func addIdle(_ idle: Formula) throws(DescriptionError) {
    guard self.idle.isZero, router.vectors.isEmpty, let gate = router.gates.indices.first,
      router.gates[gate].output == experts
    else {
      throw .notChanged(
        "mode", because: "the router is more than a gate", advice: "Take a model with plain gates.")
    }
    router.gates[gate].output = experts + idle
    self.idle = idle
  }
}

extension Layer {
  /// Whether nothing in the layer needs every token.
  fileprivate var canBeRouted: Bool {
    router == nil && repeats.isEmpty && extras.isEmpty && runs == 1
      && !branches.contains { $0.module.isMixer }
  }
}
