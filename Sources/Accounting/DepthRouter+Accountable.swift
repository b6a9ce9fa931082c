import Architecture
import Symbolic

extension DepthRouter {
  /// The comparisons that choose among some tokens of all: while a sequence is known whole, the best of it are found by one
  /// look at every score each; else each token is compared with a threshold.
  ///
  /// - Source: Raposo et al. 2024, eq. 1, <https://arxiv.org/abs/2404.02258>.
  func looks(_ stream: Stream, of whole: Stream) -> Formula {
    if admitsAll { return 0 }
    let isSampling = stream.workload.phase == .decode
    return choice == .expert && !isSampling ? stream.rows * entering(whole) : stream.rows
  }

  /// The number of tokens of a sequence that enter the block: *k = max(1, ⌊κ·T⌋)*.
  func entering(_ stream: Stream) -> Formula { chosen(of: stream.tokens) }

  private func chosen(of tokens: Formula) -> Formula {
    .maximum(1, .floor(capacity * tokens))
  }

  /// How many tokens a block is taken to let in, where that depends on the data.
  package enum Assumption: Hashable, Sendable {
    /// The share that the capacity says.
    case expected
    case none
    case all
  }

  /// Whether every token enters in such a pass.
  func admitsAll(in workload: Workload) -> Bool {
    admitsAll || draw == .inTraining && workload.phase != .train
      || isExit && workload.phase != .decode
  }

  /// Whether the number of tokens that enter depends on the data, or on a draw.
  func dependsOnData(_ workload: Workload) -> Bool {
    !admitsAll(in: workload)
      && (draw != nil || choice == .token || workload.phase == .decode)
  }

  /// The tokens that pass the block.
  func inner(_ stream: Stream, _ assumption: Assumption) -> Stream {
    if admitsAll(in: stream.workload) { return stream }
    var inner = stream
    inner.entering = dependsOnData(stream.workload) ? .decidedByData : .known
    if !dependsOnData(stream.workload) {
      inner.tokens = chosen(of: stream.tokens)
      inner.past = .minimum(stream.past, chosen(of: stream.past))
      return inner
    }
    switch assumption {
    case .all: return inner
    case .none:
      inner.sequences = 0
      return inner
    case .expected: break
    }
    if draw != nil {
      // Whole sequences enter, in each pass anew.
      (inner.sequences, inner.past) = (stream.sequences * capacity, stream.past * capacity)
      return inner
    }
    if isExit {
      inner.sequences = stream.sequences * capacity
      return inner
    }
    let isExpertChoice = choice == .expert
    inner.past =
      isExpertChoice
      ? .minimum(stream.past, chosen(of: stream.past)) : capacity * stream.past
    if stream.workload.phase == .decode {
      // A token enters whole, with the probability of the capacity.
      inner.sequences = stream.sequences * capacity
    } else {
      inner.tokens = capacity * stream.tokens
    }
    return inner
  }

  /// The positions of one sequence in the block's cache after the pass.
  func cachedAfter(_ stream: Stream, _ assumption: Assumption) -> Formula {
    if isExit { return stream.past + stream.tokens }
    let inner = inner(stream, assumption)
    guard dependsOnData(stream.workload) else {
      return inner.past + inner.tokens
    }
    switch assumption {
    case .all: return stream.past + stream.tokens
    case .none: return 0
    case .expected: return inner.past + capacity * stream.tokens
    }
  }

  /// The tokens that do not pass the block, where something is done with them too.
  func outer(_ stream: Stream, _ assumption: Assumption) -> Stream {
    var outer = stream
    outer.entering = .decidedByData
    switch assumption {
    case .all: outer.sequences = 0
    case .none: break
    case .expected: outer.sequences = stream.sequences * (1 - capacity)
    }
    return outer
  }
}
