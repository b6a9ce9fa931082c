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
      heads: heads, scoreSize: headSize, valueSize: valueSize ?? headSize, reach: reach)
    var work = inputs.work(.attentionProjections, rows: rows)
    work += norms.map { $0.work(rows: rows) }
    work += routedQueries?.work(rows: rows) ?? []
    work += indexer?.work(over: stream) ?? []
    if case .rotary(let size, _) = position {
      let vectors = rows * (heads + keyValueHeads)
      work.append(
        Work(
          "rotary",
          Elementwise(.rotary, ReferenceAlgorithms.rotation(vectors: vectors, size: size))))
    }
    work += biasedScores(over: stream)
    let attended = core.work(
      over: stream,
      AttentionCore.Scores(
        isScaled: scalesScores, isCapped: capsScores, hasSinks: hasSinks,
        hasLinearBias: position == .linearBias))
    work += isDifferential ? attended.map { $0.times(2) } + [difference(rows)] : attended
    if let gate {
      work.append(core.gating(gate, rows: rows))
    }
    return work
      + output.work(.attentionProjections, rows: rows * (routedQueries?.active ?? 1))
  }

  func cacheElements(after stream: Stream) -> Formula {
    sharesCache
      ? 0
      : stream.sequences * stream.cachedAfter(reach) * keyValueHeads
        * (headSize + (valueSize ?? headSize))
  }
}

/// The products of attention that have no weight, and what happens to the scores between them.
struct AttentionCore {
  var heads: Formula
  /// The width of a query and a key where they meet.
  var scoreSize: Formula
  var valueSize: Formula
  var reach: Reach

  /// What happens to the scores before and in the softmax.
  struct Scores {
    var isScaled = true
    var isCapped = false
    var hasSinks = false
    var hasLinearBias = false
  }

  func work(over stream: Stream, _ scores: Scores) -> [Work] {
    let copies = stream.sequences * heads
    let pairs = stream.pairs(reach)
    let isDense = stream.workload.mask == .full
    let keys = stream.keys(reach)
    let numbers = copies * pairs
    let first =
      isDense
      ? Product(
        .attentionCore, copies: copies, rows: stream.tokens, inner: scoreSize, columns: keys)
      : Product(.attentionCore, copies: copies, rows: pairs, inner: scoreSize, columns: 1)
    let second =
      isDense
      ? Product(
        .attentionCore, copies: copies, rows: stream.tokens, inner: keys, columns: valueSize)
      : Product(.attentionCore, copies: copies, rows: pairs, inner: 1, columns: valueSize)
    var counts = ReferenceAlgorithms.softmax(
      scores.hasSinks ? numbers + copies * stream.tokens : numbers)
    if scores.isScaled { counts = counts + OperationCounts([.multiply: numbers]) }
    if scores.isCapped { counts = counts + numbers * ReferenceAlgorithms.cap }
    if scores.hasLinearBias {
      counts = counts + OperationCounts([.multiply: numbers, .add: numbers])
    }
    return [
      Work("scores", first), Work("softmax", Elementwise(.softmax, counts)),
      Work("values", second),
    ]
  }

  /// The logistic function of each gate, and its product with the output of the heads.
  func gating(_ gate: OutputGate, rows: Formula) -> Work {
    let numbers = rows * heads * valueSize
    let gates = gate == .elements ? numbers : rows * heads
    return Work(
      "gate",
      Elementwise(
        .activations,
        gates * ReferenceAlgorithms.sigmoid + OperationCounts([.multiply: numbers])))
  }
}
