import Architecture
import Symbolic

extension Routing {
  /// Pairs of a token and an expert that are computed.
  ///
  /// With places that are padded these are all places, filled or not. Else they are the filled ones:
  /// at the least, when all tokens choose the same experts, those of *K* experts, less the experts that
  /// do nothing; evenly, the mean of `Formula.filled`.
  func slots(
    _ stream: Stream, _ filling: MixtureOfExperts.Filling, active real: Formula
  ) -> Formula {
    if case .met(let slots, _) = filling, slotsDependOnData { return slots }
    let tokens = stream.rows
    if runsEvery { return tokens * experts }
    if isOfConstants { return pairs(of: experts, stream, filling) }
    let idle = scored - experts
    var active = real
    if !idle.isZero {
      switch filling {
      case .least: active = .maximum(0, chosen - idle)
      case .even: active = chosen * experts / scored
      case .all, .met: break
      }
    }
    guard let capacity else { return tokens * active }
    let places = places(of: capacity, stream)
    let all = capacity.groups(of: experts) * stream.runs * places
    guard slotsDependOnData else { return all }
    switch filling {
    case .all, .met: return .minimum(tokens * active, all)
    case .even:
      return capacity.groups(of: experts)
        * .filled(
          tokens: tokens, choices: chosen, of: scored, own: capacity.sharing(of: experts),
          places: places)
    case .least:
      guard capacity.devices != nil else { return active * .minimum(tokens, stream.runs * places) }
      // All tokens choose all experts of as few devices as can be.
      let own = capacity.sharing(of: experts)
      let whole = Formula.floor(active / own)
      return whole * .minimum(own * tokens, stream.runs * places)
        + .minimum((active - own * whole) * tokens, stream.runs * places)
    }
  }

  /// Whether the data decide how many places the experts compute.
  private var slotsDependOnData: Bool {
    guard router.rule != .expertChoice, !runsEvery else { return false }
    return isOfConstants || (capacity.map { !$0.isPadded } ?? (scored != experts))
  }

  /// Pairs of a token and an expert that returns its input.
  func returned(_ stream: Stream, _ filling: MixtureOfExperts.Filling) -> Formula {
    guard !returning.isZero, !isOfConstants, router.rule != .expertChoice else { return 0 }
    if case .met(_, let returned) = filling { return returned }
    return pairs(of: returning, stream, filling)
  }

  /// Pairs of a token and one of some of the experts that are scored.
  private func pairs(
    of some: Formula, _ stream: Stream, _ filling: MixtureOfExperts.Filling
  ) -> Formula {
    switch filling {
    case .all, .met: stream.rows * .minimum(chosen, some)
    case .least: stream.rows * .maximum(0, chosen - (scored - some))
    case .even: stream.rows * chosen * some / scored
    }
  }

  /// The places of one expert, or of one device, in a pass that runs.
  private func places(of capacity: ExpertSlots, _ stream: Stream) -> Formula {
    capacity.count(
      tokens: stream.rows, choices: router.rule == .expertChoice ? 1 : chosen, scored: scored,
      experts: experts)
  }

  /// Whether a hash chooses and nothing scores, so that all chosen experts weigh the same.
  var weighsAlike: Bool { router.rule == .hash && router.gates.isEmpty }

  /// From the scores of a stream's tokens to the weights of their experts.
  func counts(_ stream: Stream) -> OperationCounts {
    var counts = stream.rows * each
    if let capacity, router.rule == .expertChoice || capacity.keeping == .best {
      // Each token that an expert, or a device, takes is found by one look at the scores of all.
      counts =
        counts
        + OperationCounts([
          .compare: capacity.groups(of: experts) * stream.runs * places(of: capacity, stream)
            * capacity.sharing(of: experts) * stream.rows
        ])
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
