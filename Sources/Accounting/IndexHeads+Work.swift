import Architecture
import Symbolic

extension IndexHeads {
  /// The score of every pair under each head, and their weighted sum.
  func work(over stream: Stream, isWeighted: Bool) -> [Work] {
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
    let scores = Work("indexer.scores", product(headSize, heads))
    guard isWeighted else {
      // The best score of each block, under each head.
      return [scores, Work("indexer.scores", Elementwise(.softmax, [.compare: numbers]))]
    }
    // Scores above zero, scaled, and scaled weights; each sum is looked at once.
    let scaled = Formula(Int128(weightScales.count)) * stream.rows * heads
    let counts = OperationCounts([
      .multiply: (scale == nil ? 0 : numbers) + scaled,
      .compare: numbers + stream.sequences * pairs,
    ])
    return [
      scores, Work("indexer.scores", Elementwise(.softmax, counts)),
      Work("indexer.sum", product(heads, 1)),
    ]
  }
}

extension Work {
  /// The same work where only the order of its results counts, through which no gradient flows.
  var withoutGradients: Work {
    withGradients(0)
  }

  /// The same work where the backward pass needs the gradients of `gradients` operands.
  func withGradients(_ gradients: Int) -> Work {
    guard case .product(var product) = kind else { return self }
    product.gradients = gradients
    var copy = self
    copy.kind = .product(product)
    return copy
  }

  /// A product that only the backward pass executes, once.
  var inBackwardAlone: Work {
    guard case .product(var product) = kind else { return self }
    product.gradients = 1
    product.isBackwardOnly = true
    var copy = self
    copy.kind = .product(product)
    return copy
  }

  /// The same work where nothing is kept to go back through it.
  var notKept: Work {
    var copy = withoutGradients
    copy.isKept = false
    return copy
  }
}
