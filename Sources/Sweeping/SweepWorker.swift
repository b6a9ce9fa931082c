import Accounting
import Architecture
import Symbolic

/// What a range of points gave.
package struct SweepPiece: Sendable {
  /// The points that were kept, in order.
  package var rows: [SweepRow] = []
  /// How many points are no models, and the first of them.
  package var impossibleCount: Int128 = 0
  /// The first point that is no model.
  package var firstImpossible: Int128?
  /// At how many points the held figure does not depend on the size, and at how many of them it is
  /// what it should be.
  package var independentCount: Int128 = 0
  /// The number of those at which the figure is what it should be.
  package var independentHeldCount: Int128 = 0
  /// The points for which a size was solved, and those at which the held figure is not met because
  /// the answer is an end of the values that are tried.
  package var solvedCount: Int128 = 0
  /// The number of points at which the answer is an end of the values that are tried.
  package var endCount: Int128 = 0
  /// How many points a program evaluated, and how many were evaluated one by one.
  package var compiledCount: Int128 = 0
  /// The number of points that were evaluated one by one.
  package var plainCount: Int128 = 0
}

/// Evaluates points; each thread has a worker of its own.
package final class SweepWorker {
  private let plan: SweepPlan
  private let axes: [AxisTable]
  private let firstLane: Int
  private let blockSize: Int128
  private let solver: Solver?
  private var screen: Screen?
  private var runs: [[Int]: FormulaRun] = [:]
  /// Room for the values of one input, and for a list of lanes.
  private let numbers = UnsafeMutablePointer<Int128>.allocate(capacity: FormulaRun.lanes)
  private let found = UnsafeMutablePointer<Int32>.allocate(capacity: FormulaRun.lanes + 1)

  /// The most points of one piece.
  package static let pieceSize = 2048

  package init(_ plan: SweepPlan) {
    self.plan = plan
    axes = plan.sweep.grid.axes.indices.map { AxisTable(plan, $0) }
    firstLane = plan.firstLaneAxis
    blockSize = plan.blockSize
    solver = plan.sweep.hold.map { Solver(plan, $0) }
  }

  deinit {
    numbers.deallocate()
    found.deallocate()
  }

  /// Where the piece that starts at a point ends.
  package static func end(of start: Int128, _ plan: SweepPlan, limit: Int128) -> Int128 {
    let block = plan.blockSize
    let boundary = (start / block + 1).multipliedReportingOverflow(by: block)
    let end = min(start + Int128(pieceSize), limit)
    return boundary.overflow ? end : min(end, boundary.partialValue)
  }

  /// The answers for a range of points that ends where `end(of:_:limit:)` says, or before.
  ///
  /// - Throws: `SweepError` where the size that gives way cannot be solved for.
  package func piece(
    _ range: Range<Int128>, screen: Screen? = nil
  ) throws(SweepError) -> SweepPiece {
    self.screen = screen
    var piece = SweepPiece()
    let count = Int(range.upperBound - range.lowerBound)
    let first = plan.sweep.grid.coordinates(range.lowerBound)
    var lanes = LaneCoordinates(first, count: count, firstLane: firstLane, axes)
    defer { lanes.deallocate() }
    var buckets: [[Int]: [Int]] = [:]
    if solver == nil, axes[firstLane...].allSatisfy(\.isUniform) {
      let components = first.indices.map { plan.component($0, first[$0]) }
      buckets[components] = Array(0..<count)
    } else {
      for lane in 0..<count {
        var components = first.indices.map { axis in
          axis < firstLane
            ? plan.component(axis, first[axis]) : axes[axis].component(lanes[axis, lane])
        }
        if let solver {
          let point = first.indices.map { $0 < firstLane ? first[$0] : lanes[$0, lane] }
          guard let solution = try solver.solve(point) else {
            piece.miss(range.lowerBound + Int128(lane))
            continue
          }
          let solved = solution.values.lowerBound
          piece.solvedCount += 1
          if !solution.isIndependent, solution.figure != plan.target, solution.isAtEnd {
            piece.endCount += 1
          }
          if solution.isIndependent {
            piece.independentCount += 1
            if solution.figure == plan.target { piece.independentHeldCount += 1 }
          }
          lanes.solved[lane] = solved
          let isVariable = plan.variables.last.flatMap { $0 }?.takes(solved) ?? false
          components.append(isVariable ? 0 : 1 + Int(clamping: solved.floor))
        }
        buckets[components, default: []].append(lane)
      }
    }
    for (components, members) in buckets {
      let candidate = solver == nil ? nil : members.first.flatMap { lanes.solved[$0] }
      try evaluate(
        members, components, candidate: candidate.map { .number($0) }, lanes, range.lowerBound,
        &piece)
    }
    if buckets.count > 1 { piece.rows.sort { $0.point < $1.point } }
    return piece
  }

  private func evaluate(
    _ members: [Int], _ components: [Int], candidate: AxisValue?,
    _ lanes: borrowing LaneCoordinates,
    _ start: Int128, _ piece: inout SweepPiece
  ) throws(SweepError) {
    switch plan.structure(components, candidate: candidate) {
    case .impossible(let error):
      // A figure that does not fit is no property of the model.
      if case .description(.arithmetic(.overflow, _)) = error { throw error }
      for lane in members { piece.miss(start + Int128(lane)) }
    case .plain:
      for lane in members { try plain(start + Int128(lane), lanes.solved[lane], &piece) }
    case .program(let compiled):
      piece.compiledCount += Int128(members.count)
      let run = run(components, compiled)
      for axis in 0..<firstLane where components[axis] == 0 {
        run.set(axis, axes[axis].scaled(lanes.first[axis]))
      }
      run.runOuter()
      var done = 0
      while done < members.count {
        let count = min(members.count - done, FormulaRun.lanes)
        for axis in firstLane..<axes.count where components[axis] == 0 {
          let table = axes[axis]
          for lane in 0..<count { numbers[lane] = table.scaled(lanes[axis, members[done + lane]]) }
          run.set(axis, numbers, count: count)
        }
        if solver != nil, components.last == 0, let variable = plan.variables.last ?? nil {
          for lane in 0..<count {
            let value = lanes.solved[members[done + lane]] ?? .zero
            numbers[lane] = value.numerator * (variable.scale / value.denominator)
          }
          run.set(axes.count, numbers, count: count)
        }
        run.runLanes(count)
        let impossible = run.lanes(where: compiled.isModel, are: false, count: count, found)
        for index in 0..<impossible {
          piece.miss(start + Int128(members[done + Int(found[index])]))
        }
        let kept = run.lanes(where: compiled.isKept, are: true, count: count, found)
        for index in 0..<kept {
          let lane = Int(found[index])
          if let screen, screen.turnsAway({ compiled.value($0, run, lane: lane) }) { continue }
          let member = members[done + lane]
          piece.rows.append(
            SweepRow(
              point: start + Int128(member), solved: lanes.solved[member],
              values: compiled.values(run, lane: lane)))
        }
        done += count
      }
    }
  }

  private func plain(
    _ point: Int128, _ solved: Rational?, _ piece: inout SweepPiece
  ) throws(SweepError) {
    piece.plainCount += 1
    let answer: PlainPoint
    do {
      answer = try plan.plain(point, solved: solved)
    } catch {
      if case .description(.arithmetic(.overflow, _)) = error { throw error }
      return piece.miss(point)
    }
    guard answer.isKept else { return }
    piece.rows.append(SweepRow(point: point, solved: solved, values: answer.values))
  }

  private func run(_ components: [Int], _ compiled: CompiledStructure) -> FormulaRun {
    if let known = runs[components] { return known }
    let run = FormulaRun(compiled.program)
    if runs.count >= 256 { runs.removeAll() }
    runs[components] = run
    return run
  }
}

extension SweepPiece {
  fileprivate mutating func miss(_ point: Int128) {
    impossibleCount += 1
    firstImpossible = min(firstImpossible ?? point, point)
  }
}
