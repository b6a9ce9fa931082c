import Accounting
import Symbolic

/// Solves for the size that gives way, point by point.
///
/// It keeps the programs it has met at work, so each thread has a solver of its own.
final class Solver {
  private let plan: SweepPlan
  private let hold: Sweep.Hold
  /// Whether the one answer is worth looking far for, and for what could be.
  private let isThorough: Bool
  private var runs: [[Int]: HeldRun] = [:]

  init(_ plan: SweepPlan, _ hold: Sweep.Hold, isThorough: Bool = false) {
    self.plan = plan
    self.hold = hold
    self.isThorough = isThorough
  }

  /// The size at a point; nil if no size makes a model there.
  func solve(_ coordinates: [Int]) throws(SweepError) -> Solution? {
    var solution = try search(coordinates)
    let variable = plan.variables.last ?? nil
    let domain = HoldDomain(
      plan.sweep, isShare: variable?.takesFractions ?? false, isStructural: variable == nil)
    if let first = try? Rational(domain.first, over: domain.scale),
      let last = try? Rational(domain.last, over: domain.scale), first <= last
    {
      solution?.tried = first...last
    }
    return solution
  }

  private func search(_ coordinates: [Int]) throws(SweepError) -> Solution? {
    let axes = coordinates.indices.map { plan.component($0, coordinates[$0]) }
    guard let variable = plan.variables.last ?? nil else {
      return try structural(axes, coordinates)
    }
    if variable.takesFractions, hold.step != 1 || hold.limits != nil {
      throw .notSolvable(
        key: hold.key,
        reason: "a share is looked for among all multiples of 1/T, without --multiple-of and "
          + "--between")
    }
    let domain = HoldDomain(plan.sweep, isShare: variable.takesFractions)
    let components = axes + [0]
    switch plan.structure(components, candidate: nil) {
    case .impossible: return nil
    case .plain: return try described(domain) { self.plain($0, coordinates) }
    case .program(let compiled):
      guard let run = run(components, compiled, coordinates) else {
        return try described(domain) { self.plain($0, coordinates) }
      }
      let direction = compiled.held?.direction
      if direction == nil, domain.count > Search.mostTried {
        throw .notSteady(hold.figure, key: hold.key)
      }
      let last = plan.variables.count - 1
      var search = Search(
        domain: domain, goal: plan.goal, direction: direction,
        figure: { (value) throws(SweepError) in run.figure(value, input: last) },
        isModel: { (value) throws(SweepError) in run.isModel(value, input: last) },
        isPossible: { run.isPossible($0, input: last) })
      if direction == .constant, let kept = plan.kept, variable.takes(kept),
        let scaled = try? kept.multiplied(by: Rational(variable.scale)).wholeValue(),
        run.isModel(scaled, input: last), let figure = run.figure(scaled, input: last)
      {
        return Solution(
          values: kept...kept, figure: figure, others: [], reach: figure...figure,
          isIndependent: true)
      }
      if isThorough { (search.wantsReach, search.reachOfModels) = (true, 1 << 24) }
      let found = try search.solution()
      let isFound = variable.takesFractions || found?.isIndependent == true
      return isFound ? found : try withSmallest(found, axes, coordinates)
    }
  }

  /// Zero and one, which often change the structure and for which no variable stands, are tried too.
  private func withSmallest(
    _ solution: Solution?, _ axes: [Int], _ coordinates: [Int]
  ) throws(SweepError) -> Solution? {
    var best = solution
    for value in [1, 0] as [Int128]
    where (hold.limits ?? 0...1).contains(value) && value.isMultiple(of: hold.step) {
      guard let figure = single(value, axes, coordinates) else { continue }
      let own = Solution(
        values: Rational(value)...Rational(value), figure: figure, others: [],
        reach: figure...figure)
      best = best.map { own.combined(with: $0, goal: plan.goal) } ?? own
    }
    return best
  }

  /// The figure where the size has a value put in; nil where that is no model.
  private func single(_ value: Int128, _ axes: [Int], _ coordinates: [Int]) -> Rational? {
    let components = axes + [1 + Int(clamping: value)]
    switch plan.structure(components, candidate: .number(Rational(value))) {
    case .impossible: return nil
    case .plain: return plain(value, coordinates)
    case .program(let compiled):
      guard let run = run(components, compiled, coordinates) else {
        return plain(value, coordinates)
      }
      return run.isModel(value, input: nil) ? run.figure(value, input: nil) : nil
    }
  }

  /// The same without a program.
  private func plain(_ value: Int128, _ coordinates: [Int]) -> Rational? {
    let point = zip(coordinates, plan.sweep.grid.strides).reduce(0 as Int128) {
      $0 + Int128($1.0) * $1.1
    }
    return (try? plan.plain(point, solved: Rational(value)))?.held
  }

  /// Every value needs a description of its own.
  private func structural(
    _ axes: [Int], _ coordinates: [Int]
  ) throws(SweepError) -> Solution? {
    try described(HoldDomain(plan.sweep, isShare: false, isStructural: true)) {
      self.single($0, axes, coordinates)
    }
  }

  /// Tries every value; there must not be many.
  private func described(
    _ domain: HoldDomain, _ figure: @escaping (Int128) -> Rational?
  ) throws(SweepError) -> Solution? {
    guard domain.count <= Self.mostDescribed else {
      throw .notSolvable(
        key: hold.key, reason: "more than \(Self.mostDescribed) values would have to be described")
    }
    var known: [Int128: Rational?] = [:]
    func value(_ size: Int128) -> Rational? {
      if let found = known[size] { return found }
      let found = figure(size)
      known[size] = .some(found)
      return found
    }
    return try Search(
      domain: domain, goal: plan.goal, direction: nil,
      figure: { (size) throws(SweepError) in value(size) },
      isModel: { (size) throws(SweepError) in value(size) != nil }
    ).solution()
  }

  private static let mostDescribed: Int128 = 1 << 14

  private func run(
    _ components: [Int], _ compiled: CompiledStructure, _ coordinates: [Int]
  ) -> HeldRun? {
    guard let held = compiled.held else { return nil }
    let run: HeldRun
    if let known = runs[components] {
      run = known
    } else {
      run = HeldRun(held)
      if runs.count > 4096 { runs.removeAll() }
      runs[components] = run
    }
    for axis in coordinates.indices {
      guard components[axis] == 0, let variable = plan.variables[axis],
        let value = plan.sweep.grid.axes[axis].values[coordinates[axis]].number
      else { continue }
      run.set(axis, value.numerator * (variable.scale / value.denominator))
    }
    return run
  }
}

/// The program of the held figure at work.
final class HeldRun {
  private let held: CompiledStructure.Held
  private let run: FormulaRun
  private var last: Int128?

  init(_ held: CompiledStructure.Held) {
    self.held = held
    run = FormulaRun(held.program)
  }

  func set(_ input: Int, _ value: Int128) {
    last = nil
    run.set(input, value)
  }

  func figure(_ value: Int128, input: Int?) -> Rational? {
    compute(value, input)
    return try? Rational(place(held.figure.numerator), over: place(held.figure.denominator))
  }

  func isModel(_ value: Int128, input: Int?) -> Bool {
    compute(value, input)
    return place(held.isModel) == 1
  }

  func isPossible(_ value: Int128, input: Int?) -> Bool {
    compute(value, input)
    return place(held.isPossible) == 1
  }

  private func compute(_ value: Int128, _ input: Int?) {
    guard last != value else { return }
    if let input { set(input, value) }
    run.runOuter()
    last = value
  }

  private func place(_ place: Int) -> Int128 { run.value(place, lane: 0) }
}
