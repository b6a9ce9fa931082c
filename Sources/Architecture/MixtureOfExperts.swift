package import Symbolic

/// Feed-forward experts of which a router chooses some for each token.
///
/// - Source: Shazeer et al. 2017, <https://arxiv.org/abs/1701.06538>; Dai et al. 2024 (DeepSeekMoE,
///   shared experts), <https://arxiv.org/abs/2401.06066>.
package struct MixtureOfExperts: Hashable, Sendable {
  /// How a checkpoint stores the experts.
  package enum Layout: Hashable, Sendable {
    /// One set of tensors for each expert, with the expert's number in the name.
    case separate
    /// The tensors of all experts stacked under these names and shapes: one for each map, the map out
    /// last, and as many biases if there are some.
    ///
    /// Each expert's part is `[output, input]`, and `[input, output]` in the tensors named so.
    case stacked([Weight], biases: [Weight] = [], inputFirst: Set<String> = [])
  }

  /// The gate, and how its scores become a choice.
  package var router: Router
  /// The number of routed experts, *E*.
  package var experts: Formula
  /// How many of them one token meets, *K*.
  package var active: Formula
  /// One expert.
  package var expert: FeedForward
  /// The name of the list of experts, with `#` for an expert's number.
  package var path: String
  /// How a checkpoint stores the experts.
  package var layout: Layout
  /// The feed-forward layer every token passes beside the routed experts, and its name.
  package var shared: FeedForward?
  /// The path of the shared expert's tensors inside the mixture.
  package var sharedPath: String
  /// Experts behind the others that every token meets, with weights of the same router.
  package struct Always: Hashable, Sendable {
    /// One such expert.
    package var expert: FeedForward
    /// The number of such experts.
    package var count: Formula
    /// The path of their tensors inside the mixture.
    package var path: String
    /// The tensors that stack each map of all of them, the map out last.
    package var stack: [Weight]

    package init(_ path: String, _ expert: FeedForward, count: Formula, stack: [Weight]) {
      self.path = path
      self.expert = expert
      self.count = count
      self.stack = stack
    }

    /// The stacked tensors, with their names inside the mixture.
    package var weights: [Weight] { stack.map { $0.within(path) } }
  }

  /// Such experts, where a family has them.
  package var always: Always?
  /// Whether every expert computes every token, and the router's weights of zero discard most.
  package var runsEveryExpert = false
  /// How many tokens an expert takes, if that is limited.
  package var capacity: ExpertSlots?
  /// What is added to the sum of what the experts return, if anything.
  package var bias: Weight?
  /// What the weight of an expert multiplies.
  package enum Weighing: Hashable, Sendable {
    /// What it returns.
    case answers
    /// Its inner elements, before the map down.
    case innerNumbers
    /// What goes into it.
    case inputs
  }

  /// What the weight of an expert multiplies.
  package var weighing = Weighing.answers
  /// What the sum of the experts' answers is multiplied by, if anything.
  package var scale: Constant?
  /// What the sum with the shared answer is multiplied by, if anything.
  package var sharingScale: Constant?
  /// No-op experts: the router may choose them, and they compute nothing.
  package var idle: Formula = 0 {
    didSet { scored = experts + idle }
  }
  /// How many of them return their input, which then has its weight in the sum; they stand behind
  /// those that return nothing.
  package var returning: Formula = 0
  /// Those of them that return a mean of their input and a vector, behind the others.
  package var constants: ConstantExperts?
  /// All experts that the router scores, no-op experts included.
  package var scored: Formula
  /// Maps to a narrower stream on which the experts work, and back.
  package struct Latent: Hashable, Sendable {
    /// From `[T, d]` to the width on which the experts work.
    package var down: Linear
    /// From that width back to `[T, d]`.
    package var up: Linear

    package init(down: Linear, up: Linear) {
      self.down = down
      self.up = up
    }
  }

  /// Such maps, where a family has them.
  package var latent: Latent?
  /// Experts of another kind of token with their gate, which are stored and which no token of text
  /// meets.
  package var unmet: [Weight] = [] {
    didSet {
      for index in unmet.indices where !unmet[index].activeShare.isZero {
        unmet[index].activeShare = 0
      }
    }
  }
  /// How many experts the router chooses for a token, where that is more than the token can meet.
  package var choices: Formula?

  package init(
    router: Router, experts: Formula, active: Formula, expert: FeedForward,
    path: String = "experts.#", layout: Layout = .separate, shared: FeedForward? = nil,
    sharedPath: String = "shared_experts"
  ) {
    self.router = router
    self.experts = experts
    scored = experts
    self.active = active
    self.expert = expert
    self.path = path
    self.layout = layout
    self.shared = shared
    self.sharedPath = sharedPath
  }

  /// How many experts the router chooses for a token, no-op experts included.
  package var chosen: Formula { choices ?? active }

  /// The tensors: router, routed experts with their active share *K/E*, shared experts, latent
  /// maps.
  package var weights: [Weight] {
    router.weights + [bias].compactMap(\.self) + expertWeights
      + (shared?.weights(.sharedExperts) ?? []).map { $0.within(sharedPath) }
      + (always?.weights ?? []) + latentWeights + (constants?.weights ?? [])
      + unmet
  }

  /// The tensors of the maps to and from the narrower stream.
  package var latentWeights: [Weight] {
    latent.map { [$0.down, $0.up].weights(.mixer) } ?? []
  }

  /// The maps of the experts out, as they are among the weights.
  package var outputWeights: [Weight] {
    let all = expertWeights
    switch layout {
    case .separate:
      let own = expert.weights(.routedExperts)
      return zip(own, all).filter { $0.0 == expert.output.weights(.routedExperts)[0] }.map(\.1)
    case .stacked(let maps, _, _): return maps.isEmpty ? [] : [all[maps.count - 1]]
    }
  }

  /// The biases of the experts, as they are among the weights.
  package var biasWeights: [Weight] {
    let all = expertWeights
    switch layout {
    case .separate: return all.filter { $0.shape.count < 2 }
    case .stacked(let maps, _, _): return Array(all.dropFirst(maps.count))
    }
  }

  private var expertWeights: [Weight] {
    let share = active / experts
    switch layout {
    case .separate:
      return expert.weights(.routedExperts).map { weight in
        var copy = weight.within(path)
        copy.copies = experts
        copy.activeShare = share
        return copy
      }
    case .stacked(let maps, let biases, _):
      return (maps + biases).map { weight in
        var copy = weight
        // One tensor for each expert, or one that stacks them all.
        copy.activeShare = weight.copies == 1 ? share : active / weight.copies
        return copy
      }
    }
  }
}

extension Weight {
  /// The same tensor, which no pass of text reads.
  package var unread: Weight {
    var copy = self
    copy.isUnread = true
    return copy
  }

  /// The same tensor under a longer name.
  package func within(_ path: String) -> Weight {
    guard !path.isEmpty else { return self }
    var copy = self
    copy.name = "\(path).\(name)"
    return copy
  }
}
