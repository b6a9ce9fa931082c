import Accounting
import Symbolic

/// What a range of points gave.
package struct SweepPiece: Sendable {
  /// The points that were kept, in order.
  package var rows: [SweepRow] = []
  /// How many points are no models, and the first of them.
  package var impossibleCount: Int128 = 0
  package var firstImpossible: Int128?
  /// How many points a program evaluated, and how many were evaluated one by one.
  package var compiledCount: Int128 = 0
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
  private var runs: [[Int]: ProgramRun] = [:]
  /// Room for the values of one input, and for a list of lanes.
  private let numbers = UnsafeMutablePointer<Int128>.allocate(capacity: ProgramRun.lanes)
  private let found = UnsafeMutablePointer<Int32>.allocate(capacity: ProgramRun.lanes + 1)

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
    var lanes = Lanes(first, count: count, firstLane: firstLane, axes)
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
          guard let solved = try solver.solve(point)?.values.lowerBound else {
            piece.miss(range.lowerBound + Int128(lane))
            continue
          }
          lanes.solved[lane] = solved
          let isLetter = plan.letters.last.flatMap { $0 }?.takes(solved) ?? false
          components.append(isLetter ? 0 : 1 + Int(clamping: solved.floor))
        }
        buckets[components, default: []].append(lane)
      }
    }
    for (components, members) in buckets {
      let candidate = solver == nil ? nil : members.first.flatMap { lanes.solved[$0] }
      evaluate(
        members, components, candidate: candidate.map { .number($0) }, lanes, range.lowerBound,
        &piece)
    }
    if buckets.count > 1 { piece.rows.sort { $0.point < $1.point } }
    return piece
  }

  private func evaluate(
    _ members: [Int], _ components: [Int], candidate: AxisValue?, _ lanes: borrowing Lanes,
    _ start: Int128, _ piece: inout SweepPiece
  ) {
    switch plan.structure(components, candidate: candidate) {
    case .impossible:
      for lane in members { piece.miss(start + Int128(lane)) }
    case .plain:
      for lane in members { plain(start + Int128(lane), lanes.solved[lane], &piece) }
    case .program(let compiled):
      piece.compiledCount += Int128(members.count)
      let run = run(components, compiled)
      for axis in 0..<firstLane where components[axis] == 0 {
        run.set(axis, axes[axis].scaled(lanes.first[axis]))
      }
      run.runOuter()
      var done = 0
      while done < members.count {
        let count = min(members.count - done, ProgramRun.lanes)
        for axis in firstLane..<axes.count where components[axis] == 0 {
          let table = axes[axis]
          for lane in 0..<count { numbers[lane] = table.scaled(lanes[axis, members[done + lane]]) }
          run.set(axis, numbers, count: count)
        }
        if solver != nil, components.last == 0, let letter = plan.letters.last ?? nil {
          for lane in 0..<count {
            let value = lanes.solved[members[done + lane]] ?? .zero
            numbers[lane] = value.numerator * (letter.scale / value.denominator)
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

  private func plain(_ point: Int128, _ solved: Rational?, _ piece: inout SweepPiece) {
    piece.plainCount += 1
    guard let answer = try? plan.plain(point, solved: solved) else { return piece.miss(point) }
    guard answer.isKept else { return }
    piece.rows.append(SweepRow(point: point, solved: solved, values: answer.values))
  }

  private func run(_ components: [Int], _ compiled: CompiledStructure) -> ProgramRun {
    if let known = runs[components] { return known }
    let run = ProgramRun(compiled.program)
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

// MARK: - Lanes

/// The coordinates of the points of a piece on the axes that change within it.
private struct Lanes: ~Copyable {
  let first: [Int]
  private let firstLane: Int
  private let count: Int
  private let coordinates: UnsafeMutablePointer<Int>
  /// The size that was solved for at each point.
  var solved: [Rational?]

  init(_ first: [Int], count: Int, firstLane: Int, _ axes: [AxisTable]) {
    self.first = first
    self.firstLane = firstLane
    self.count = count
    solved = Array(repeating: nil, count: count)
    let laneAxes = axes.count - firstLane
    coordinates = .allocate(capacity: max(1, laneAxes * count))
    // The last axis goes round every count of its values, the one before it with each round.
    var stride = 1
    for axis in (firstLane..<axes.count).reversed() {
      let target = coordinates + (axis - firstLane) * count
      let values = axes[axis].count
      var index = first[axis]
      // How far the point lies inside one value of this axis.
      var inside = 0
      var unit = 1
      for inner in ((axis + 1)..<axes.count).reversed() {
        inside += first[inner] * unit
        unit *= axes[inner].count
      }
      for lane in 0..<count {
        target[lane] = index
        inside += 1
        if inside == stride {
          inside = 0
          index += 1
          if index == values { index = 0 }
        }
      }
      let (next, overflow) = stride.multipliedReportingOverflow(by: values)
      stride = overflow ? Int.max : next
    }
  }

  subscript(axis: Int, lane: Int) -> Int { coordinates[(axis - firstLane) * count + lane] }

  func deallocate() { coordinates.deallocate() }
}

/// The values of one axis, as a program takes them.
private struct AxisTable {
  let count: Int
  /// Whether the letter stands for every value.
  let isUniform: Bool
  private let values: [Int128]
  private let start: Int128
  private let step: Int128
  private let takes: [Bool]
  private let hasLetter: Bool
  private let isListed: Bool
  private let letter: SweepPlan.Letter?

  init(_ plan: SweepPlan, _ axis: Int) {
    let all = plan.sweep.grid.axes[axis].values
    count = all.count
    let letter = plan.letters[axis]
    self.letter = letter
    hasLetter = letter != nil
    guard let letter else {
      (isUniform, values, start, step, takes, isListed) = (all.count == 1, [], 0, 0, [], true)
      return
    }
    func scaled(_ value: Rational) -> Int128 {
      value.numerator * (letter.scale / value.denominator)
    }
    if let (start, step) = all.progression, all.count > 1 << 16 {
      (self.start, self.step) = (scaled(start), scaled(step))
      (values, takes, isListed) = ([], [], false)
      isUniform =
        letter.takes(start) && step > .zero && (letter.takesFractions || step.isWhole)
      return
    }
    let numbers = (0..<all.count).map { all[$0].number ?? .zero }
    values = numbers.map(scaled)
    takes = numbers.map { letter.takes($0) }
    isUniform = takes.allSatisfy { $0 }
    (start, step, isListed) = (0, 0, true)
  }

  /// A value times the scale.
  func scaled(_ coordinate: Int) -> Int128 {
    isListed ? values[coordinate] : start + step * Int128(coordinate)
  }

  /// What the value contributes to the structure.
  func component(_ coordinate: Int) -> Int {
    guard let letter else { return coordinate + 1 }
    if isListed { return takes[coordinate] ? 0 : coordinate + 1 }
    let value = try? Rational(scaled(coordinate), over: letter.scale)
    return value.map { letter.takes($0) } ?? false ? 0 : coordinate + 1
  }
}
