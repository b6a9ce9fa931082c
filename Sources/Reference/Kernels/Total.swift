import Synchronization

/// A sum that several threads add to.
final class Total: Sendable {
  private let sum = Atomic<Int>(0)

  init() {}

  func add(_ count: Int) { sum.wrappingAdd(count, ordering: .relaxed) }

  var value: Int { sum.load(ordering: .acquiring) }
}
