import Architecture
import Symbolic

extension Routing {
  /// Pairs of a token and an expert that are computed.
  ///
  /// With a limited capacity these are all places, filled up or not; at the least, when all tokens
  /// choose the same experts, those of *K* experts, less the experts that do nothing.
  func slots(
    _ stream: Stream, _ filling: MixtureOfExperts.Filling, active real: Formula
  ) -> Formula {
    let tokens = stream.rows
    let idle = scored - experts
    let isFixed = router.rule == .expertChoice || runsEvery
    let dependsOnData = !isFixed && (!idle.isZero || capacity != nil)
    if case .met(let slots) = filling, dependsOnData { return slots }
    if runsEvery { return tokens * experts }
    var active = real
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

  /// Whether a hash chooses and nothing scores, so that all chosen experts weigh the same.
  var weighsAlike: Bool { router.rule == .hash && router.gates.isEmpty }

  /// From the scores of a stream's tokens to the weights of their experts.
  func counts(_ stream: Stream) -> OperationCounts {
    var counts = stream.rows * each
    if router.rule == .expertChoice, let places = places(stream) {
      // Each token that an expert chooses is found by one look at the scores of all tokens.
      counts = counts + OperationCounts([.compare: experts * places * stream.rows])
    }
    return counts
  }

  /// What a norm of one token's weights has beside their sum.
  private var root: OperationCounts {
    switch router.divisor {
    case .sum: .none
    case .rootOfSquares: OperationCounts([.multiply: chosen, .sqrt: 1])
    case .sumOfLogarithms:
      // ln σ(x) = 0 − ln(1 + e^(0−x)) of each; less ln Σ e^x of these; and e to the power of that.
      OperationCounts([
        .subtract: 3 * weighed, .exp: 3 * weighed, .add: 2 * weighed, .log: weighed + 1,
      ])
    case .norm:
      // Powers are e^(p·ln x), and the root is e^(ln(x)/p).
      OperationCounts([.log: chosen + 1, .multiply: chosen, .divide: 1, .exp: chosen + 1])
    }
  }

  /// The experts that get a weight.
  private var weighed: Formula { chosen + always }

  /// From one token's scores to the weights of its experts.
  private var each: OperationCounts {
    guard !weighsAlike else { return .none }
    var counts: OperationCounts
    switch router.scoring {
    case .softmax: counts = ReferenceAlgorithms.softmax(scored)
    case .softmaxOfChosen: counts = ReferenceAlgorithms.softmax(chosen)
    case .sigmoid: counts = (scored + always) * ReferenceAlgorithms.sigmoid
    case .sigmoidOfChosen: counts = chosen * ReferenceAlgorithms.sigmoid
    case .rootOfSoftplus:
      counts = scored * (ReferenceAlgorithms.softplus + OperationCounts([.sqrt: 1]))
    case .raw: counts = .none
    case .oneByOne:
      // For each choice: (greatest − x)/max(|x|, greatest) against the bound, then the softmax.
      counts =
        chosen
        * (ReferenceAlgorithms.softmax(scored)
          + OperationCounts([.subtract: scored, .divide: scored, .compare: 2 * scored]))
    }
    if router.cap != nil { counts = counts + scored * ReferenceAlgorithms.cap }
    // Corrections and groups are for the choice of a token; experts that choose do without, and
    // keep the share that the softmax gave them.
    guard router.rule != .expertChoice else { return counts }
    if router.correction != nil { counts = counts + OperationCounts([.add: scored]) }
    if let groups = router.groups {
      // The best of each group, added up, and then each of the groups that are kept.
      counts =
        counts
        + OperationCounts([
          .compare: router.groupBest * scored + (router.keptGroups ?? groups) * groups,
          .add: router.groupBest == .one ? 0 : router.groupBest * groups,
        ])
    }
    // Each of the chosen is found by one look at every score.
    if router.rule == .tokenChoice {
      counts = counts + OperationCounts([.compare: chosen * scored])
    }
    if router.normalizes, router.divisor == .sumOfLogarithms {
      counts = counts + root
    } else if router.normalizes {
      counts = counts + OperationCounts([.add: chosen, .divide: chosen]) + root
    }
    if router.normalizes, router.leastSum != nil {
      counts = counts + OperationCounts([.compare: 1])
    }
    for isThere in [router.scale != nil, expertScale != nil, factor != nil] where isThere {
      counts = counts + OperationCounts([.multiply: weighed])
    }
    return counts
  }
}
