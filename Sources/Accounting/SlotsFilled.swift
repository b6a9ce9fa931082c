package import Architecture
package import Symbolic

/// How many choices of the tokens of one pass reach a slot of an expert, in a layer.
package struct SlotsFilled: Hashable, Sendable {
  /// The layers in which it is so.
  package var layers: Evaluated
  /// *C*: the places of one expert, or of the experts of one device together; nil without a limit.
  package let places: Evaluated?
  /// Pairs of a token and an expert that computes, before any is dropped: *N·K*, less those of experts
  /// that do nothing, if every token chooses evenly among all.
  package let chosen: Evaluated
  /// Rows that the experts compute: filled slots, or all where they are padded.
  package let computed: Evaluated
  /// The least number of pairs that reach a slot: all tokens choose the same experts.
  package let least: Evaluated
  /// The mean number of them over all choices that are as likely as each other.
  package let expected: Evaluated
  /// The most there can be.
  package let most: Evaluated
  /// How many of the experts of one token compute, at the least, on the mean and at the most.
  package let ofOneToken: (least: Evaluated, expected: Evaluated, most: Evaluated)?

  /// Pairs that are dropped, on the mean.
  package var dropped: Evaluated { chosen - expected }

  /// One of each kind of layer in which experts have limited places or some do nothing.
  ///
  /// - Throws: `DescriptionError.arithmetic` if a number needs more than 128 bits.
  package static func kinds(_ ledger: OperationLedger) throws(DescriptionError) -> [SlotsFilled] {
    guard ledger.workload.generated == 0, ledger.workload.packed.isEmpty else { return [] }
    var kinds: [SlotsFilled] = []
    for group in ledger.model.groups {
      for (branch, router) in group.layer.runBranches where !branch.runs.isZero {
        guard case .mixtureOfExperts(let mixture) = branch.module,
          !mixture.runsEveryExpert, mixture.capacity != nil || !mixture.idle.isZero
        else { continue }
        let stream = router?.inner(Stream(ledger.workload), .expected) ?? Stream(ledger.workload)
        let filled = try SlotsFilled(mixture, stream, group, ledger)
        if let known = kinds.firstIndex(where: { $0.isSame(as: filled) }) {
          kinds[known].layers += filled.layers
        } else {
          kinds.append(filled)
        }
      }
    }
    return kinds
  }

  private init(
    _ mixture: MixtureOfExperts, _ stream: Stream, _ group: LayerGroup, _ ledger: OperationLedger
  ) throws(DescriptionError) {
    func value(_ formula: Formula) throws(DescriptionError) -> Evaluated {
      try ledger.value(formula, "The number of filled slots")
    }
    // The same experts without padding: a slot counts once a token fills it.
    var plain = mixture
    plain.capacity?.isPadded = false
    let (routing, own) = (plain.routing, mixture.routing)
    layers = try value(group.indices.count)
    let choosing = mixture.router.rule == .expertChoice
    places = try mixture.capacity.map { (capacity) throws(DescriptionError) in
      try value(
        capacity.count(
          tokens: stream.rows, choices: choosing ? 1 : mixture.chosen, scored: mixture.scored,
          experts: mixture.experts))
    }
    computed = try value(
      own.slots(stream, .even, active: mixture.active))
    expected = try value(routing.slots(stream, .even, active: mixture.active))
    least = try value(routing.slots(stream, .least, active: mixture.active))
    most = try value(routing.slots(stream, .all, active: mixture.active))
    let even = mixture.chosen * mixture.experts / mixture.scored
    chosen = choosing ? expected : try value(stream.rows * even)
    ofOneToken =
      mixture.idle.isZero || choosing
      ? nil
      : (
        try value(.maximum(0, mixture.chosen - mixture.idle)), try value(even),
        try value(mixture.active)
      )
  }

  private func isSame(as other: SlotsFilled) -> Bool {
    var copy = other
    copy.layers = layers
    return self == copy
  }
}

extension SlotsFilled {
  package static func == (one: SlotsFilled, other: SlotsFilled) -> Bool {
    one.list == other.list
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(list) }

  private var list: [Evaluated?] {
    [
      layers, places, chosen, computed, least, expected, most, ofOneToken?.least,
      ofOneToken?.expected, ofOneToken?.most,
    ]
  }
}
