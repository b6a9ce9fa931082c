package import Symbolic

/// Layers that run several times: which share their tensors, and whether tokens leave in between.
///
/// - Source: Bae et al. 2025 (Mixture-of-Recursions), Tables 1 and 5 and eq. 2.1,
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

    package var keepsEnds: Bool { self == .middleCycle || self == .middleSequence }
    package var isCycle: Bool { self == .cycle || self == .middleCycle }
  }

  package var steps: Int
  package var sharing: Sharing
  /// The share of the tokens that enters each recursion, if a router decides.
  package var shares: [Rational]?

  package init(steps: Int, sharing: Sharing, shares: [Rational]? = nil) {
    self.steps = steps
    self.sharing = sharing
    self.shares = shares
  }

  /// The shares of the paper: *N/N*, …, *1/N*.
  package static func even(_ steps: Int) -> [Rational] {
    (0..<steps).map { (try? Rational(Int128(steps - $0), over: Int128(steps))) ?? .one }
  }

  /// The least number of layers in which every recursion has two.
  package var leastDepth: Int { 2 * steps + (sharing.keepsEnds ? 2 : 0) }

  /// The layers between the ends.
  private func inner(of count: Int) -> Range<Int> {
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
    groups = try groups.map { group throws(DescriptionError) in
      LayerGroup(group.layer, .listed(try listed(group.indices)))
    }.repeated(recursion, of: count, width: Formula(Size.hidden.symbol))
  }

  private func listedLayers() throws(DescriptionError) -> Int {
    guard let count = number(layerCount).flatMap({ Int(exactly: $0) }), count <= 1_000_000 else {
      throw .notFree(
        key: "num_hidden_layers", reason: "the layers that share tensors are told apart one by one")
    }
    return count
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
      try recursion.route(&layer, index, of: count, width: width)
      if holder != index {
        layer.sharings.append(
          Layer.Sharing(Set(layer.blocks.flatMap(\.paths)).sorted(), holder: holder))
        layer.repeats = layer.blocks
        layer.blocks = []
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
    guard let shares, inner(of: count).contains(index) else { return }
    guard sharing.isCycle, !layer.isConditional, shares.count == steps else {
      throw .notChanged(
        "recursion",
        because: "tokens leave between whole recursions of layers without routers",
        advice: "Use cycle or middle_cycle, and route either depth or recursions.")
    }
    let (first, size) = (inner(of: count).lowerBound, inner(of: count).count / steps)
    let (step, place) = ((index - first) / size, (index - first) % size)
    func router(_ step: Int) -> DepthRouter {
      var router = DepthRouter(
        width: width, capacity: Formula(shares[step]), choice: .expert, predictor: nil)
      (router.path, router.weighting) = ("mor_router", .sigmoid)
      return router
    }
    var own = router(step)
    own.isHeldElsewhere = place > 0
    var condition = ConditionalDepth(own, layer.blocks.indices)
    condition.answer = .stream(begins: place == 0, ends: place == size - 1)
    if place > 0 {
      condition.entry = .following
    } else if step > 0 {
      var outer = router(step - 1)
      (outer.path, outer.isHeldElsewhere) = ("mor_router.before", true)
      condition.entry = .choosing(among: outer)
    }
    layer.conditions = [condition]
  }
}

extension Layer {
  /// Whether another layer may hold all its tensors.
  fileprivate var canRepeat: Bool {
    repeats.isEmpty && idle.isEmpty && injection == nil && runs == 1 && updates == nil
      && !blocks.flatMap(\.branches).contains { $0.module.isMixer }
  }
}
