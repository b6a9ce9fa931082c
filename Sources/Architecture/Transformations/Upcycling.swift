import Symbolic

extension Size {
  static let parts = Size("G", "granularity", "parts that a feed-forward layer is cut into")
  static let expansion = Size(
    "R", "expansion", "how many times as many parameters all experts have as the layer")
}

/// Sparse upcycling: dense feed-forward layers become the experts of a mixture, in all layers or in
/// some.
///
/// A token's experts are those of the highest scores, whose shares are made to sum to 1, as in
/// Mixtral.
///
/// - Source: Komatsuzaki et al. 2022, §3, <https://arxiv.org/abs/2212.05055>, who leave some layers
///   dense.
extension Model {
  mutating func upcycle(
    _ experts: Evaluated, _ active: Evaluated, in layers: DepthPlacement.Layers?
  ) throws(DescriptionError) {
    try requireDense("upcycle")
    let all = bind(.experts, experts)
    let some = bind(.activeExperts, active)
    try require("the experts of one token", some, .atMost, "upcycle", all)
    try replaceFeedForward("upcycle", in: layers) { feedForward, _ in
      MixtureOfExperts(
        router: Model.gate(of: all), experts: all, active: some, expert: feedForward)
    }
  }

  /// Fine-grained experts in place of a dense layer: *G·R* experts, each the *G*-th part of it, of
  /// which a token meets *G*.
  ///
  /// A token meets as many parameters as before; all experts together have *R* times as many.
  ///
  /// - Source: Krajewski et al. 2024, <https://arxiv.org/abs/2402.07871>: granularity
  ///   `G = d_ff/d_expert`, and the expansion rate of all experts over a dense layer.
  mutating func cut(
    _ parts: Evaluated, _ rate: Evaluated, in layers: DepthPlacement.Layers?
  ) throws(DescriptionError) {
    try requireDense("granularity")
    let (g, r) = (bind(.parts, parts), bind(.expansion, rate))
    let all = g * r
    try replaceFeedForward("granularity", in: layers) {
      (feedForward, model) throws(DescriptionError) in
      try model.require(
        model.key(of: feedForward.width), feedForward.width, .multiple, "granularity", g)
      return MixtureOfExperts(
        router: Model.gate(of: all), experts: all, active: g,
        expert: try feedForward.narrowed(to: feedForward.width / g, for: "granularity"))
    }
  }

  /// Experts of a width that follows from the granularity of the efficiency leverage,
  /// `G = 2·d/d_expert`, beside shared ones.
  ///
  /// - Source: Tian et al. 2025 (Ling), <https://arxiv.org/abs/2507.17702>: *E* routed experts of
  ///   which a token meets *E_a*, and *E_s* shared ones.
  mutating func widen(
    _ granularity: Rational, _ experts: Evaluated, _ active: Evaluated, _ shared: Evaluated,
    in layers: DepthPlacement.Layers?
  ) throws(DescriptionError) {
    try requireDense("leverage")
    let all = bind(.experts, experts)
    let some = bind(.activeExperts, active)
    try require("the experts of one token", some, .atMost, "leverage", all)
    let hidden = Formula(Size.hidden.symbol)
    let value = Formula.floor(2 * hidden / Formula(granularity)).evaluated(in: values)
    if let number = value.constant, number < .one {
      throw .notASize(key: "the width of an expert, 2·d/G,", found: "\(number)", least: 1)
    }
    let width = bind(.expertSize, value, .derived("⌊2·d/G⌋"))
    let beside = shared.isZero ? nil : bind(.sharedExperts, shared)
    try replaceFeedForward("leverage", in: layers) {
      (feedForward, _) throws(DescriptionError) in
      var mixture = MixtureOfExperts(
        router: Model.gate(of: all), experts: all, active: some,
        expert: try feedForward.narrowed(to: width, for: "leverage"))
      mixture.shared = try beside.map { (count) throws(DescriptionError) in
        try feedForward.narrowed(to: count * width, for: "leverage")
      }
      return mixture
    }
  }

  private static func gate(of experts: Formula) -> Router {
    var router = Router([Linear("gate", Formula(Size.hidden.symbol), experts)])
    router.normalizes = true
    return router
  }

  private func requireDense(_ change: String) throws(DescriptionError) {
    let branches = groups.flatMap(\.layer.branches)
    guard !branches.contains(where: \.hasExperts), branches.contains(where: \.isUpcyclable) else {
      throw .notChanged(
        change, because: "the model has experts already, or no feed-forward layers",
        advice: "Take a dense model.")
    }
  }

  /// Puts mixtures in the place of feed-forward layers, in all layers or in some.
  private mutating func replaceFeedForward(
    _ change: String, in layers: DepthPlacement.Layers?,
    _ body: (FeedForward, inout Model) throws(DescriptionError) -> MixtureOfExperts
  ) throws(DescriptionError) {
    var result: [LayerGroup] = []
    var isChanged = false
    if let layers {
      let count = number(layerCount).flatMap { Int(exactly: $0) } ?? 0
      guard layers.last < count else {
        throw .exceeds(
          key: "the last layer with experts", value: Int128(layers.last) + 1,
          limit: "num_hidden_layers", limitValue: Int128(count))
      }
    }
    var copy = self
    for group in groups {
      var (others, chosen) = ([Int](), group.indices)
      if let layers {
        let listed = try listed(group.indices)
        others = listed.filter { !layers.contains($0) }
        chosen = .listed(listed.filter(layers.contains))
      }
      if !others.isEmpty { result.append(LayerGroup(group.layer, .listed(others))) }
      if case .listed(let list) = chosen, list.isEmpty { continue }
      var layer = group.layer
      for block in layer.blocks.indices {
        for branch in layer.blocks[block].branches.indices {
          guard case .feedForward(let feedForward) = layer.blocks[block].branches[branch].module,
            feedForward.reception == nil
          else { continue }
          isChanged = true
          layer.blocks[block].branches[branch].module = .mixtureOfExperts(
            try body(feedForward, &copy))
        }
      }
      result.append(LayerGroup(layer, chosen))
    }
    guard isChanged else {
      throw .notChanged(
        change, because: "none of the layers that are given has a feed-forward layer",
        advice: "Give others.")
    }
    groups = result
    requirements = copy.requirements
  }
}

extension FeedForward {
  /// The same layer with another inner width.
  fileprivate func narrowed(
    to width: Formula, for change: String
  ) throws(DescriptionError) -> FeedForward {
    guard norms.isEmpty, vectors.isEmpty, inputs.allSatisfy({ $0.output == self.width }),
      output.input == self.width
    else {
      throw .notChanged(
        change, because: "the feed-forward layers are more than maps of one inner width",
        advice: "Take a model with layers of two or three maps.")
    }
    var copy = self
    copy.width = width
    for map in inputs.indices { copy.inputs[map].output = width }
    copy.output.input = width
    return copy
  }
}

extension Branch {
  fileprivate var hasExperts: Bool {
    if case .mixtureOfExperts = module { true } else { false }
  }

  fileprivate var isUpcyclable: Bool {
    if case .feedForward(let module) = module { module.reception == nil } else { false }
  }
}
