import Synchronization

/// What the data have decided at a router of depth or in a mixture of experts, and no description says.
package struct Decision: Sendable {
  /// Of each sequence, the tokens that entered, those that had entered before, and where the tokens
  /// stand among those of the pass, from zero.
  package var entered: [(tokens: Int, past: Int, positions: [Int])] = []
  /// The places of experts that a token filled.
  package var filled: Int?
  /// The pairs of a token and an expert that returned it.
  package var returned = 0
}

/// What a pass has executed, under the path of the part that ran.
package final class Meter {
  /// The operations of each path, such as `model.layers.3.mlp.experts.17.up_proj`.
  package private(set) var tallies: [String: OperationTally] = [:]
  /// Is told now and then how many operations of any kind are done, those not recorded included;
  /// from one thread at a time.
  package var progress: ((Int) -> Void)?
  private let doneSoFar = Atomic(0)
  /// The number of operations when `progress` was last told.
  private let told = Mutex(0)
  /// What the data have decided, by the path of the router or of the mixture.
  package private(set) var decisions: [String: Decision] = [:]
  /// Whether what runs is counted; the pass that fills a cache beforehand is not.
  package var isRecording = true

  private static let counters = Mutex(())

  package init() {}

  /// Forgets what was recorded, before a pass that is counted by itself.
  package func restart() {
    tallies = [:]
    decisions = [:]
  }

  /// The operations of any kind so far.
  package var done: Int { doneSoFar.load(ordering: .relaxed) }

  func record(_ path: String, _ tally: OperationTally) {
    advance(tally.operations)
    recordAdvanced(path, tally)
  }

  /// Records operations of which `advance` knows already.
  func recordAdvanced(_ path: String, _ tally: OperationTally) {
    guard isRecording else { return }
    tallies[path, default: OperationTally()] += tally
  }

  /// Adds to the number of operations that are done, from any thread.
  func advance(_ operations: Int) {
    let now = doneSoFar.add(operations, ordering: .relaxed).newValue
    guard let progress else { return }
    told.withLockIfAvailable { last in
      guard now - last > 1 << 22 else { return }
      last = now
      progress(now)
    }
  }

  /// Notes how many tokens of the next sequence a router has let into a layer, after `past` before.
  func decided(_ router: String, entered: Int, past: Int, positions: [Int]) {
    guard isRecording else { return }
    decisions[router, default: Decision()].entered.append((entered, past, positions))
  }

  /// Notes how many places of the experts of a mixture have been filled, and how often an expert
  /// that computes nothing has returned its input.
  func decided(_ mixture: String, filled: Int, returned: Int) {
    guard isRecording else { return }
    decisions[mixture, default: Decision()].filled = filled
    decisions[mixture, default: Decision()].returned = returned
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

  /// Runs a body for every row, and records what is counted every few milliseconds.
  @inline(__always)
  func literally(_ path: String, rows: Range<Int>, _ body: (_ row: Int) -> Void) {
    var row = rows.lowerBound
    while row < rows.upperBound {
      literally(path) {
        repeat {
          body(row)
          row += 1
        } while row < rows.upperBound && Counted.tally.operations < 1 << 22
      }
    }
  }
}
