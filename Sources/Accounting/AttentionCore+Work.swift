import Architecture
import Symbolic

extension SelfAttention {
  /// Keys and values, and the keys of an indexer.
  func cacheElements(after stream: Stream) -> Formula {
    let vector = headSize + (valueSize ?? headSize)
    let own = source.isBorrowed ? 0 : stream.cachedAfter(reach) * keyValueHeads * vector
    let positions = stream.past + stream.tokens
    let indexed = (indexer?.headSize ?? 0) + (blockIndexer?.headSize ?? 0)
    return stream.sequences * (own + positions * indexed)
  }
}

/// The products of attention that have no weight, and what happens to the scores between them.
struct AttentionCore {
  var heads: Formula
  /// The width of a query and a key where they meet.
  var scoreSize: Formula
  var valueSize: Formula
  var reach: Reach
  /// How far a query sees back and ahead, if it sees ahead.
  var ahead: Reach?
  /// Keys of the whole past beside those within reach.
  var moreKeys: Formula = 0
  /// The pairs of queries and such keys that count, in one sequence.
  var morePairs: Formula = 0

  /// What happens to the scores before and in the softmax.
  struct Scores {
    var isScaled = true
    var isCapped = false
    var hasSinks = false
    var hasLinearBias = false
    var hasRelativeBias = false
    var scalesRelativeBias = false
    var hasValueBias = false
  }

  func work(over stream: Stream, _ scores: Scores) -> [Work] {
    let copies = stream.sequences * heads
    let pairs = stream.pairs(reach, ahead: ahead) + morePairs
    let isDense = stream.pairing == .dense
    let keys = stream.keys(reach) + moreKeys
    let numbers = copies * pairs
    let first =
      isDense
      ? Product(
        .attentionCore, role: .scores, copies: copies, rows: stream.tokens, inner: scoreSize,
        columns: keys)
      : Product(
        .attentionCore, role: .scores, copies: copies, rows: pairs, inner: scoreSize, columns: 1)
    let second =
      isDense
      ? Product(
        .attentionCore, role: .values, copies: copies, rows: stream.tokens, inner: keys,
        columns: valueSize)
      : Product(
        .attentionCore, role: .values, copies: copies, rows: pairs, inner: 1, columns: valueSize)
    var counts = ReferenceAlgorithms.softmax(
      scores.hasSinks ? numbers + copies * stream.tokens : numbers)
    if scores.isScaled { counts = counts + OperationCounts([.multiply: numbers]) }
    if scores.isCapped { counts = counts + numbers * ReferenceAlgorithms.cap }
    if scores.hasLinearBias {
      counts = counts + OperationCounts([.multiply: numbers, .add: numbers])
    }
    if scores.scalesRelativeBias { counts = counts + OperationCounts([.multiply: numbers]) }
    for isThere in [scores.hasRelativeBias, scores.hasValueBias] where isThere {
      counts = counts + OperationCounts([.add: numbers])
    }
    return [
      Work("scores", first), Work("softmax", Elementwise(.softmax, counts)),
      Work("values", second),
    ]
  }
}
