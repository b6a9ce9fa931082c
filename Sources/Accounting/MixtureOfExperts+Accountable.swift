import Architecture
import Symbolic

extension MixtureOfExperts {
  /// The gate for every token, *K* experts for each, and the shared experts.
  ///
  /// `filling` says how many places of experts are filled, where the data decide.
  func work(over stream: Stream, filling: Filling) -> [Work] {
    let rows = stream.rows
    let slots = slots(stream, filling)
    var work = router.gates.work(.router, rows: rows)
    work.append(Work("router", Elementwise(.routing, rows * routing + looks(stream))))
    let runs = stream.runs * experts
    work += expert.work(.routedExperts, rows: slots, runs: runs).map { $0.within(path) }
    work.append(Work("combine", Elementwise(.routing, combination(slots: slots, rows: rows))))
    if addsBias { work.append(Work("bias", Elementwise(.bias, [.add: rows * width]))) }
    if let shared {
      work += shared.work(.sharedExperts, rows: rows, runs: stream.runs)
        .map { $0.within(sharedPath) }
      work.append(Work(sharedPath, Elementwise(.routing, sharing(rows))))
    }
    return work
  }

  /// How many places of experts are taken to be filled, where the data decide.
  enum Filling {
    /// Every place of a kernel of fixed shape, which is as many as can be.
    case all
    /// As few as can be.
    case least
    /// Those expected if tokens choose evenly among the experts and those that do nothing; of a
    /// limited capacity all.
    case even
    /// As many as one pass has met.
    case met(Formula)
  }

  /// Pairs of a token and an expert that are computed.
  ///
  /// With a limited capacity these are all places, filled up or not; at the least, when all tokens
  /// choose the same experts, those of *K* experts, less the experts that do nothing.
  private func slots(_ stream: Stream, _ filling: Filling) -> Formula {
    let tokens = stream.rows
    if case .met(let slots) = filling, dependsOnData { return slots }
    if runsEveryExpert { return tokens * experts }
    var active = self.active
    if !idle.isZero {
      switch filling {
      case .least: active = .maximum(0, chosen - idle)
      case .even: active = chosen * experts / scored
      case .all, .met: break
      }
    }
    guard let places = places(stream) else { return tokens * active }
    guard case .least = filling, dependsOnData else { return experts * places }
    return active * .minimum(tokens, places)
  }

  /// The places of one expert, where they are limited: no more than there are tokens, and one at
  /// least.
  private func places(_ stream: Stream) -> Formula? {
    guard let capacity else { return nil }
    let choices = router.rule == .expertChoice ? capacity : capacity * chosen
    let share = Formula.floor(choices * stream.rows / scored)
    return stream.runs * .maximum(1, .minimum(stream.rows, share))
  }

  /// Whether the data decide how many places are filled.
  var dependsOnData: Bool {
    router.rule != .expertChoice && !runsEveryExpert && (!idle.isZero || capacity != nil)
  }

  /// The width of what an expert returns.
  private var width: Formula { expert.output.output }

  /// Whether a hash chooses and nothing scores, so that all chosen experts weigh the same.
  private var weighsAlike: Bool { router.rule == .hash && router.gates.isEmpty }

  /// From a token's scores to the weights of its experts.
  private var routing: OperationCounts {
    guard !weighsAlike else { return .none }
    let scores = scored
    var counts: OperationCounts
    switch router.scoring {
    case .softmax: counts = ReferenceAlgorithms.softmax(scores)
    case .softmaxOfChosen: counts = ReferenceAlgorithms.softmax(chosen)
    case .sigmoid: counts = scores * ReferenceAlgorithms.sigmoid
    case .rootOfSoftplus:
      counts = scores * (ReferenceAlgorithms.softplus + OperationCounts([.sqrt: 1]))
    case .raw: counts = .none
    }
    if router.addsScores { counts = counts + OperationCounts([.add: scores]) }
    // Corrections and groups are for the choice of a token; experts that choose do without.
    let isTokenChoice = router.rule != .expertChoice
    if router.isCorrected, isTokenChoice { counts = counts + OperationCounts([.add: scores]) }
    if let groups = router.groups, isTokenChoice {
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
      counts = counts + OperationCounts([.compare: chosen * scores])
    }
    // Experts that choose keep the share that the softmax gave them.
    if router.normalizes, isTokenChoice {
      counts = counts + OperationCounts([.add: chosen, .divide: chosen])
    }
    if router.isScaled, isTokenChoice {
      counts = counts + OperationCounts([.multiply: chosen])
    }
    return counts
  }

  /// Each token that an expert chooses is found by one look at the scores of all tokens.
  private func looks(_ stream: Stream) -> OperationCounts {
    guard router.rule == .expertChoice, let places = places(stream) else { return .none }
    return OperationCounts([.compare: experts * places * stream.rows])
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
