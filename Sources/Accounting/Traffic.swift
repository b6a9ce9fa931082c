package import Architecture
package import Symbolic

/// What one pass reads and writes of memory, where activations stay on the chip.
///
/// Every weight that some token meets is read once, of a table one row for each token. Keys and
/// values are read or written once each; a recurrent state is read, where there is one from before,
/// and written.
package struct Traffic: Sendable {
  /// The bytes of weights.
  package let weights: Formula
  /// The elements of caches and states.
  package let cache: Formula
  /// The elements of recurrent states that are read and written.
  package let state: Formula

  /// What a pass moves, with `assumption` for what only the data decide: of what tokens choose, as
  /// little as can be, what is expected if each chooses evenly and for itself, or as much as can be.
  package init(
    _ model: Model, _ workload: Workload, weights format: WeightFormat,
    assuming assumption: DepthRouter.Assumption
  ) {
    self.init(
      model, workload, weights: format, assuming: assumption,
      programs: model.groups.map(\.layer.program))
  }

  /// The same, where the programs of the groups of layers are known.
  init(
    _ model: Model, _ workload: Workload, weights format: WeightFormat,
    assuming assumption: DepthRouter.Assumption, programs: [Program]
  ) {
    guard !workload.hasParts else {
      func total(_ figure: (Traffic) -> Formula) -> Formula {
        workload.total(model.values) {
          figure(
            Traffic(model, $0, weights: format, assuming: assumption, programs: programs))
        }
      }
      var row = workload
      row.packed = []
      // The sequences of a row meet the weights together.
      weights =
        workload.packed.isEmpty
        ? total(\.weights)
        : Traffic(
          model, row, weights: format, assuming: assumption, programs: programs
        ).weights
      cache = total(\.cache)
      state = total(\.state)
      return
    }
    let stream = model.stream(workload)
    let stored = StoredWeights(model, format)
    let outside = (model.head + model.tail).filter { !$0.runs.isZero }
    var weights = outside.map { branch in
      branch.weights.map { weight in
        let isHead = model.tiesEmbeddings && model.head.first?.weights.contains(weight) == true
        return weight.read(by: stream.rows, isHead: isHead)
          * stored.bytes(of: weight, in: branch, nil)
      }.sum()
    }.sum()
    let isKept = workload.phase != .train
    var (cache, state): (Formula, Formula) = (0, 0)
    if isKept {
      cache = outside.map { $0.runs * $0.module.cacheElements(after: stream) }.sum()
    }
    for (group, program) in zip(model.groups, programs) {
      let layers = group.indices.count
      weights +=
        layers
        * group.layer.weightsRead(by: stream, assumption) { weight, branch in
          stored.bytes(of: weight, in: branch, group.indices)
        }
      guard isKept else { continue }
      func inner(_ router: DepthRouter?) -> Stream {
        router?.inner(stream, assumption) ?? stream
      }
      cache += layers * group.layer.cacheElements(inner)
      if group.layer.conditions.contains(where: \.router.isExit), workload.phase == .decode {
        // Of tokens that have left, keys and values are written, and none is read.
        cache += layers * group.layer.cacheElements { $0?.writing(stream, assumption) ?? stream }
      }
      state += layers * group.layer.stateElements(program, inner)
    }
    self.weights = weights
    self.cache = cache
    self.state = workload.past == 0 ? state : 2 * state
  }
}

extension Traffic {
  /// The bytes of it all, where `value` puts sizes in.
  func bytes(cache format: NumberFormat, _ value: (Formula) -> Evaluated) -> Evaluated {
    value(weights) + cacheBytes(format, value)
  }

  /// Those of caches and states.
  func cacheBytes(_ format: NumberFormat, _ value: (Formula) -> Evaluated) -> Evaluated {
    value(cache + state) * format.bytes
  }
}

extension Layer {
  /// The bytes of the weights of one layer that some token meets; `bytes` are those of a number.
  fileprivate func weightsRead(
    by stream: Stream, _ assumption: DepthRouter.Assumption, _ bytes: (Weight, Branch) -> Formula
  ) -> Formula {
    var parts: [Formula] = []
    for (branch, router) in conditionalBranches where !branch.runs.isZero {
      if case .depthRouter(let router) = branch.module {
        parts += router.weightsRead(by: stream).map { $0.count * bytes($0, branch) }
        continue
      }
      let choosing = Choosing(stream, router, assumption)
      let kept = router?.isExit == true ? keyWeights : []
      var routing: MixtureOfExperts?
      if case .mixtureOfExperts(let mixture) = branch.module { routing = mixture }
      if let routing, let constants = routing.constants, assumption != .none {
        parts.append(
          choosing.share(meeting: routing.chosen / routing.scored)
            * constants.weights.map { $0.count * bytes($0, branch) }.sum())
      }
      for weight in branch.weights where !weight.activeShare.isZero {
        let size = bytes(weight, branch)
        if kept.contains(weight) {
          parts.append(weight.count * size)
        } else if weight.activeShare == .one {
          parts.append(
            choosing.share(meeting: 1) * weight.read(by: stream.rows, isHead: false) * size)
        } else if weight.part == .router {
          // Of a router every token meets the same share.
          parts.append(choosing.share(meeting: 1) * weight.activeCount * size)
        } else if let routing {
          // Of maps that stand by themselves only those of experts that do something are read.
          let stored =
            weight.copies == .one ? weight.count : routing.experts * weight.shape.product()
          parts.append(choosing.share(ofExpertsReadIn: routing) * stored * size)
        } else {
          parts.append(choosing.share(meeting: weight.activeShare) * weight.count * size)
        }
      }
    }
    return parts.sum()
  }
}

extension Layer {
  /// What makes keys and values of tokens that attend to nothing.
  fileprivate var keyWeights: Set<Weight> {
    var found: Set<Weight> = []
    for block in blocks {
      for branch in block.branches {
        guard case .selfAttention(let attention) = branch.module else { continue }
        let own = attention.keysAndValues
        let inside = own.inputs.weights(.attention) + own.norms.flatMap { $0.weights(.attention) }
        found.formUnion(inside.map { $0.within(branch.path) })
        found.formUnion(
          block.inputNorms.flatMap { Branch("", .normalization($0)).weights })
      }
    }
    return found
  }
}

extension DepthRouter {
  /// The tokens of which nothing but keys and values is written.
  fileprivate func writing(_ stream: Stream, _ assumption: Assumption) -> Stream {
    var outer = outer(stream, assumption)
    outer.past = 0
    return outer
  }

  /// The router of every token; the predictor does not run over a prompt.
  fileprivate func weightsRead(by stream: Stream) -> [Weight] {
    var copy = self
    if stream.workload.phase == .prefill { copy.predictor = nil }
    return copy.weights
  }
}

extension Weight {
  /// The elements read for a number of tokens: of a table that is no head, a row for each.
  fileprivate func read(by tokens: Formula, isHead: Bool) -> Formula {
    if isBuffer { return 0 }
    return part == .embedding && !isHead ? tokens * (shape.last ?? 1) : count
  }
}

/// Tokens of which some may enter a block, and each of which chooses among experts there.
struct Choosing {
  let tokens: Formula
  /// The share of the tokens that enters, where each decides by itself.
  private let entering: Formula
  private let assumption: DepthRouter.Assumption
  /// Whether no token may enter.
  private let mayBeEmpty: Bool
  /// The sequences, where a draw lets in whole ones.
  private let drawn: Formula?

  init(_ stream: Stream, _ router: DepthRouter?, _ assumption: DepthRouter.Assumption) {
    self.assumption = assumption
    mayBeEmpty = router?.dependsOnData(stream.workload) ?? false
    drawn = mayBeEmpty && router?.draw != nil ? stream.sequences : nil
    tokens = mayBeEmpty ? stream.rows : (router?.inner(stream, assumption) ?? stream).rows
    entering = mayBeEmpty ? router?.capacity ?? 1 : 1
  }

  /// The share of things that some token meets, where each meets this share of them.
  ///
  /// It is `1 − (1 − s)^n` if each of *n* tokens chooses evenly and for itself.
  func share(meeting share: Formula) -> Formula {
    switch assumption {
    case .none: mayBeEmpty ? 0 : share
    case .expected: expectedShare(meeting: share)
    case .all: share == .one ? 1 : .minimum(1, share * tokens)
    }
  }

  private func expectedShare(meeting share: Formula) -> Formula {
    guard let drawn else {
      return share * entering == .one ? 1 : 1 - .power(1 - share * entering, tokens)
    }
    // All tokens of a sequence, or none.
    let ofOne: Formula = share == .one ? 1 : 1 - .power(1 - share, tokens / drawn)
    return 1 - .power(1 - entering * ofOne, drawn)
  }

  /// The share of the experts of a layer that some token chooses.
  ///
  /// A capacity takes none away: whoever is chosen has one place at least.
  func share(ofExpertsMetIn mixture: MixtureOfExperts) -> Formula {
    guard let chance = chance(ofExpertsIn: mixture) else { return share(meeting: 1) }
    return switch assumption {
    case .none: mayBeEmpty ? 0 : mixture.fewest / mixture.experts
    case .expected:
      drawn == nil
        ? 1 - .power(1 - chance, tokens) : expectedShare(meeting: mixture.chosen / mixture.scored)
    case .all: .minimum(1, tokens * mixture.active / mixture.experts)
    }
  }

  /// The share of the experts of a layer that are read.
  ///
  /// Where places are padded, all are computed, filled or not.
  func share(ofExpertsReadIn mixture: MixtureOfExperts) -> Formula {
    let isPadded = mixture.capacity?.isPadded ?? false
    if isPadded || mixture.router.rule == .expertChoice { return share(meeting: 1) }
    return share(ofExpertsMetIn: mixture)
  }

  /// The chance of one token to meet one expert, if it chooses evenly among all that are scored;
  /// nil where every expert works whoever chooses it, or every token chooses it.
  func chance(ofExpertsIn mixture: MixtureOfExperts) -> Formula? {
    if mixture.runsEveryExpert || mixture.router.rule == .expertChoice { return nil }
    let chance = entering * mixture.chosen / mixture.scored
    return chance == .one ? nil : chance
  }
}

extension MixtureOfExperts {
  /// The least number of experts that a token meets, where some that it chooses do nothing.
  ///
  /// Of experts that share their slots, one at least keeps a token on each device that is chosen.
  fileprivate var fewest: Formula {
    let own = idle.isZero ? active : .maximum(0, chosen - idle)
    guard let capacity, !capacity.isPadded, capacity.devices != nil else { return own }
    return .ceiling(own / capacity.sharing(of: experts))
  }
}
