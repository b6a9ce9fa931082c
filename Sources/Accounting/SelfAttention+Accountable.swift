import Architecture
import Symbolic

extension SelfAttention: Accountable {
  /// Projections of every token, and the core of every pair of query and key that counts.
  ///
  /// A query head multiplies its queries `[n, d_h]` by its group's keys `[d_h, S]`, and the weights
  /// `[n, S]` by the values `[S, d_v]`. Sharing keys among heads saves memory, not operations.
  ///
  /// - Source: Vaswani et al. 2017, eq. 1, <https://arxiv.org/abs/1706.03762>.
  func work(over stream: Stream) -> [Work] {
    let rows = stream.rows
    let core = AttentionCore(
      heads: heads, scoreSize: headSize, valueSize: valueSize ?? headSize, reach: reach,
      ahead: ahead)
    var work = inputs.work(.attentionProjections, rows: rows)
    work += norms.map { $0.work(rows: rows) }
    if case .rotary(let angles) = position {
      let vectors = rows * (heads + keyValueHeads)
      work.append(
        Work(
          "rotary",
          Elementwise(.rotary, ReferenceAlgorithms.rotation(vectors: vectors, size: angles.size))))
    }
    let attended = core.work(
      over: stream,
      AttentionCore.Scores(
        isScaled: scale != nil, isCapped: scoreCap != nil, hasSinks: sinks != nil,
        hasLinearBias: position == .linearBias))
    work += attended
    if let gate {
      work.append(core.gating(gate, gateFunction, rows: rows))
    }
    return work
      + output.work(.attentionProjections, rows: rows)
  }

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

  /// The function of each gate, and its product with the output of the heads.
  func gating(
    _ gate: OutputGate, _ function: GateFunction = .logistic, rows: Formula
  ) -> Work {
    let numbers = rows * heads * valueSize
    let gates = gate == .elements ? numbers : rows * heads
    return Work(
      "gate",
      Elementwise(
        .activations,
        gates * ReferenceAlgorithms.gate(function) + OperationCounts([.multiply: numbers])))
  }
}
