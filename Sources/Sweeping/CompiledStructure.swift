import Accounting
import Architecture
import Symbolic

/// What is asked of the points of one structure, as a program over the axes that stay variables.
struct CompiledStructure: Sendable {
  let program: CompiledFormulas
  /// The places of the columns; nil where the structure has no such figure.
  let columns: [CompiledFormulas.Fraction?]
  /// The place of one where the point is a model, else zero.
  let isModel: Int
  /// The place of one where the filter lets the point through as well.
  let isKept: Int

  /// Which figure is held, how it moves, and the program that computes it alone.
  struct Held: Sendable {
    let program: CompiledFormulas
    let figure: CompiledFormulas.Fraction
    let isModel: Int
    /// The place of one for sizes up to some greatest, beyond which nothing is a model.
    let isPossible: Int
    let direction: Direction?
  }

  let held: Held?

  /// Nil if the answers cannot be computed as machine integers.
  init?(
    _ plan: SweepPlan, _ source: inout FigureSource, _ components: [Int]
  ) throws(SweepError) {
    let sweep = plan.sweep
    func inputs(lanes: Bool) -> [FormulaInput] {
      plan.variables.enumerated().map { axis, variable in
        guard let variable, components[axis] == 0 else {
          // Never read: the value stands in the formulas.
          return FormulaInput(
            symbol: Symbol("fixed_\(axis)"), scale: 1, bound: 1, isPositive: true, isLane: false)
        }
        return FormulaInput(
          symbol: variable.symbol, scale: variable.scale, bound: variable.bound, isPositive: true,
          isLane: lanes && (axis >= plan.firstLaneAxis))
      }
    }
    var figures: [FigureName: FigureSource.Value] = [:]
    let queries = sweep.columns.map(\.query) + (sweep.filter.map { [$0] } ?? [])
    var names = queries.flatMap(\.names).compactMap { name -> FigureName? in
      if case .figure(let figure) = name { figure } else { nil }
    }
    if let hold = sweep.hold { names.append(hold.figure) }
    for name in Set(names) {
      do throws(DescriptionError) {
        figures[name] = try source.value(name)
      } catch {
        throw .description(error)
      }
    }
    let known = figures
    func lookup(_ name: Query.Name, _ builder: inout FormulaCompiler) -> CompiledFormulas.Fraction?
    {
      switch name {
      case .figure(let figure): return known[figure].map { builder.value(of: $0) }
      case .baseline(let figure): return plan.baseline[figure].map { builder.constant($0) }
      case .axis(let axis):
        if components[axis] == 0, let variable = plan.variables[axis] {
          return builder.value(of: Evaluated(variable: variable.symbol))
        }
        let value = sweep.grid.axes[axis].values[max(components[axis], 1) - 1]
        return value.number.map { builder.constant($0) }
      case .size(let key):
        guard let size = source.model.size(key) else { return nil }
        return builder.value(of: size)
      case .solved:
        guard let last = components.last, last == 0, let variable = plan.variables.last ?? nil
        else {
          return nil
        }
        return builder.value(of: Evaluated(variable: variable.symbol))
      case .residual:
        guard let hold = sweep.hold, let value = known[hold.figure] else { return nil }
        return builder.sum(
          builder.value(of: value), builder.negative(builder.constant(plan.target)))
      }
    }
    func requirements(_ builder: inout FormulaCompiler) -> Int {
      source.model.requirements.reduce(builder.constant(.one).numerator) { all, requirement in
        let (one, other) = (
          builder.value(of: requirement.first), builder.value(of: requirement.second)
        )
        let holds =
          requirement.relation == .atMost
          ? builder.isAtMost(one, other) : builder.isMultiple(one, of: other)
        return builder.both(all, holds)
      }
    }
    var builder = FormulaCompiler(inputs: inputs(lanes: true))
    let model = requirements(&builder)
    columns = sweep.columns.map { builder.number($0.query, lookup) }
    isModel = model
    isKept = sweep.filter.map { builder.both(model, builder.question($0, lookup)) } ?? model
    guard let program = builder.program else { return nil }
    self.program = program
    guard let hold = sweep.hold, let value = known[hold.figure] else {
      held = nil
      return
    }
    var solver = FormulaCompiler(inputs: inputs(lanes: false))
    let place = solver.value(of: value)
    let fits = requirements(&solver)
    let last = components.last == 0 ? plan.variables.last ?? nil : nil
    let possible = source.model.requirements.reduce(solver.constant(.one).numerator) {
      all, requirement in
      guard let variable = last, let (small, large) = requirement.limit(on: variable.symbol) else {
        return all
      }
      return solver.both(all, solver.isAtMost(solver.value(of: small), solver.value(of: large)))
    }
    guard let own = solver.program else { return nil }
    var direction: Direction?
    if case .plain(let plain) = value, let variable = last {
      direction = plain.direction(in: variable.symbol)
    }
    held = Held(
      program: own, figure: place, isModel: fits, isPossible: possible, direction: direction)
  }
}

extension Requirement {
  /// Two values of which the first must not be above the second, where that bounds a variable from
  /// above.
  fileprivate func limit(on variable: Symbol) -> (Evaluated, Evaluated)? {
    let (small, large) =
      switch relation {
      case .atMost: (first, second)
      // A multiple that is not zero is not below what it is a multiple of.
      case .multiple: (second, first)
      }
    if relation == .multiple, !large.isVariable, large.constant.map({ $0 <= .zero }) ?? true {
      return nil
    }
    guard [.rising, .constant].contains(small.direction(in: variable)),
      [.falling, .constant].contains(large.direction(in: variable))
    else { return nil }
    return (small, large)
  }
}

extension Model {
  /// The size of a key, in the variables that are free.
  func size(_ key: String) -> Evaluated? { sizes.first { $0.key == key }?.value }
}

extension CompiledStructure {
  /// The answers to the columns in one lane of a run.
  func values(_ run: FormulaRun, lane: Int) -> [Rational?] {
    columns.indices.map { value($0, run, lane: lane) }
  }

  func value(_ column: Int, _ run: FormulaRun, lane: Int) -> Rational? {
    guard let place = columns[column] else { return nil }
    let above = run.value(place.numerator, lane: lane)
    let below = run.value(place.denominator, lane: lane)
    return below == 1 ? Rational(above) : try? Rational(above, over: below)
  }
}
