import Architecture
import Symbolic

extension AttentionHeads {
  /// What it takes to average the weights that the keys of new tokens receive from the new queries: an
  /// addition for each weight that is computed, and a product for each token.
  ///
  /// - Source: Gadhikar et al. 2024 (A-MoD), §3, <https://arxiv.org/abs/2412.20875>.
  func received(over stream: Stream) -> OperationCounts {
    var new = stream
    new.past = 0
    return OperationCounts([
      .add: stream.sequences * heads * new.pairs(reach), .multiply: stream.rows,
    ])
  }
}
