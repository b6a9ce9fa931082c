import Architecture
import Symbolic

extension MixtureOfExperts: Accountable {
  /// The gate for every token, *K* experts for each, and the shared experts.
  func work(over stream: Stream) -> [Work] {
    let rows = stream.rows
    let slots = slots(rows)
    var work = router.gates.work(.router, rows: rows)
    work.append(Work("router", Elementwise(.routing, rows * routing + looks(rows))))
    work += expert.work(.routedExperts, rows: slots).map { $0.within(path) }
    work.append(Work("combine", Elementwise(.routing, combination(slots: slots, rows: rows))))
    if addsBias { work.append(Work("bias", Elementwise(.bias, [.add: rows * width]))) }
    if let shared {
      work += shared.work(.sharedExperts, rows: rows).map { $0.within(sharedPath) }
      work.append(Work(sharedPath, Elementwise(.routing, sharing(rows))))
    }
    return work
  }

  /// Pairs of a token and an expert that are computed for so many tokens.
  ///
  /// With a limited capacity these are all places, filled up or not; at the least, when all tokens
  /// choose the same experts, those of *K* experts.
  func slots(_ tokens: Formula) -> Formula {
    if runsEveryExpert { return tokens * experts }
    let active = assumesLeast ? leastActive ?? self.active : self.active
    guard let capacity else { return tokens * active }
    if router.rule == .expertChoice {
      return experts * .maximum(1, .floor(capacity * tokens / experts))
    }
    let places = Formula.maximum(1, .floor(capacity * active * tokens / experts))
    return assumesLeast ? active * .minimum(tokens, places) : experts * places
  }

  /// Whether the data decide how many places are filled.
  var dependsOnData: Bool {
    leastActive != nil || (capacity != nil && router.rule == .tokenChoice)
  }

  /// The width of what an expert returns.
  private var width: Formula { expert.output.output }

  /// Whether a hash chooses and nothing scores, so that all chosen experts weigh the same.
  private var weighsAlike: Bool { router.rule == .hash && router.gates.isEmpty }

  /// From a token's scores to the weights of its experts.
  private var routing: OperationCounts {
    guard !weighsAlike else { return .none }
    let scores = router.addsScores ? experts : router.gates.first?.output ?? experts
    var counts: OperationCounts
    switch router.scoring {
    case .softmax: counts = ReferenceAlgorithms.softmax(scores)
    case .softmaxOfChosen: counts = ReferenceAlgorithms.softmax(active)
    case .sigmoid: counts = scores * ReferenceAlgorithms.sigmoid
    case .rootOfSoftplus:
      counts = scores * (ReferenceAlgorithms.softplus + OperationCounts([.sqrt: 1]))
    case .raw: counts = .none
    }
    if router.addsScores { counts = counts + OperationCounts([.add: scores]) }
    if router.isCorrected { counts = counts + OperationCounts([.add: scores]) }
    if let groups = router.groups {
      // The best of each group, added up, and then each of the groups that are kept.
      counts =
        counts
        + OperationCounts([
          .compare: router.groupBest * scores + (router.keptGroups ?? groups) * groups,
          .add: router.groupBest == .one ? 0 : router.groupBest * groups,
        ])
    }
    // Each of the chosen is found by one look at every score.
    if router.rule == .tokenChoice {
      counts = counts + OperationCounts([.compare: active * scores])
    }
    // Experts that choose keep the share that the softmax gave them.
    if router.normalizes, router.rule != .expertChoice {
      counts = counts + OperationCounts([.add: active, .divide: active])
    }
    if router.isScaled, router.rule != .expertChoice {
      counts = counts + OperationCounts([.multiply: active])
    }
    return counts
  }

  /// Each token that an expert chooses is found by one look at the scores of all tokens.
  private func looks(_ rows: Formula) -> OperationCounts {
    router.rule == .expertChoice ? OperationCounts([.compare: slots(rows) * rows]) : .none
  }

  /// Each expert's answer times its weight, added to the answer of the layer.
  private func combination(slots: Formula, rows: Formula) -> OperationCounts {
    let numbers = slots * width
    let weighed = weighsInside ? slots * expert.width : numbers
    return OperationCounts([.multiply: weighsAlike ? 0 : weighed, .add: numbers])
  }

  /// The shared answer, under a gate where it has one, added to that of the layer.
  private func sharing(_ rows: Formula) -> OperationCounts {
    let numbers = rows * width
    let sum = OperationCounts([.add: numbers])
    guard router.gates.count > 1 else { return sum }
    return sum + rows * ReferenceAlgorithms.sigmoid + OperationCounts([.multiply: numbers])
  }
}
