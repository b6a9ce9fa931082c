import Architecture
import Symbolic

/// What one layer keeps for the next token.
extension Layer {
  /// The numbers in the caches of attention after a pass.
  func cacheElements(after stream: Stream) -> Formula {
    runs * modules.map { $0.runs * $0.module.cacheElements(after: stream) }.sum()
  }

  /// The numbers of recurrent states and of the last inputs of convolutions after a pass.
  func stateElements(after stream: Stream) -> Formula {
    runs * modules.map { $0.runs * $0.module.stateElements(after: stream) }.sum()
  }

  private var modules: [Branch] { (repeats + blocks).flatMap(\.branches) + extras }

  /// The tokens that the layer's cache holds after a pass: in a routed layer, those that entered.
  func kept(after stream: Stream, _ assumption: DepthRouter.Assumption) -> Stream {
    guard let router else { return stream }
    var kept = stream
    kept.past = router.cachedAfter(stream, assumption)
    kept.tokens = 0
    return kept
  }
}
