import Kernels
import Synchronization

/// What the keys of new tokens receive from some queries of one head.
struct ReceivedPart: Sendable {
  var sums: [Float]
  var additions = 0

  /// - `scores`: the weights of some queries, with a column for each key.
  init(
    _ scores: Matrix, _ queries: Range<Int>, _ span: AttentionCore.Span,
    computed: (_ query: Int) -> Range<Int>
  ) {
    let first = span.keys.rows - span.queries.rows
    sums = Array(repeating: 0, count: span.queries.rows)
    for (index, query) in queries.enumerated() {
      let range = computed(query)
      for key in range where key >= first {
        sums[key - first] += scores[index, key]
        additions += 1
      }
    }
  }
}

/// Such parts of all heads, put there by several threads.
final class ReceivedParts: Sendable {
  private let parts = Mutex<[Int: ReceivedPart]>([:])

  func put(_ part: ReceivedPart, at number: Int) {
    parts.withLock { $0[number] = part }
  }

  /// In the order of their numbers, whichever thread was first.
  var inOrder: [ReceivedPart] {
    parts.withLock { parts in parts.keys.sorted().compactMap { parts[$0] } }
  }
}
