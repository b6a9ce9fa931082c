extension FormulaCompiler {
  func number(_ place: Int) -> Int128? {
    if case .constant(let value) = operations[place] { value } else { nil }
  }

  mutating func scaled(_ place: Int, _ factor: Int128) -> Int {
    self.place(.multiply(place, self.place(.constant(factor))))
  }

  /// Whether a value is certainly above zero.
  func isPositive(_ place: Int) -> Bool {
    switch operations[place] {
    case .constant(let value): value > 0
    case .input(let index): inputs[index].isPositive
    case .add(let a, let b), .multiply(let a, let b), .minimum(let a, let b):
      isPositive(a) && isPositive(b)
    case .maximum(let a, let b): isPositive(a) || isPositive(b)
    default: false
    }
  }

  /// The place of an operation, which may be that of an equal or a simpler one.
  mutating func place(_ operation: CompiledFormulas.Operation) -> Int {
    if let simpler = simplified(operation) { return simpler }
    if let place = places[operation] { return place }
    let place = operations.count
    let bound = bound(operation)
    if bound == nil { hasFailed = true }
    bounds.append(bound ?? 0)
    isLane.append(dependsOnLane(operation))
    operations.append(operation)
    places[operation] = place
    return place
  }

  private mutating func simplified(_ operation: CompiledFormulas.Operation) -> Int? {
    switch operation {
    case .multiply(let a, let b):
      if number(a) == 1 { return b }
      if number(b) == 1 { return a }
      if number(a) == 0 { return a }
      if number(b) == 0 { return b }
      guard let x = number(a), let y = number(b), let value = try? x.multiplied(by: y) else {
        return a > b ? place(.multiply(b, a)) : nil
      }
      return place(.constant(value))
    case .add(let a, let b):
      if number(a) == 0 { return b }
      if number(b) == 0 { return a }
      guard let x = number(a), let y = number(b), let value = try? x.adding(y) else {
        return a > b ? place(.add(b, a)) : nil
      }
      return place(.constant(value))
    case .subtract(let a, let b):
      if number(b) == 0 { return a }
      guard let x = number(a), let y = number(b), let value = try? x.adding(-y) else { return nil }
      return place(.constant(value))
    case .floor(let a, let b): return number(b) == 1 ? a : nil
    case .multiple(_, let b): return number(b) == 1 ? place(.constant(1)) : nil
    case .minimum(let a, let b), .maximum(let a, let b): return a == b ? a : nil
    case .atMost(let a, let b):
      guard let x = number(a), let y = number(b) else { return nil }
      return place(.constant(x <= y ? 1 : 0))
    case .equal(let a, let b):
      guard let x = number(a), let y = number(b) else { return nil }
      return place(.constant(x == y ? 1 : 0))
    case .constant, .input: return nil
    }
  }

  private func dependsOnLane(_ operation: CompiledFormulas.Operation) -> Bool {
    switch operation {
    case .constant: false
    case .input(let index): inputs[index].isLane
    case .add(let a, let b), .subtract(let a, let b), .multiply(let a, let b), .floor(let a, let b),
      .minimum(let a, let b), .maximum(let a, let b), .atMost(let a, let b), .equal(let a, let b),
      .multiple(let a, let b):
      isLane[a] || isLane[b]
    }
  }

  /// The greatest magnitude a value can have, or nil if that is beyond 128 bits.
  private func bound(_ operation: CompiledFormulas.Operation) -> UInt128? {
    func sum(_ a: UInt128, _ b: UInt128) -> UInt128? {
      let (result, overflow) = a.addingReportingOverflow(b)
      return overflow ? nil : result
    }
    switch operation {
    case .constant(let value): return value.magnitude
    case .input(let index): return inputs[index].bound
    case .add(let a, let b), .subtract(let a, let b): return sum(bounds[a], bounds[b])
    case .multiply(let a, let b):
      let (result, overflow) = bounds[a].multipliedReportingOverflow(by: bounds[b])
      return overflow ? nil : result
    // Rounding down takes a negative quotient one further from zero.
    case .floor(let a, _): return sum(bounds[a], 1)
    case .minimum(let a, let b), .maximum(let a, let b): return max(bounds[a], bounds[b])
    case .atMost, .equal, .multiple: return 1
    }
  }
}
