import Synchronization

/// What a pass has executed, under the path of the part that ran.
package final class Meter {
  /// The operations of each path, such as `model.layers.3.mlp.experts.17.up_proj`.
  package private(set) var tallies: [String: OperationTally] = [:]
  /// All floating-point operations so far.
  package private(set) var flops = 0
  /// Whether what runs is counted; the pass that fills a cache beforehand is not.
  package var isRecording = true

  private static let counters = Mutex(())

  package init() {}

  func record(_ path: String, _ tally: OperationTally) {
    guard isRecording else { return }
    tallies[path, default: OperationTally()] += tally
    flops += tally.flops
  }

  /// Runs a body whose every operation on `Counted` numbers is counted under a path.
  @inline(__always)
  func literally(_ path: String, _ body: () -> Void) {
    let tally = Self.counters.withLock { _ in
      Counted.tally = OperationTally()
      body()
      return Counted.tally
    }
    record(path, tally)
  }
}
