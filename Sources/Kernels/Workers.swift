import Dispatch
import Synchronization

/// Runs pieces of work on up to `count` threads.
package struct Workers: Sendable {
  /// The most threads that work at once, the caller's own included.
  package var count: Int

  package init(count: Int) {
    precondition(count > 0, "work needs somebody to do it")
    self.count = count
  }

  /// Does the items in any order; whoever is done with one takes the next.
  package func forEach(_ items: Int, _ body: (_ item: Int) -> Void) {
    let threads = min(count, items)
    guard threads > 1 else {
      for item in 0..<max(items, 0) { body(item) }
      return
    }
    let next = Atomic(0)
    withoutActuallyEscaping(body) { body in
      // The caller answers for what its items share; all are done when this returns.
      nonisolated(unsafe) let body = body
      DispatchQueue.concurrentPerform(iterations: threads) { _ in
        while true {
          let item = next.add(1, ordering: .relaxed).oldValue
          guard item < items else { return }
          body(item)
        }
      }
    }
  }
}
