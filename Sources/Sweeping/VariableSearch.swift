import Accounting
import Architecture
import Symbolic

/// Finds which axes of a sweep can stay variables.
///
/// An axis can if its values are numbers, if the description takes a variable in their place and
/// mentions it, and if all such axes together are taken.
struct VariableSearch {
  private let sweep: Sweep
  private let keys: [String]

  init(_ sweep: Sweep) {
    self.sweep = sweep
    keys = sweep.grid.axes.map(\.key) + (sweep.hold.map { [$0.key] } ?? [])
  }

  func variables() throws(SweepError) -> [SweepPlan.Variable?] {
    var found: [SweepPlan.Variable?] = Array(repeating: nil, count: keys.count)
    // Each alone, with the first values of the others; then together with those found before.
    for axis in keys.indices {
      guard let variable = candidate(axis), variable.scale > 0 else { continue }
      var together = found
      together[axis] = variable
      if let fraction = takesFractions(together, axis) {
        var (scale, bound) = (variable.scale, variable.bound)
        if axis == sweep.grid.axes.count {
          let domain = HoldDomain(sweep, isShare: fraction.isShare)
          (scale, bound) = (domain.scale, domain.bound)
        }
        found[axis] = SweepPlan.Variable(
          symbol: fraction.symbol, scale: scale, bound: bound, takesFractions: fraction.isShare)
      }
    }
    prune(&found)
    return found
  }

  /// How many values of an axis that is no variable are tried with those that are.
  private static let triedValues = 16

  /// Drops variables that some other structure cannot have, so that its points need not be
  /// described one by one.
  private func prune(_ variables: inout [SweepPlan.Variable?]) {
    for axis in sweep.grid.axes.indices where variables[axis] == nil {
      for value in 0..<min(sweep.grid.axes[axis].values.count, Self.triedValues) {
        while variables.contains(where: { $0 != nil }), !describes(variables, axis, value),
          describes(variables.map { _ in nil }, axis, value)
        {
          let own = variables.indices.filter { variables[$0] != nil }
          let culprit = own.first { index in
            var fewer = variables
            fewer[index] = nil
            return describes(fewer, axis, value)
          }
          variables[culprit ?? own[0]] = nil
        }
      }
    }
  }

  /// Whether there is a model with these variables, where an axis has a value and others their first.
  private func describes(
    _ variables: [SweepPlan.Variable?], _ axis: Int, _ value: Int
  ) -> Bool {
    let choices = keys.indices.compactMap { index -> (key: String, choice: Choice)? in
      if let variable = variables[index] { return (keys[index], .free(variable.symbol)) }
      guard index < sweep.grid.axes.count else { return nil }
      return (
        keys[index], .fixed(sweep.grid.axes[index].values[index == axis ? value : 0])
      )
    }
    return (try? sweep.subject.source(choices)) != nil
  }

  /// A free variable for an axis, if its values are numbers.
  private func candidate(_ axis: Int) -> SweepPlan.Variable? {
    let symbol = Symbol(variable: "axis_\(axis + 1)")
    guard axis < sweep.grid.axes.count else {
      return SweepPlan.Variable(
        symbol: symbol, scale: 1, bound: HoldDomain(sweep, isShare: false).bound,
        takesFractions: false)
    }
    let values = sweep.grid.axes[axis].values
    switch sweep.grid.axes[axis].target {
    case .pass, .convention, .weightFormat, .cacheFormat: return nil
    default: break
    }
    guard values.isNumeric else { return nil }
    var scale: Int128 = 1
    var most = Rational.zero
    func meet(_ value: Rational) -> Bool {
      let divisor = Int128(Int128.greatestCommonDivisor(scale, value.denominator))
      guard let product = try? scale.multiplied(by: value.denominator / divisor) else {
        return false
      }
      scale = product
      let magnitude = value < .zero ? (try? value.negated()) ?? value : value
      most = max(most, magnitude)
      return true
    }
    if let (start, step) = values.progression {
      guard let end = values[values.count - 1].number, meet(start), meet(step), meet(end) else {
        return nil
      }
    } else {
      for index in 0..<values.count {
        guard let value = values[index].number, meet(value) else { return nil }
      }
    }
    guard let bound = try? most.multiplied(by: Rational(scale)), bound.isWhole else { return nil }
    return SweepPlan.Variable(
      symbol: symbol, scale: scale, bound: bound.numerator.magnitude, takesFractions: false)
  }

  /// Whether the description takes the variables, and whether the last of them is a share.
  private func takesFractions(
    _ variables: [SweepPlan.Variable?], _ axis: Int
  ) -> (symbol: Symbol, isShare: Bool)? {
    guard let variable = variables[axis] else { return nil }
    let choices = keys.indices.compactMap { index -> (key: String, choice: Choice)? in
      if let variable = variables[index] { return (keys[index], .free(variable.symbol)) }
      guard index < sweep.grid.axes.count else { return nil }
      return (keys[index], .fixed(sweep.grid.axes[index].values[0]))
    }
    guard let source = try? sweep.subject.source(choices) else { return nil }
    let target =
      axis < sweep.grid.axes.count ? sweep.grid.axes[axis].target : Axis.target(of: keys[axis])
    switch target {
    case .tokens, .past, .generated, .batch: return (variable.symbol, false)
    case .budget: return (variable.symbol, true)
    default: break
    }
    let symbols = source.model.sizes.reduce(into: Set<Symbol>()) {
      $0.formUnion($1.value.variables)
    }
    if symbols.contains(variable.symbol) { return (variable.symbol, false) }
    let share = Symbol(variable: variable.symbol.name, isWhole: false)
    return symbols.contains(share) ? (share, true) : nil
  }
}
