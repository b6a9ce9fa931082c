import Symbolic

extension Size {
  static let segments = Size("m", "segment", "parts that an expert is cut into")
  static let isolated = Size("E_i", "shared", "routed experts that every token meets instead")
  static let remaining = Size("E_r", "routed_experts", "experts that are still routed")
}

/// Fine-grained segmentation: *m·E* experts of width *f_e/m*, of which a token meets *m·K*.
///
/// The parameters and products of the experts stay what they are; the router grows with them.
///
/// - Source: Dai et al. 2024 (DeepSeekMoE), §3.1, <https://arxiv.org/abs/2401.06066>.
extension Model {
  mutating func segment(_ parts: Evaluated) throws(DescriptionError) {
    let m = bind(.segments, parts)
    try changeMixtures(for: "segment") { (mixture, model) throws(DescriptionError) in
      try model.require(
        model.key(of: mixture.expert.width), mixture.expert.width, .multiple, "segment", m)
      try mixture.change(
        for: "segment", besides: model.broughtSizes, experts: m * mixture.experts,
        active: m * mixture.active,
        width: mixture.expert.width / m)
      model.settleScored(&mixture)
    }
  }
}

/// Shared-expert isolation: *E_i* experts are met by every token, which meets *E_i* fewer of the
/// others.
///
/// - Source: Dai et al. 2024 (DeepSeekMoE), §3.2, <https://arxiv.org/abs/2401.06066>.
extension Model {
  mutating func share(_ count: Evaluated) throws(DescriptionError) {
    let shared = bind(.isolated, count)
    // A size of its own, because a share of a difference is no formula.
    var remaining: Formula?
    try changeMixtures(for: "shared") { (mixture, model) throws(DescriptionError) in
      try model.require(
        "shared", shared, .atMost, "the experts that a token meets less one", mixture.active - 1)
      let added = try mixture.expert.widened(by: shared)
      mixture.shared =
        try mixture.shared.map { (old) throws(DescriptionError) in
          try old.joined(with: added)
        } ?? added
      let rest =
        remaining
        ?? model.bind(
          .remaining, (mixture.experts - shared).evaluated(in: model.values),
          .derived("the experts without those that are shared"))
      remaining = rest
      try mixture.change(
        for: "shared", besides: model.broughtSizes, experts: rest,
        active: mixture.active - shared)
      model.settleScored(&mixture)
    }
  }
}

extension Model {
  /// The sizes that changes of experts have brought into the formulas.
  fileprivate var broughtSizes: Set<Symbol> {
    Set(
      sizes.filter { ["segment", "shared", "routed_experts"].contains($0.key) }.map(\.size.symbol))
  }
}

extension MixtureOfExperts {
  /// Gives the experts another number, choice or width, in everything that follows from them.
  fileprivate mutating func change(
    for change: String, besides brought: Set<Symbol>, experts newExperts: Formula,
    active newActive: Formula,
    width newWidth: Formula? = nil
  ) throws(DescriptionError) {
    func symbol(_ formula: Formula, _ preferred: Size) throws(DescriptionError) -> Symbol {
      if formula.symbols.contains(preferred.symbol) { return preferred.symbol }
      let own = formula.symbols.subtracting(brought)
      guard own.count == 1, let only = own.first else { throw Self.unsupported(change) }
      return only
    }
    let (all, some, width) = (
      try symbol(experts, .experts), try symbol(active, .activeExperts),
      try symbol(expert.width, .expertSize)
    )
    guard Set([all, some, width]).count == 3 else { throw Self.unsupported(change) }
    substitute([
      all: try Self.replacement(all, in: experts, giving: newExperts, for: change),
      some: try Self.replacement(some, in: active, giving: newActive, for: change),
      width: try Self.replacement(
        width, in: expert.width, giving: newWidth ?? expert.width, for: change),
    ])
  }

  /// What to put for a symbol, so that a formula that is linear in it becomes another.
  private static func replacement(
    _ symbol: Symbol, in formula: Formula, giving target: Formula, for change: String
  ) throws(DescriptionError) -> Formula {
    guard let slope = try? formula.derivative(in: symbol), !slope.symbols.contains(symbol) else {
      throw unsupported(change)
    }
    let result = Formula(symbol) + (target - formula) / slope
    guard result.fault == nil else { throw unsupported(change) }
    return result
  }

  private static func unsupported(_ change: String) -> DescriptionError {
    .notChanged(
      change, because: "the number or the width of the experts follows from other sizes",
      advice: "Take experts with a number, a choice and a width of their own.")
  }

  /// Replaces sizes in everything but the shared experts.
  fileprivate mutating func substitute(_ values: [Symbol: Formula]) {
    func new(_ formula: Formula) -> Formula { formula.substituting(values) }
    experts = new(experts)
    active = new(active)
    idle = new(idle)
    choices = choices.map(new)
    expert.substitute(values)
    for gate in router.gates.indices {
      router.gates[gate].input = new(router.gates[gate].input)
      router.gates[gate].output = new(router.gates[gate].output)
    }
    for weight in [\Router.inputVector, \.expertScale, \.correction, \.factor, \.table] {
      router[keyPath: weight] = router[keyPath: weight]?.substituting(values)
    }
    bias = bias?.substituting(values)
    if case .stacked(let maps, let biases, let names) = layout {
      layout = .stacked(
        maps.map { $0.substituting(values) }, biases: biases.map { $0.substituting(values) },
        inputFirst: names)
    }
  }
}

extension FeedForward {
  fileprivate mutating func substitute(_ values: [Symbol: Formula]) {
    width = width.substituting(values)
    for map in inputs.indices { inputs[map].output = inputs[map].output.substituting(values) }
    output.input = output.input.substituting(values)
    vectors = vectors.map { $0.substituting(values) }
    for norm in norms.indices {
      norms[norm].shape = norms[norm].shape.map { $0.substituting(values) }
    }
  }

  /// `count` of these layers side by side, as one layer.
  fileprivate func widened(by count: Formula) throws(DescriptionError) -> FeedForward {
    guard norms.isEmpty, vectors.isEmpty, reception == nil else {
      throw .notChanged(
        "shared", because: "the experts have norms or vectors of their own",
        advice: "Take experts of two or three maps.")
    }
    var copy = self
    copy.width = count * width
    for map in inputs.indices { copy.inputs[map].output = count * inputs[map].output }
    copy.output.input = count * output.input
    return copy
  }

  /// Two layers side by side, as one.
  fileprivate func joined(with other: FeedForward) throws(DescriptionError) -> FeedForward {
    guard inputs.count == other.inputs.count, norms.isEmpty, vectors.isEmpty else {
      throw .notChanged(
        "shared", because: "the model has a shared expert of another form",
        advice: "Take a model whose shared experts are as the routed ones.")
    }
    var copy = self
    copy.width = width + other.width
    for map in inputs.indices {
      copy.inputs[map].output = inputs[map].output + other.inputs[map].output
    }
    copy.output.input = output.input + other.output.input
    return copy
  }
}

extension Weight {
  fileprivate func substituting(_ values: [Symbol: Formula]) -> Weight {
    var copy = self
    copy.shape = shape.map { $0.substituting(values) }
    copy.copies = copies.substituting(values)
    copy.activeShare = activeShare.substituting(values)
    return copy
  }
}
