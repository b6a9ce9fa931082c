package import Symbolic

/// Layers that run several times: which share their tensors, and whether tokens leave in between.
///
/// - Source: Bae et al. 2025 (Mixture-of-Recursions), Tables 1 and 5, eq. 2.1 and 2.2, and §2.2.2,
///   <https://arxiv.org/abs/2507.10524>.
package struct Recursion: Hashable, Sendable {
  /// Which layer another repeats, with *N* recursions of a depth of *L*.
  package enum Sharing: String, CaseIterable, Hashable, Sendable {
    /// Layer *ℓ* is layer *ℓ* mod *L/N*.
    case cycle
    /// *N* neighbours are one layer.
    case sequence
    /// The same between a first and a last layer of their own.
    case middleCycle = "middle_cycle"
    case middleSequence = "middle_sequence"

    /// Whether the first and the last layer keep tensors of their own.
    package var keepsEnds: Bool { self == .middleCycle || self == .middleSequence }
    /// Whether whole recursions follow each other, and not copies of one layer.
    package var isCycle: Bool { self == .cycle || self == .middleCycle }
  }

  /// Who leaves between the recursions.
  package enum Routing: Hashable, Sendable {
    /// Each recursion takes its share of all tokens, the best of those that were in the one before.
    case expertChoice([Rational])
    /// Each token is assigned to a number of recursions before the first.
    case tokenChoice(RecursionAssignment.Gate)

    /// The word for it in a configuration.
    package var word: String {
      switch self {
      case .expertChoice: "expert_choice"
      case .tokenChoice: "token_choice"
      }
    }
  }

  /// Which keys and values a recursion attends to.
  package enum Cache: String, CaseIterable, Hashable, Sendable {
    /// Those of the tokens that are in it.
    case recursion
    /// Those of the first recursion, where every token is.
    case shared
  }

  /// The number of recursions, *N*.
  package var steps: Int
  /// Which layers share their tensors.
  package var sharing: Sharing
  /// How tokens leave between the recursions, if they do.
  package var routing: Routing?
  /// Which keys and values a recursion attends to.
  package var cache = Cache.recursion

  package init(steps: Int, sharing: Sharing, routing: Routing? = nil) {
    self.steps = steps
    self.sharing = sharing
    self.routing = routing
  }

  /// The shares of the paper: *N/N*, …, *1/N*.
  package static func even(_ steps: Int) -> [Rational] {
    (0..<steps).map { (try? Rational(Int128(steps - $0), over: Int128(steps))) ?? .one }
  }

  /// The least number of layers in which every recursion has two.
  package var leastDepth: Int { 2 * steps + (sharing.keepsEnds ? 2 : 0) }

  /// The layers between the ends.
  fileprivate func inner(of count: Int) -> Range<Int> {
    sharing.keepsEnds ? 1..<count - 1 : 0..<count
  }

  /// The layer that holds the tensors of another.
  package func holder(of layer: Int, of count: Int) -> Int {
    let inner = inner(of: count)
    guard inner.contains(layer) else { return layer }
    let (first, size) = (inner.lowerBound, inner.count / steps)
    return sharing.isCycle
      ? first + (layer - first) % size : first + (layer - first) / steps * steps
  }
}

extension Model {
  /// - Throws: `DescriptionError` if the depth does not divide, or layers that would be one differ.
  mutating func `repeat`(_ recursion: Recursion) throws(DescriptionError) {
    let count = try listedLayers()
    groups = try groups.repeated(recursion, of: count, width: Formula(Size.hidden.symbol))
  }

  mutating func listedLayers() throws(DescriptionError) -> Int {
    guard let count = number(layerCount).flatMap({ Int(exactly: $0) }), count <= 1_000_000 else {
      throw .notFree(
        key: "num_hidden_layers", reason: "the layers that share tensors are told apart one by one")
    }
    try numberInTurn()
    return count
  }

  /// Lists the layers, and numbers them in turn: those of a reduced model have gaps between them.
  private mutating func numberInTurn() throws(DescriptionError) {
    let numbers = try groups.map { group throws(DescriptionError) in try listed(group.indices) }
    let turn = Dictionary(
      numbers.joined().sorted().enumerated().map { ($1, $0) }, uniquingKeysWith: { one, _ in one })
    for (group, own) in numbers.enumerated() {
      groups[group].indices = .listed(own.compactMap { turn[$0] })
      for sharing in groups[group].layer.sharings.indices {
        let holder = groups[group].layer.sharings[sharing].holder
        groups[group].layer.sharings[sharing].holder = turn[holder] ?? holder
      }
    }
  }
}

extension [LayerGroup] {
  /// The layers, whose numbers are listed, of which some repeat others.
  package func repeated(
    _ recursion: Recursion, of count: Int, width: Formula
  ) throws(DescriptionError) -> [LayerGroup] {
    let ends = recursion.sharing.keepsEnds ? 2 : 0
    guard count > ends, (count - ends) % recursion.steps == 0 else {
      throw .notDivisible(
        key: ends == 0 ? "num_hidden_layers" : "num_hidden_layers - 2",
        value: Int128(count - ends), by: "recursion_steps", divisor: Int128(recursion.steps))
    }
    var layers: [Layer?] = .init(repeating: nil, count: count)
    for group in self {
      guard case .listed(let numbers) = group.indices else { continue }
      for index in numbers where index < count { layers[index] = group.layer }
    }
    var result: [LayerGroup] = []
    for index in 0..<count {
      guard var layer = layers[index] else { continue }
      let holder = recursion.holder(of: index, of: count)
      guard layers[holder]?.blocks == layer.blocks, layer.canRepeat else {
        throw .notChanged(
          "recursion",
          because:
            "layer \(index) would be layer \(holder), and has other parts or parts of its own",
          advice: "Take a model whose layers are alike.")
      }
      let isRouted = layer.isConditional
      try recursion.route(&layer, index, of: count, width: width)
      if holder != index {
        layer.sharings.append(
          Layer.Sharing(Set(layer.blocks.flatMap(\.paths)).sorted(), holder: holder))
        layer.repeats = layer.blocks
        layer.blocks = []
      }
      if recursion.cache == .shared, recursion.inner(of: count).contains(index) {
        guard !isRouted else {
          throw .notChanged(
            "recursion", because: "not every token leaves keys and values in a routed layer",
            advice: "Share the cache of recursions or route the layers, but not both.")
        }
        try layer.shareKeys(of: holder, isHolder: holder == index)
      }
      if let known = result.firstIndex(where: { $0.layer == layer }),
        case .listed(let others) = result[known].indices
      {
        result[known].indices = .listed(others + [index])
      } else {
        result.append(LayerGroup(layer, .listed([index])))
      }
    }
    return result
  }
}

extension Recursion {
  /// Puts the router of its recursion before a layer.
  fileprivate func route(
    _ layer: inout Layer, _ index: Int, of count: Int, width: Formula
  ) throws(DescriptionError) {
    guard let routing, inner(of: count).contains(index) else { return }
    guard sharing.isCycle, !layer.isConditional else {
      throw .notChanged(
        "recursion",
        because: "tokens leave between whole recursions of layers without routers",
        advice: "Use cycle or middle_cycle, and route either depth or recursions.")
    }
    let (first, size) = (inner(of: count).lowerBound, inner(of: count).count / steps)
    let (step, place) = ((index - first) / size, (index - first) % size)
    let ends = place == size - 1
    switch routing {
    case .expertChoice(let shares):
      guard shares.count == steps else {
        throw .wrongLength(key: "recursion_capacity", count: shares.count, expected: steps)
      }
      guard cache == .recursion || shares.first == .one else {
        throw .notChanged(
          "recursion", because: "a shared cache holds every token of the first recursion",
          advice: "Let the first recursion take the share 1, or leave the cache to each recursion.")
      }
      layer.conditions = [takingBest(shares, step, place, ends, layer.blocks.indices, width)]
    case .tokenChoice(let gate):
      layer.conditions = [assigning(gate, step, place, ends, layer.blocks.indices, width)]
    }
  }

  /// The best tokens of those that were in the recursion before.
  private func takingBest(
    _ shares: [Rational], _ step: Int, _ place: Int, _ ends: Bool, _ blocks: Range<Int>,
    _ width: Formula
  ) -> ConditionalDepth {
    func router(_ step: Int) -> DepthRouter {
      var router = DepthRouter(
        width: width, capacity: Formula(shares[step]), choice: .expert, predictor: nil)
      (router.path, router.weighting) = ("mor_router", .sigmoid)
      // Whoever sees a shared cache needs every token in it, while sampling too.
      router.admitsAll = cache == .shared && step == 0
      return router
    }
    var own = router(step)
    own.isHeldElsewhere = place > 0
    var condition = ConditionalDepth(own, blocks)
    condition.answer = .stream(begins: place == 0, ends: ends)
    if place > 0 {
      condition.entry = .following
    } else if step > 0 {
      var outer = router(step - 1)
      (outer.path, outer.isHeldElsewhere) = ("mor_router.before", true)
      condition.entry = .choosing(among: outer)
    }
    return condition
  }

  /// The tokens that were assigned to a number of recursions.
  ///
  /// Of *N* recursions *r* has the share *(N − r + 1)/N*, if each number is as likely.
  private func assigning(
    _ gate: RecursionAssignment.Gate, _ step: Int, _ place: Int, _ ends: Bool,
    _ blocks: Range<Int>, _ width: Formula
  ) -> ConditionalDepth {
    let assignment = RecursionAssignment(recursions: Formula(Int128(steps)), gate: gate)
    var router = DepthRouter(
      width: width, capacity: Formula(Self.even(steps)[step]), choice: .token, predictor: nil)
    router.path = "mor_router"
    router.assignment = assignment
    router.isHeldElsewhere = step > 0 || place > 0
    router.admitsAll = step == 0
    var condition: ConditionalDepth
    switch (step, place) {
    case (0, 0): condition = ConditionalDepth(router, blocks, .assigning(assignment))
    case (0, _): condition = ConditionalDepth(router, blocks, .everyone)
    case (_, 0):
      router.leastRecursions = step + 1
      condition = ConditionalDepth(router, blocks, .assigned)
    case (_, _): condition = ConditionalDepth(router, blocks, .following)
    }
    condition.answer = .recursion(step, ends: ends, isLast: step == steps - 1)
    return condition
  }
}

extension Layer {
  /// Whether another layer may hold all its tensors.
  fileprivate var canRepeat: Bool {
    repeats.isEmpty && idle.isEmpty && injection == nil && runs == 1 && updates == nil
      && !blocks.flatMap(\.branches).contains { $0.module.isMixer }
  }
}

extension Layer {
  /// Makes its attention leave keys and values to later recursions, or attend to those of the first.
  fileprivate mutating func shareKeys(
    of holder: Int, isHolder: Bool
  ) throws(DescriptionError) {
    for path in [\Layer.blocks, \Layer.repeats] {
      for block in self[keyPath: path].indices {
        for branch in self[keyPath: path][block].branches.indices {
          let module = self[keyPath: path][block].branches[branch].module
          guard case .selfAttention(let attention) = module else {
            guard !module.isOtherAttention else {
              throw .notChanged(
                "recursion", because: "its attention has no keys and values to share",
                advice: "Take a model with plain attention, or leave the cache to each recursion.")
            }
            continue
          }
          let kind = "recursion.\(holder)"
          self[keyPath: path][block].branches[branch].module = .selfAttention(
            isHolder ? try attention.lending(kind) : try attention.borrowing(kind))
        }
      }
    }
  }
}

extension Module {
  /// Whether it is attention over something else than keys and values of its own.
  fileprivate var isOtherAttention: Bool {
    switch self {
    case .latentAttention, .compressedAttention: true
    case .selfAttention, .embedding, .normalization, .linear, .head, .feedForward,
      .mixtureOfExperts, .depthRouter, .idle, .recurrent, .stream:
      false
    }
  }
}
