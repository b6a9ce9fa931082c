import Architecture
import Symbolic

extension BlockIndexer: Accountable {
  /// The map, the mean key of every block when it is complete, and each head's score of it.
  func work(over stream: Stream) -> [Work] {
    let rows = stream.rows
    let blocks = stream.sequences * stream.newBlocks(blockSize)
    let pairs = stream.sequences * stream.blockPairs(blockSize)
    let vectors = rows * heads + blocks
    var work = map.work(.attentionProjections, rows: rows)
    work.append(queryNorm.work(rows: rows))
    work.append(
      Work(
        "indexer.means",
        Elementwise(
          .mixer, [.add: blocks * blockSize * headSize, .divide: blocks * headSize])))
    work.append(keyNorm.work(rows: blocks))
    work.append(
      Work(
        "indexer.rotary",
        Elementwise(
          .rotary, ReferenceAlgorithms.rotation(vectors: vectors, size: rotarySize))))
    let scores = Product(
      .attentionCore, role: .choice, copies: pairs, rows: heads, inner: headSize, columns: 1)
    work.append(Work("indexer.scores", scores))
    // What is above zero is added up over the heads, scaled, and compared with the best.
    work.append(
      Work(
        "indexer.scores",
        Elementwise(
          .softmax,
          [.add: pairs * heads, .divide: pairs, .compare: pairs * heads + pairs])))
    return work.map(\.withoutGradients)
  }
}
