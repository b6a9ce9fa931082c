package import Symbolic

extension Size {
  static let scoredExperts = Size(
    "E_a", "scored_experts", "experts that a router scores, those that do nothing included")
}

/// Capacities of experts, and experts that choose: what `expert_capacity_factor` and
/// `expert_routing` say, which no family has of its own.
extension Model {
  /// Whether any layer has experts behind a router.
  package var hasExperts: Bool { !mixtures.isEmpty }

  /// Whether a hash of the token chooses the experts of any layer.
  package var hasHashedExperts: Bool { mixtures.contains { $0.router.rule == .hash } }

  /// Whether a router may choose experts that do nothing.
  package var hasIdleExperts: Bool { mixtures.contains { !$0.idle.isZero } }

  /// Whether an expert takes no more than a share of the tokens.
  package var hasLimitedExperts: Bool { mixtures.contains { $0.capacity != nil } }

  private var mixtures: [MixtureOfExperts] {
    groups.flatMap { $0.layer.repeats + $0.layer.blocks }.flatMap(\.branches).compactMap { branch in
      if case .mixtureOfExperts(let mixture) = branch.module { mixture } else { nil }
    }
  }

  /// Whether queries have experts of their own.
  package var hasExpertsOfAttention: Bool {
    groups.flatMap(\.layer.branches).contains { branch in
      if case .selfAttention(let attention) = branch.module {
        attention.routedQueries != nil
      } else {
        false
      }
    }
  }

  /// Limits the experts of every layer to a share of the tokens; they may choose these themselves.
  package mutating func limitExperts(
    to capacity: Formula, choosing: Bool
  ) throws(DescriptionError) {
    try changeMixtures(for: "expert_capacity_factor") {
      (mixture, model) throws(DescriptionError) in
      mixture.capacity = capacity
      // An expert that gathers tokens for its places leaves the other tokens out.
      mixture.runsEveryExpert = false
      if choosing {
        mixture.router.rule = .expertChoice
        // Nothing is chosen for a token that a softmax could be over.
        switch mixture.router.scoring {
        case .softmaxOfChosen, .oneByOne: mixture.router.scoring = .softmax
        case .sigmoidOfChosen: mixture.router.scoring = .sigmoid
        case .softmax, .sigmoid, .rootOfSoftplus, .raw: break
        }
      }
      model.settleScored(&mixture)
    }
  }

  /// Gives all experts that a router scores a size of their own, in every layer.
  package mutating func settleScored() throws(DescriptionError) {
    guard hasIdleExperts else { return }
    try changeMixtures(for: "num_noop_experts") { $1.settleScored(&$0) }
  }

  /// Gives all experts that a router scores a size of their own where some do nothing, because a
  /// share of a sum is no formula.
  mutating func settleScored(_ mixture: inout MixtureOfExperts) {
    guard !mixture.idle.isZero else {
      mixture.scored = mixture.experts
      return
    }
    let value = (mixture.experts + mixture.idle).evaluated(in: values)
    let known = sizes.first { $0.key == Size.scoredExperts.key && $0.value == value }
    mixture.scored =
      known.map { Formula($0.size.symbol) }
      ?? bind(.scoredExperts, value, .derived("the experts and those that do nothing"))
  }
}
