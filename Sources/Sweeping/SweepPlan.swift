package import Accounting
import Architecture
package import Symbolic
import Synchronization

/// A sweep made ready: which sizes stay variables, and a program for each structure that is met.
///
/// Most sizes only change numbers, so that one description with variables serves all their values.
/// Others change the structure: which layers are routed, what a mask keeps. Each of their
/// combinations is described once, when it is first met.
package final class SweepPlan: Sendable {
  /// What is evaluated.
  package let sweep: Sweep
  /// The figures of the unchanged model.
  package let baseline: [FigureName: Rational]
  /// What the held figure is to be.
  package let target: Rational
  /// What the size that gives way is in the unchanged model, if that has it.
  let kept: Rational?
  /// For each axis, and for the size that is solved for, the variable it stays, if it can.
  let variables: [Variable?]

  /// What the held figure is to be, and on which side of it.
  package var goal: Goal { Goal(target, sweep.hold?.relation ?? .near) }

  private let structures = Mutex<[[Int]: Structure]>([:])

  /// An axis whose values are numbers that only change numbers.
  struct Variable: Sendable {
    let symbol: Symbol
    /// A common multiple of the denominators of the values.
    let scale: Int128
    let bound: UInt128
    /// Whether the value 1 and fractions are put in too, as for a share.
    let takesFractions: Bool

    /// Whether a value can stand for the variable; zero and one often change the structure.
    func takes(_ value: Rational) -> Bool {
      takesFractions ? value > .zero : value.isWhole && value.numerator >= 2
    }
  }

  /// The points of one structure.
  enum Structure: Sendable {
    case program(CompiledStructure)
    /// To be evaluated one by one.
    case plain
    case impossible(SweepError)
  }

  /// More structures than this are not kept.
  private static let mostStructures = 4096

  /// - Throws: `SweepError` if the unchanged model, or the size to be solved for, has no figures.
  package init(_ sweep: Sweep) throws(SweepError) {
    self.sweep = sweep
    var source = try (sweep.reference ?? sweep.subject).source([])
    var baseline: [FigureName: Rational] = [:]
    for figure in sweep.baselineFigures {
      if let value = try Self.number(&source, figure, [:]) { baseline[figure] = value }
    }
    self.baseline = baseline
    switch sweep.hold?.target {
    case nil: target = .zero
    case .value(let value): target = value
    case .timesBaseline(let factor):
      guard let hold = sweep.hold, let value = baseline[hold.figure] else {
        throw .noFigure(sweep.hold?.figure ?? FigureName.all[0])
      }
      do throws(ArithmeticError) {
        target = try value.multiplied(by: factor)
      } catch {
        throw .description(.arithmetic(error, what: "The target"))
      }
    }
    kept = try sweep.hold.flatMap { (hold) throws(SweepError) in
      try sweep.subject.source([]).model.size(hold.key)?.constant
    }
    variables = try VariableSearch(sweep).variables()
  }

  static func number(
    _ source: inout FigureSource, _ figure: FigureName, _ values: [Symbol: Rational]
  ) throws(SweepError) -> Rational? {
    do throws(DescriptionError) {
      guard let value = try source.value(figure) else { return nil }
      do throws(ArithmeticError) {
        return try value.evaluated(with: values)
      } catch {
        throw DescriptionError.arithmetic(error, what: "The figure \(figure.path)")
      }
    } catch {
      throw .description(error)
    }
  }

  /// From this axis on, the values of axes change from lane to lane; before it they are the same
  /// for a whole block of points.
  var firstLaneAxis: Int {
    var axis = sweep.grid.axes.count
    var points: Int128 = 1
    while axis > 0, points < Self.lanesWanted {
      axis -= 1
      points *= Int128(sweep.grid.axes[axis].values.count)
    }
    return axis
  }

  private static let lanesWanted: Int128 = 2048

  /// How many points there are in a block in which only lane axes change.
  var blockSize: Int128 {
    sweep.grid.axes[firstLaneAxis...].reduce(1) { $0 * Int128($1.values.count) }
  }

  // MARK: - Structures

  /// What each axis contributes to the structure: 0 while it is a variable, else 1 + its coordinate.
  func component(_ axis: Int, _ coordinate: Int) -> Int {
    guard let variable = variables[axis],
      let value = sweep.grid.axes[axis].values[coordinate].number,
      variable.takes(value)
    else { return coordinate + 1 }
    return 0
  }

  /// The structure of some components; the last is of the size that is solved for.
  func structure(_ components: [Int], candidate: AxisValue?) -> Structure {
    if let known = structures.withLock({ $0[components] }) { return known }
    let structure = build(components, candidate: candidate)
    structures.withLock { known in
      if known.count >= Self.mostStructures { known.removeAll(keepingCapacity: true) }
      known[components] = structure
    }
    return structure
  }

  private func build(_ components: [Int], candidate: AxisValue?) -> Structure {
    let choices = choices(components, candidate: candidate)
    let hasFreeVariables = choices.contains { if case .free = $0.choice { true } else { false } }
    do {
      var source = try sweep.subject.source(choices)
      let compiled = try CompiledStructure(self, &source, components)
      return compiled.map { .program($0) } ?? .plain
    } catch {
      // A free variable may stand where this structure needs a number; else there is no model here.
      return hasFreeVariables && !isImpossible(components, error) ? .plain : .impossible(error)
    }
  }

  /// Whether a structure is as impossible with numbers in place of its variables.
  private func isImpossible(_ components: [Int], _ error: SweepError) -> Bool {
    let axes = sweep.grid.axes.count
    let numbers = components.enumerated().map { axis, component in
      component > 0 || axis >= axes ? component : 1
    }
    let choices = choices(numbers, candidate: .number(kept ?? Rational(2))).map { key, choice in
      guard case .free = choice, key == sweep.hold?.key else { return (key: key, choice: choice) }
      return (key: key, choice: Choice.fixed(.number(kept ?? Rational(2))))
    }
    do throws(SweepError) {
      _ = try sweep.subject.source(choices)
      return false
    } catch let other {
      return other == error
    }
  }

  /// What every axis says, in the order in which changes are made.
  func choices(
    _ components: [Int], candidate: AxisValue?
  ) -> [(key: String, choice: Choice)] {
    var result: [(key: String, choice: Choice)] = []
    for (axis, component) in components.enumerated() {
      if axis == sweep.grid.axes.count {
        guard let hold = sweep.hold else { continue }
        if component == 0, let variable = variables[axis] {
          result.append((hold.key, .free(variable.symbol)))
        } else if let candidate {
          result.append((hold.key, .fixed(candidate)))
        }
      } else if component == 0, let variable = variables[axis] {
        result.append((sweep.grid.axes[axis].key, .free(variable.symbol)))
      } else {
        let values = sweep.grid.axes[axis].values
        result.append((sweep.grid.axes[axis].key, .fixed(values[max(component, 1) - 1])))
      }
    }
    return result
  }

  // MARK: - One point, the plain way

  /// The answers for one point, from its own description with every number put in.
  ///
  /// - Throws: `SweepError` if the point is no model.
  package func plain(_ point: Int128, solved: Rational? = nil) throws(SweepError) -> PlainPoint {
    let coordinates = sweep.grid.coordinates(point)
    var components = coordinates.map { $0 + 1 }
    if sweep.hold != nil { components.append(1) }
    let choices = choices(components, candidate: solved.map { .number($0) })
    var source = try sweep.subject.source(choices)
    func value(_ query: Query) throws(SweepError) -> Rational? {
      try self.value(query, &source, coordinates, solved)
    }
    var values: [Rational?] = []
    for column in sweep.columns { values.append(try value(column.query)) }
    let isKept =
      try sweep.filter.map { (query) throws(SweepError) in
        try value(query) == .one
      } ?? true
    let held =
      try sweep.hold.map { (hold) throws(SweepError) in
        try Self.number(&source, hold.figure, [:])
      } ?? nil
    return PlainPoint(values: values, isKept: isKept, held: held)
  }

  /// What there is to know about the first point: keys that change nothing, for instance.
  package var notesOfFirstPoint: [String] {
    let components = sweep.grid.axes.map { _ in 1 } + (sweep.hold == nil ? [] : [1])
    return (try? sweep.subject.source(choices(components, candidate: nil)))?.model.notes ?? []
  }

  private func value(
    _ query: Query, _ source: inout FigureSource, _ coordinates: [Int], _ solved: Rational?
  ) throws(SweepError) -> Rational? {
    // The figures are found first, because the look-up itself cannot fail for their reasons.
    var figures: [FigureName: Rational] = [:]
    for name in query.names {
      if case .figure(let figure) = name {
        figures[figure] = try Self.number(&source, figure, [:])
      }
    }
    if query.names.contains(.residual), let hold = sweep.hold {
      figures[hold.figure] = try Self.number(&source, hold.figure, [:])
    }
    let (known, model) = (figures, source.model)
    do throws(ArithmeticError) {
      return try query.value { (name) throws(ArithmeticError) in
        switch name {
        case .figure(let figure): return known[figure]
        case .baseline(let figure): return self.baseline[figure]
        case .axis(let axis): return self.sweep.grid.axes[axis].values[coordinates[axis]].number
        case .size(let key): return model.size(key)?.constant
        case .solved: return solved
        case .residual:
          guard let hold = self.sweep.hold, let value = known[hold.figure] else { return nil }
          return try value.adding(self.target.negated())
        }
      }
    } catch {
      throw .description(.arithmetic(error, what: "A column"))
    }
  }
}

/// The answers for one point.
package struct PlainPoint: Hashable, Sendable {
  /// The answers to the columns.
  package let values: [Rational?]
  /// Whether the filter lets it through.
  package let isKept: Bool
  /// What the held figure is.
  package let held: Rational?
}

extension Sweep {
  /// The figures that are needed of the unchanged model.
  fileprivate var baselineFigures: [FigureName] {
    let queries = columns.map(\.query) + (filter.map { [$0] } ?? [])
    let named = queries.flatMap(\.names).compactMap { name -> FigureName? in
      switch name {
      case .baseline(let figure), .figure(let figure): figure
      case .axis, .size, .solved, .residual: nil
      }
    }
    return named + (hold.map { [$0.figure] } ?? [])
  }
}
