/// Puts a program together: operations that are equal are one, and constants are computed here.
package struct ProgramBuilder {
  private let inputs: [ProgramInput]
  private var operations: [Program.Operation] = []
  private var bounds: [UInt128] = []
  private var isLane: [Bool] = []
  private var places: [Program.Operation: Int] = [:]
  private var inputPlaces: [Symbol: Int] = [:]
  /// Whether a magnitude, a divisor or a power is beyond what a program computes.
  private var hasFailed = false
  private var known: [Formula: Program.Fraction] = [:]

  package init(inputs: [ProgramInput]) {
    self.inputs = inputs
    for (index, input) in inputs.enumerated() { inputPlaces[input.symbol] = index }
  }

  /// The program, or nil if an operation may need more than 127 bits, or a divisor may be zero.
  package var program: Program? {
    guard !hasFailed, let most = bounds.max() ?? 0 as UInt128?, most < 1 << 126 else { return nil }
    return Program(
      operations: operations, isLane: isLane, scales: inputs.map(\.scale),
      width: most < 1 << 62 ? .bits64 : .bits128)
  }

  // MARK: - Values

  package mutating func constant(_ value: Rational) -> Program.Fraction {
    Program.Fraction(
      numerator: place(.constant(value.numerator)), denominator: place(.constant(value.denominator))
    )
  }

  package mutating func sum(_ one: Program.Fraction, _ other: Program.Fraction) -> Program.Fraction
  {
    if one.denominator == other.denominator {
      return Program.Fraction(
        numerator: place(.add(one.numerator, other.numerator)), denominator: one.denominator)
    }
    if let a = number(one.denominator), let b = number(other.denominator) {
      let divisor = Int128(Int128.greatestCommonDivisor(a, b))
      return Program.Fraction(
        numerator: place(
          .add(scaled(one.numerator, b / divisor), scaled(other.numerator, a / divisor))),
        denominator: scaled(one.denominator, b / divisor))
    }
    return Program.Fraction(
      numerator: place(
        .add(
          place(.multiply(one.numerator, other.denominator)),
          place(.multiply(other.numerator, one.denominator)))),
      denominator: place(.multiply(one.denominator, other.denominator)))
  }

  package mutating func negative(_ value: Program.Fraction) -> Program.Fraction {
    Program.Fraction(
      numerator: place(.subtract(place(.constant(0)), value.numerator)),
      denominator: value.denominator)
  }

  package mutating func product(
    _ one: Program.Fraction, _ other: Program.Fraction
  ) -> Program.Fraction {
    Program.Fraction(
      numerator: place(.multiply(one.numerator, other.numerator)),
      denominator: place(.multiply(one.denominator, other.denominator)))
  }

  /// The quotient; a divisor that may be zero or below gives no program.
  package mutating func quotient(
    _ one: Program.Fraction, _ other: Program.Fraction
  ) -> Program.Fraction {
    if !isPositive(other.numerator) { hasFailed = true }
    return Program.Fraction(
      numerator: place(.multiply(one.numerator, other.denominator)),
      denominator: place(.multiply(one.denominator, other.numerator)))
  }

  // MARK: - Questions, which are one or zero

  package mutating func isAtMost(_ one: Program.Fraction, _ other: Program.Fraction) -> Int {
    let (a, b) = common(one, other)
    return place(.atMost(a, b))
  }

  package mutating func isEqual(_ one: Program.Fraction, _ other: Program.Fraction) -> Int {
    let (a, b) = common(one, other)
    return place(.equal(a, b))
  }

  package mutating func isMultiple(_ one: Program.Fraction, of other: Program.Fraction) -> Int {
    let (a, b) = common(one, other)
    if !isPositive(b) { hasFailed = true }
    return place(.multiple(a, b))
  }

  /// An answer as a number, one or zero.
  package mutating func whole(_ answer: Int) -> Program.Fraction {
    Program.Fraction(numerator: answer, denominator: place(.constant(1)))
  }

  package mutating func both(_ one: Int, _ other: Int) -> Int { place(.minimum(one, other)) }

  package mutating func either(_ one: Int, _ other: Int) -> Int { place(.maximum(one, other)) }

  package mutating func not(_ one: Int) -> Int { place(.subtract(place(.constant(1)), one)) }

  /// Two numerators over one denominator.
  private mutating func common(
    _ one: Program.Fraction, _ other: Program.Fraction
  ) -> (Int, Int) {
    if one.denominator == other.denominator { return (one.numerator, other.numerator) }
    return (
      place(.multiply(one.numerator, other.denominator)),
      place(.multiply(other.numerator, one.denominator))
    )
  }

  // MARK: - Formulas

  /// The value of a formula in the symbols of the inputs; any other symbol gives no program.
  package mutating func value(of formula: Formula) -> Program.Fraction {
    if let fraction = known[formula] { return fraction }
    guard formula.fault == nil else {
      hasFailed = true
      return constant(.zero)
    }
    // Terms with the same lane factors are added up first, once for all lanes.
    var groups: [Monomial: Program.Fraction] = [:]
    var order: [Monomial] = []
    for term in formula.terms {
      var outer = constant(term.coefficient)
      var inner: [Monomial.Power] = []
      for power in term.monomial.powers {
        if mentionsLane(power.atom) {
          inner.append(power)
        } else {
          outer = product(outer, value(of: power))
        }
      }
      let lane = Monomial(powers: inner)
      if let before = groups[lane] {
        groups[lane] = sum(before, outer)
      } else {
        groups[lane] = outer
        order.append(lane)
      }
    }
    var result: Program.Fraction?
    for lane in order {
      guard let outer = groups[lane] else { continue }
      var factor: Program.Fraction?
      for power in lane.powers {
        let value = value(of: power)
        factor = factor.map { product($0, value) } ?? value
      }
      let term = factor.map { product($0, outer) } ?? outer
      result = result.map { sum($0, term) } ?? term
    }
    let fraction = result ?? constant(.zero)
    known[formula] = fraction
    return fraction
  }

  private mutating func value(of power: Monomial.Power) -> Program.Fraction {
    let base = value(of: power.atom)
    guard abs(power.exponent) <= 64 else {
      hasFailed = true
      return base
    }
    var result = base
    for _ in 1..<abs(power.exponent) { result = product(result, base) }
    return power.exponent > 0 ? result : quotient(constant(.one), result)
  }

  private mutating func value(of atom: Atom) -> Program.Fraction {
    switch atom {
    case .symbol(let symbol):
      guard let index = inputPlaces[symbol] else {
        hasFailed = true
        return constant(.zero)
      }
      return Program.Fraction(
        numerator: place(.input(index)), denominator: place(.constant(inputs[index].scale)))
    case .floor(let argument): return floor(value(of: argument))
    case .ceiling(let argument):
      // ⌈x⌉ = −⌊−x⌋
      return negative(floor(negative(value(of: argument))))
    case .minimum(let left, let right): return chosen(left, right) { .minimum($0, $1) }
    case .maximum(let left, let right): return chosen(left, right) { .maximum($0, $1) }
    }
  }

  /// The greatest whole number that is not above a value.
  package mutating func floor(_ value: Program.Fraction) -> Program.Fraction {
    if !isPositive(value.denominator) { hasFailed = true }
    return Program.Fraction(
      numerator: place(.floor(value.numerator, value.denominator)),
      denominator: place(.constant(1)))
  }

  private mutating func chosen(
    _ left: Formula, _ right: Formula, _ choice: (Int, Int) -> Program.Operation
  ) -> Program.Fraction {
    let (one, other) = (value(of: left), value(of: right))
    let (a, b) = common(one, other)
    let under =
      one.denominator == other.denominator
      ? one.denominator : place(.multiply(one.denominator, other.denominator))
    return Program.Fraction(numerator: place(choice(a, b)), denominator: under)
  }

  private func mentionsLane(_ atom: Atom) -> Bool {
    switch atom {
    case .symbol(let symbol): inputPlaces[symbol].map { inputs[$0].isLane } ?? false
    default: atom.arguments.contains { $0.symbols.contains { mentionsLane(.symbol($0)) } }
    }
  }

  // MARK: - Operations

  private func number(_ place: Int) -> Int128? {
    if case .constant(let value) = operations[place] { value } else { nil }
  }

  private mutating func scaled(_ place: Int, _ factor: Int128) -> Int {
    self.place(.multiply(place, self.place(.constant(factor))))
  }

  /// Whether a value is certainly above zero.
  private func isPositive(_ place: Int) -> Bool {
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
  private mutating func place(_ operation: Program.Operation) -> Int {
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

  private mutating func simplified(_ operation: Program.Operation) -> Int? {
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

  private func dependsOnLane(_ operation: Program.Operation) -> Bool {
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
  private func bound(_ operation: Program.Operation) -> UInt128? {
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
