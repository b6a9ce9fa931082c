import Architecture
import Symbolic

extension BlockIndexer {
  /// The mean key of every block that is complete, its norm and its rotation.
  func kept(over stream: Stream) -> [Work] {
    let blocks = stream.sequences * stream.newBlocks(blockSize)
    let rotation = ReferenceAlgorithms.rotation(vectors: blocks, size: angles.size)
    return [
      Work(
        "indexer.means",
        Elementwise(
          .mixer, [.add: blocks * blockSize * headSize, .divide: blocks * headSize])),
      keyNorm.work(rows: blocks), Work("indexer.rotary", Elementwise(.rotary, rotation)),
    ]
  }

  /// Each head's score of every block that is complete at a query.
  func work(over stream: Stream) -> [Work] {
    let pairs = stream.sequences * stream.blockPairs(blockSize)
    let scores = Product(
      .attentionCore, role: .choice, copies: pairs, rows: heads, inner: headSize, columns: 1)
    // What is above zero is added up over the heads, scaled, and compared with the best.
    let counts = OperationCounts([
      .add: pairs * heads, .divide: pairs, .compare: pairs * heads + pairs,
    ])
    return [
      Work("indexer.scores", scores), Work("indexer.scores", Elementwise(.softmax, counts)),
    ]
  }
}
