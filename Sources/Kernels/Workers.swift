import Dispatch
import Synchronization

/// Threads that share pieces of work.
package struct Workers: Sendable {
  /// How many there are at most.
  package var count: Int

  package init(count: Int) { self.count = max(1, count) }

  /// Runs a body for each number below a count.
  ///
  /// The numbers are handed out in order, one at a time, to whichever thread is free.
  package func forEach(_ items: Int, _ body: (_ item: Int) -> Void) {
    guard count > 1, items > 1 else {
      for item in 0..<items { body(item) }
      return
    }
    let next = Counter()
    withoutActuallyEscaping(body) { body in
      let work = Work(body: body)
      DispatchQueue.concurrentPerform(iterations: min(count, items)) { _ in
        while true {
          let item = next.take()
          guard item < items else { return }
          work.body(item)
        }
      }
    }
  }

  /// A body that several threads run, each on pieces of its own.
  private struct Work: @unchecked Sendable {
    let body: (Int) -> Void
  }

  private final class Counter: Sendable {
    private let value = Atomic<Int>(0)

    func take() -> Int { value.wrappingAdd(1, ordering: .relaxed).oldValue }
  }
}
