import Architecture
import Symbolic

extension Indexer: Accountable {
  /// The maps, the score of every pair under each head, and their weighted sum.
  func work(over stream: Stream) -> [Work] {
    let rows = stream.rows
    let pairs = stream.pairs(.all)
    let isDense = stream.pairing == .dense
    func product(_ inner: Formula, _ columns: Formula) -> Product {
      // One head's queries times the keys; then the weights of the heads times their scores.
      isDense
        ? Product(
          .attentionCore, role: .choice, copies: stream.sequences, rows: stream.tokens * columns,
          inner: inner, columns: stream.keys(.all))
        : Product(
          .attentionCore, role: .choice, copies: stream.sequences, rows: pairs * columns,
          inner: inner, columns: 1)
    }
    let numbers = stream.sequences * pairs * heads
    var work = maps.work(.attentionProjections, rows: rows)
    if let queryNorm { work.append(queryNorm.work(rows: rows)) }
    work.append(norm.work(rows: rows))
    work.append(
      Work(
        "indexer.rotary",
        Elementwise(
          .rotary,
          ReferenceAlgorithms.rotation(vectors: rows * (heads + 1), size: rotarySize))))
    work.append(Work("indexer.scores", product(headSize, heads)))
    guard isWeighted else {
      // The best score of each block, under each head.
      work.append(Work("indexer.scores", Elementwise(.softmax, [.compare: numbers])))
      return work.map(\.withoutGradients)
    }
    work.append(
      Work(
        "indexer.scores",
        Elementwise(
          .softmax,
          [.multiply: numbers + rows * heads, .compare: numbers + stream.sequences * pairs])))
    work.append(Work("indexer.sum", product(heads, 1)))
    return work.map(\.withoutGradients)
  }
}

extension Work {
  /// The same work where only the order of its results counts, through which no gradient flows.
  var withoutGradients: Work {
    guard case .product(var product) = kind else { return self }
    product.gradients = 0
    var copy = self
    copy.kind = .product(product)
    return copy
  }
}
