import Architecture
import Symbolic

extension KeyCompression {
  /// An entry for every window that the tokens complete.
  func work(over stream: Stream) -> [Work] {
    let entries = stream.sequences * stream.newBlocks(rate)
    let weighted = entries * (overlaps ? 2 * rate : rate) * width
    // The weights plus those of the places; softmax in each channel; the weighted sum.
    let mean =
      ReferenceAlgorithms.softmax(weighted)
      + OperationCounts([
        .multiply: weighted, .add: weighted + entries * rate * series,
      ])
    let rotation = ReferenceAlgorithms.rotation(vectors: entries, size: angles.size)
    return [
      Work("\(name).entries", Elementwise(.mixer, mean)), norm.work(rows: entries),
      Work("\(name).rotary", Elementwise(.rotary, rotation)),
    ]
  }

  /// The entries of the first positions of a sequence, and what the next entry will be made of.
  ///
  /// That is the share and the weight of every token that completes no window; where windows
  /// overlap, also the first half of both for the tokens of the last window.
  func cacheElements(after positions: Formula) -> Formula {
    let entries = Formula.floor(positions / rate)
    let waiting = 2 * (positions - rate * entries) * series
    return entries * width + waiting
      + (overlaps ? .minimum(1, entries) * 2 * rate * width : 0)
  }
}

extension Stream {
  /// The entries, each of `rate` tokens, that a dense kernel multiplies with each query.
  func entries(_ rate: Formula) -> Formula { .floor((past + tokens) / rate) }

  /// The pairs of query and entry that count, in one sequence.
  func entryPairs(_ rate: Formula, limit: Formula?) -> Formula {
    switch pairing {
    case .dense, .square: tokens * entries(rate)
    case .kept: blockPairs(rate, limit: limit)
    case .half, .area: halved { $0.tokens * $0.entries(rate) }
    }
  }
}

extension EntryIndexHeads {
  /// The score of every pair under each head, and their sum.
  func work(over stream: Stream) -> [Work] {
    let pairs = stream.sequences * stream.entryPairs(rate, limit: nil)
    // What is above zero is scaled, times the scaled weight of its head, and added up.
    let counts = OperationCounts([
      .multiply: 2 * pairs * heads + stream.rows * heads, .add: pairs * heads,
      .compare: pairs * heads + pairs,
    ])
    return [
      Work(
        "indexer.scores",
        Product(
          .attentionCore, role: .choice, copies: pairs, rows: heads, inner: headSize, columns: 1)),
      Work("indexer.scores", Elementwise(.softmax, counts)),
    ]
  }
}

extension EntryHeads {
  /// Scores, softmax and values of a stream.
  func work(over stream: Stream) -> [Work] {
    var core = AttentionCore(
      heads: heads.heads, scoreSize: heads.scoreSize, valueSize: heads.valueSize,
      reach: heads.reach)
    core.moreKeys = stream.entries(rate)
    core.morePairs = stream.entryPairs(rate, limit: limit)
    return core.work(
      over: stream,
      AttentionCore.Scores(isScaled: heads.scale != nil, hasSinks: heads.sinks != nil))
  }
}

extension CompressedAttention {
  /// Keys, which are also values; what compression keeps, and the keys of an indexer.
  ///
  /// Layers with a window alone keep both.
  func cacheElements(after stream: Stream) -> Formula {
    let vector = compression == nil ? 2 * headSize : headSize
    let positions = stream.past + stream.tokens
    let compressed = [compression, indexer?.keys].compactMap(\.self)
    return stream.sequences
      * (stream.cachedAfter(reach) * vector
        + compressed.map { $0.cacheElements(after: positions) }.sum())
  }
}
