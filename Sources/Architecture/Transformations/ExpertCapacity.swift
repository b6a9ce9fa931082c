import Symbolic

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
  package var hasNoOpExperts: Bool { mixtures.contains { !$0.idle.isZero } }

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
  ///
  /// - Throws: `DescriptionError.notChanged` where the model has no experts, or for rules that
  ///   contradict each other or the model's router; `.notDivisible`.
  package mutating func limitExperts(
    to places: ExpertSlots, choosing: Bool
  ) throws(DescriptionError) {
    try refuse(places, choosing: choosing)
    try changeMixtures(for: "expert_capacity_factor") {
      (mixture, model) throws(DescriptionError) in
      if let devices = places.devices {
        try model.require(
          model.key(of: mixture.experts), mixture.experts, .multiple, "expert_capacity_devices",
          devices)
      }
      mixture.capacity = places
      // An expert that gathers tokens for its slots leaves the other tokens out.
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
    if hasExpertsOfAttention {
      operationNotes.append(
        "expert_capacity_factor limits feed-forward experts, not those of attention.")
    }
    guard !choosing else { return }
    operationNotes.append(places.note(hasNoOpExperts: hasNoOpExperts))
  }

  private func refuse(
    _ places: ExpertSlots, choosing: Bool
  ) throws(DescriptionError) {
    if choosing {
      let other: (key: String, isThere: Bool)? = [
        ("expert_capacity_padding=false", !places.isPadded),
        ("expert_drop_policy=best", places.keeping == .best),
        ("expert_capacity_devices", places.devices != nil),
      ].first { $0.isThere }
      if let other {
        throw .notChanged(
          other.key, because: "experts that choose take exactly as many tokens as they have slots",
          advice: "Leave it out, or take expert_routing=token_choice.")
      }
      guard !hasHashedExperts else {
        throw .notChanged(
          "expert_routing=expert_choice", because: "a hash of the token chooses experts",
          advice: "Leave it out, or take a model whose gates choose.")
      }
      guard !mixtures.contains(where: { $0.constants != nil }) else {
        throw .notChanged(
          "expert_routing=expert_choice",
          because: "the model has constant experts, which "
            + "nothing published lets choose",
          advice: "Leave it out.")
      }
    }
    if places.devices != nil, places.isPadded {
      throw .notChanged(
        "expert_capacity_devices",
        because: "the experts of a device share its slots, so that "
          + "no expert has slots of its own to pad",
        advice: "Add expert_capacity_padding=false, or 'drop' to the change.")
    }
    if places.keeping == .best, mixtures.contains(where: { $0.router.gates.isEmpty }) {
      throw .notChanged(
        "expert_drop_policy=best",
        because: "a hash of the token chooses experts, and nothing "
          + "scores",
        advice: "Leave it out.")
    }
  }

  /// Gives all experts that a router scores a size of their own, in every layer.
  package mutating func settleScored() throws(DescriptionError) {
    guard hasNoOpExperts else { return }
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

extension ExpertSlots {
  /// What a report says of the rule.
  fileprivate func note(hasNoOpExperts: Bool) -> String {
    let scored = hasNoOpExperts ? "(E+E₀)" : "E"
    let (left, right) = rounding == .floor ? ("⌊", "⌋") : ("⌈", "⌉")
    let kept = keeping == .first ? "those that come first" : "those of the highest weights"
    if devices != nil {
      return "The experts of a device take at most max(1, min(N·min(K, m), "
        + "\(left)c·K·N·m/\(scored)\(right))) choices of N tokens, m = E/D, \(kept). "
        + "The figures are the mean over all choices that are as likely as each other."
    }
    let rule =
      "An expert takes at most max(1, min(N, \(left)c·K·N/\(scored)\(right))) of N tokens "
      + "(c = expert_capacity_factor), \(kept). "
    return rule
      + (isPadded
        ? "The figures count every slot, filled or not."
        : "The figures are the mean over all choices that are as likely as each other.")
  }
}
