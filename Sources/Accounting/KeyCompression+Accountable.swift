import Architecture
import Symbolic

extension KeyCompression {
  /// The maps of every token, and an entry for every window that it completes.
  ///
  /// While no window is complete nothing depends on the maps, and no gradient flows through them.
  func work(over stream: Stream, rotarySize: Formula, learns: Bool) -> [Work] {
    let entries = stream.sequences * stream.newBlocks(rate)
    let weighted = entries * (overlaps ? 2 * rate : rate) * width
    let all = maps.work(.attentionProjections, rows: stream.rows)
    let share = Formula.minimum(1, stream.newBlocks(rate))
    var work =
      stream.workload.phase == .train && learns
      ? all.map { $0.times(share) } + all.map { $0.times(1 - share).withoutGradients } : all
    // The weights plus those of the places; softmax in each channel; the weighted sum.
    let mean =
      ReferenceAlgorithms.softmax(weighted)
      + OperationCounts([
        .multiply: weighted, .add: weighted + entries * rate * series,
      ])
    work.append(Work("\(name).entries", Elementwise(.mixer, mean)))
    work.append(norm.work(rows: entries))
    work.append(
      Work(
        "\(name).rotary",
        Elementwise(
          .rotary, ReferenceAlgorithms.rotation(vectors: entries, size: rotarySize))))
    return learns ? work : work.map(\.withoutGradients)
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

  /// The entries that a dense kernel multiplies with each query.
  func keys(_ stream: Stream) -> Formula { .floor((stream.past + stream.tokens) / rate) }

  /// The pairs of query and entry that count, in one sequence.
  func pairs(_ stream: Stream, limit: Formula?) -> Formula {
    switch stream.pairing {
    case .dense, .square: stream.tokens * keys(stream)
    case .kept: stream.blockPairs(rate, limit: limit)
    case .half, .area: stream.halved { $0.tokens * keys($0) }
    }
  }
}

extension CompressedIndexer {
  /// The maps, the compressed keys, the score of every pair under each head, and their sum.
  func work(over stream: Stream, rotarySize: Formula) -> [Work] {
    let rows = stream.rows
    let pairs = stream.sequences * keys.pairs(stream, limit: nil)
    var work = maps.work(.attentionProjections, rows: rows)
    work += keys.work(over: stream, rotarySize: rotarySize, learns: false)
    work.append(
      Work(
        "indexer.rotary",
        Elementwise(
          .rotary, ReferenceAlgorithms.rotation(vectors: rows * heads, size: rotarySize))))
    work.append(
      Work(
        "indexer.scores",
        Product(
          .attentionCore, role: .choice, copies: pairs, rows: heads, inner: headSize, columns: 1)))
    // What is above zero is scaled, times the scaled weight of its head, and added up.
    work.append(
      Work(
        "indexer.scores",
        Elementwise(
          .softmax,
          [
            .multiply: 2 * pairs * heads + rows * heads, .add: pairs * heads,
            .compare: pairs * heads + pairs,
          ])))
    return work.map(\.withoutGradients)
  }
}
