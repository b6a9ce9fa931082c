import Architecture
import Symbolic

/// What one layer keeps for the next token.
extension Layer {
  /// The elements in the caches of attention, where `stream` are the tokens that pass a block behind
  /// a router, or without one.
  func cacheElements(_ stream: (DepthRouter?) -> Stream) -> Formula {
    runs
      * conditionalModules.map { module, router in
        module.runs * module.module.cacheElements(after: stream(router))
      }.sum()
  }

  /// The elements of recurrent states and of the last inputs of convolutions.
  func stateElements(_ program: Program, _ stream: (DepthRouter?) -> Stream) -> Formula {
    runs * program.stateElements(stream)
  }

  private var conditionalModules: [(Branch, DepthRouter?)] {
    (repeats + blocks).enumerated().flatMap { index, block in
      block.branches.map { ($0, router(ofBlock: index)) }
    }
  }
}

extension Stream {
  /// The tokens that a cache holds after a pass: behind a router, those that entered.
  func kept(behind router: DepthRouter?, _ assumption: DepthRouter.Assumption) -> Stream {
    guard let router else { return self }
    var kept = self
    kept.past = router.cachedAfter(self, assumption)
    kept.tokens = 0
    return kept
  }
}
