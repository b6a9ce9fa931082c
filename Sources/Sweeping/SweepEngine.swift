import Accounting
import Kernels
import Symbolic
import Synchronization

/// Runs a sweep on several threads, piece after piece, in the order of the grid.
package struct SweepEngine: Sendable {
  /// What is evaluated, compiled.
  package let plan: SweepPlan
  private let workers: Workers

  /// How many pieces each thread has between two looks at the clock.
  private static let piecesPerThread = 16

  package init(_ plan: SweepPlan, threads: Int) {
    self.plan = plan
    workers = Workers(count: threads)
  }

  /// Evaluates points, makes something of each piece on the thread that has it, and hands that over
  /// in order.
  ///
  /// - `screen` may turn points away early; it is asked again between pieces.
  /// - `consume` gets what some pieces became, and the point after them.
  /// - Throws: `SweepError`, or what `consume` throws.
  package func run<Result: Sendable>(
    _ range: Range<Int128>, screen: () -> Screen? = { nil },
    _ make: @escaping @Sendable (SweepPiece) -> Result,
    consume: ([Result], Int128) throws -> Void
  ) throws {
    let idle = Mutex<[SendableWorker]>([])
    var next = range.lowerBound
    while next < range.upperBound {
      var pieces: [Range<Int128>] = []
      while next < range.upperBound, pieces.count < workers.count * Self.piecesPerThread {
        let end = SweepWorker.end(of: next, plan, limit: range.upperBound)
        pieces.append(next..<end)
        next = end
      }
      let results = Mutex<[Int: Swift.Result<Result, SweepError>]>([:])
      let (plan, screen) = (plan, screen())
      workers.forEach(pieces.count) { index in
        let worker = idle.withLock { $0.popLast() } ?? SendableWorker(SweepWorker(plan))
        let result = Swift.Result { () throws(SweepError) in
          make(try worker.worker.piece(pieces[index], screen: screen))
        }
        results.withLock { $0[index] = result }
        idle.withLock { $0.append(worker) }
      }
      let inOrder = try results.withLock { results in
        try pieces.indices.compactMap { try results[$0]?.get() }
      }
      try consume(inOrder, next)
    }
  }

  /// Compares what programs give with the plain evaluation, at points spread over the range.
  ///
  /// - Throws: `SweepError.disagreement` at the first point where they differ.
  /// - Returns: How many points were compared.
  package func check(_ range: Range<Int128>, samples: Int) throws(SweepError) -> Int {
    let count = range.upperBound - range.lowerBound
    let worker = SweepWorker(plan)
    var checked = 0
    for sample in 0..<min(Int128(samples), count) {
      // Spread evenly, but with steps that meet every value of every axis in time.
      let spread = count / Int128(samples) * sample
      let jitter = sample &* 7919 % max(count / Int128(samples), 1)
      let point = range.lowerBound + (count <= Int128(samples) ? sample : spread + jitter)
      let piece = try worker.piece(point..<(point + 1))
      try compare(piece, at: point)
      checked += 1
    }
    return checked
  }

  private func compare(_ piece: SweepPiece, at point: Int128) throws(SweepError) {
    let row = piece.rows.first
    let coordinates = plan.sweep.grid.coordinates(point)
    let place = zip(plan.sweep.grid.axes, coordinates)
      .map { "\($0.key)=\($0.values[$1].text)" }.joined(separator: ", ")
    var solved = row?.solved
    if plan.sweep.hold != nil, solved == nil {
      guard let found = try plan.solution(at: point) else { return }
      solved = found.values.lowerBound
    }
    let answer: PlainPoint
    do {
      answer = try plan.plain(point, solved: solved)
    } catch {
      guard piece.impossibleCount == 1 else { throw .disagreement("\(place) is no model") }
      return
    }
    guard piece.impossibleCount == 0 else { throw .disagreement("\(place) is a model") }
    guard answer.isKept == (row != nil) else { throw .disagreement("\(place): the filter") }
    guard let row else { return }
    for (column, (one, other)) in zip(row.values, answer.values).enumerated() where one != other {
      throw .disagreement(
        "\(place): \(plan.sweep.columns[column].heading) is \(one?.description ?? "none") and "
          + "\(other?.description ?? "none")")
    }
  }
}

/// A worker that one thread after the other has.
private struct SendableWorker: @unchecked Sendable {
  let worker: SweepWorker

  init(_ worker: SweepWorker) { self.worker = worker }
}

extension SweepPlan {
  /// What solving for a size gives at a point; nil if nothing is held, or nothing is a model.
  ///
  /// - Throws: `SweepError` where the figure does not move steadily with the size.
  package func solution(at point: Int128) throws(SweepError) -> Solution? {
    guard let hold = sweep.hold else { return nil }
    return try Solver(self, hold, isThorough: true).solve(sweep.grid.coordinates(point))
  }
}
