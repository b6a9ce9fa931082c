package import Architecture
package import Symbolic

/// How many experts of a layer the tokens of one pass meet together.
package struct ExpertsMet: Hashable, Sendable {
  /// The layers in which it is so.
  package var layers: Evaluated
  /// The experts that there are in each.
  package let experts: Evaluated
  /// If all tokens choose the same.
  package let least: Evaluated
  /// If every token chooses evenly and for itself.
  package let expected: Evaluated
  /// By how much the expectation may be off, where it needs more than 128 bits.
  package let within: Evaluated?
  /// If no two choose the same.
  package let most: Evaluated

  /// One of each kind of layer with experts, in the order of the layers.
  ///
  /// - Throws: `DescriptionError.arithmetic` if a number needs more than 128 bits.
  static func kinds(_ ledger: OperationLedger) throws(DescriptionError) -> [ExpertsMet] {
    // Each pass meets others.
    guard ledger.workload.generated == 0 else { return [] }
    var kinds: [ExpertsMet] = []
    for (_, _, met) in try lists(ledger) {
      if let known = kinds.firstIndex(where: { $0.isSame(as: met) }) {
        kinds[known].layers += met.layers
      } else {
        kinds.append(met)
      }
    }
    return kinds
  }

  /// The same for each layer by itself, with the path of its list of experts, where those that no
  /// token meets do not run.
  ///
  /// - Throws: `DescriptionError.arithmetic`, also for a number of layers that was left free.
  package static func places(
    _ ledger: OperationLedger
  ) throws(DescriptionError) -> [(path: String, met: ExpertsMet)] {
    var places: [(path: String, met: ExpertsMet)] = []
    // Where places are padded every expert runs, whether a token meets it or not.
    for (group, name, met) in try lists(ledger, runsForTokens: true) {
      for layer in try ledger.layers(of: group) {
        places.append(("\(ledger.model.layersPath).\(layer).\(name)", met))
      }
    }
    return places
  }

  /// Every list of experts that runs: its group of layers, its name in the layer, what is met.
  private static func lists(
    _ ledger: OperationLedger, runsForTokens: Bool = false
  ) throws(DescriptionError) -> [(group: LayerGroup, name: String, met: ExpertsMet)] {
    var lists: [(group: LayerGroup, name: String, met: ExpertsMet)] = []
    let stream = Stream(ledger.workload)
    for group in ledger.model.groups {
      for (branch, router) in group.layer.runBranches where !branch.runs.isZero {
        guard case .mixtureOfExperts(let mixture) = branch.module else { continue }
        let isPadded = mixture.capacity?.isPadded == true && mixture.router.rule != .expertChoice
        if runsForTokens, isPadded { continue }
        let met = try ExpertsMet(
          mixture, in: group, { Choosing(stream, router, $0) }, ledger)
        let name = branch.path.isEmpty ? mixture.path : "\(branch.path).\(mixture.path)"
        lists.append((group, name, met))
      }
    }
    return lists
  }

  private init(
    _ mixture: MixtureOfExperts, in group: LayerGroup,
    _ choosing: (DepthRouter.Assumption) -> Choosing, _ ledger: OperationLedger
  ) throws(DescriptionError) {
    func value(_ formula: Formula) throws(DescriptionError) -> Evaluated {
      try ledger.value(formula, "The number of experts met")
    }
    func met(_ assumption: DepthRouter.Assumption) throws(DescriptionError) -> Evaluated {
      try value(mixture.experts * choosing(assumption).share(ofExpertsMetIn: mixture))
    }
    layers = try value(group.indices.count)
    experts = try value(mixture.experts)
    least = try met(.none)
    most = try met(.all)
    let expectation = choosing(.expected)
    guard let share = expectation.chance(ofExpertsIn: mixture) else {
      expected = try met(.expected)
      within = nil
      return
    }
    // Alone it may take all 128 bits; as a part of other figures less.
    let missed = try value(1 - share)
    let tokens = try value(expectation.tokens)
    if let base = missed.constant, let count = tokens.wholeConstant,
      let exact = base.exactPower(count), let all = experts.constant,
      let number = try? all.multiplied(by: Rational.one.adding(exact.negated()))
    {
      expected = Evaluated(number)
      within = nil
    } else {
      expected = try met(.expected)
      within = expected.constant == nil ? nil : experts * Evaluated(Rational.grain)
    }
  }

  private func isSame(as other: ExpertsMet) -> Bool {
    var copy = other
    copy.layers = layers
    return self == copy
  }
}
