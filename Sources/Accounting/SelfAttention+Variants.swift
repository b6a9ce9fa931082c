import Architecture
import Symbolic

extension RoutedQueries {
  /// The scores of the experts, the chosen maps of queries, and the sum of their outputs.
  ///
  /// The maps of outputs are counted with their attention.
  func work(rows: Formula) -> [Work] {
    let (experts, width) = (router.output, router.input)
    let numbers = rows * active * width
    // The softmax of the chosen scores, each found by one look at every score; each output times
    // its weight, added to the sum, and a bias.
    let counts =
      rows * ReferenceAlgorithms.softmax(active)
      + OperationCounts([
        .compare: rows * active * experts, .multiply: numbers, .add: numbers,
      ])
    return router.work(.attentionProjections, rows: rows)
      + [
        Work("experts", Elementwise(.routing, counts)),
        Work("experts", Elementwise(.bias, [.add: rows * width])),
      ] + map.work(.attentionProjections, rows: rows * active)
  }
}

extension SelfAttention {
  /// A bias of the scores of each key and key-value head: `e^(a·softplus(w·v))`, from the values of
  /// the whole cache in each pass, and added to every score.
  ///
  /// - Source: Shi et al. 2024, <https://arxiv.org/abs/2412.11834>; `DogeAttention` of transformers.
  func biasedScores(over stream: Stream) -> [Work] {
    guard let valueBias else { return [] }
    let keys = stream.sequences * stream.keys(reach)
    let counts =
      keys * valueBias.output
      * (ReferenceAlgorithms.softplus + OperationCounts([.multiply: 1, .exp: 1]))
      + OperationCounts([.add: stream.sequences * heads * stream.pairs(reach, ahead: ahead)]
      )
    return valueBias.work(.attentionProjections, rows: keys)
      + [Work(valueBias.name, Elementwise(.softmax, counts))]
  }
}
