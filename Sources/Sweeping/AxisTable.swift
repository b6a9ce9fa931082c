import Symbolic

/// The values of one axis, as a program takes them.
struct AxisTable {
  let count: Int
  /// Whether the variable stands for every value.
  let isUniform: Bool
  private let values: [Int128]
  private let start: Int128
  private let step: Int128
  private let takes: [Bool]
  private let hasFreeVariable: Bool
  private let isListed: Bool
  private let variable: SweepPlan.Variable?

  init(_ plan: SweepPlan, _ axis: Int) {
    let all = plan.sweep.grid.axes[axis].values
    count = all.count
    let variable = plan.variables[axis]
    self.variable = variable
    hasFreeVariable = variable != nil
    guard let variable else {
      (isUniform, values, start, step, takes, isListed) = (all.count == 1, [], 0, 0, [], true)
      return
    }
    func scaled(_ value: Rational) -> Int128 {
      value.numerator * (variable.scale / value.denominator)
    }
    if let (start, step) = all.progression, all.count > 1 << 16 {
      (self.start, self.step) = (scaled(start), scaled(step))
      (values, takes, isListed) = ([], [], false)
      isUniform =
        variable.takes(start) && step > .zero && (variable.takesFractions || step.isWhole)
      return
    }
    let numbers = (0..<all.count).map { all[$0].number ?? .zero }
    values = numbers.map(scaled)
    takes = numbers.map { variable.takes($0) }
    isUniform = takes.allSatisfy { $0 }
    (start, step, isListed) = (0, 0, true)
  }

  /// A value times the scale.
  func scaled(_ coordinate: Int) -> Int128 {
    isListed ? values[coordinate] : start + step * Int128(coordinate)
  }

  /// What the value contributes to the structure.
  func component(_ coordinate: Int) -> Int {
    guard let variable else { return coordinate + 1 }
    if isListed { return takes[coordinate] ? 0 : coordinate + 1 }
    let value = try? Rational(scaled(coordinate), over: variable.scale)
    return value.map { variable.takes($0) } ?? false ? 0 : coordinate + 1
  }
}
