extension FormulaCompiler {
  /// The value of a formula in the symbols of the inputs; any other symbol gives no program.
  package mutating func value(of formula: Formula) -> CompiledFormulas.Fraction {
    if let fraction = known[formula] { return fraction }
    guard formula.fault == nil else {
      hasFailed = true
      return constant(.zero)
    }
    // Terms with the same lane factors are added up first, once for all lanes.
    var groups: [Monomial: CompiledFormulas.Fraction] = [:]
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
    var result: CompiledFormulas.Fraction?
    for lane in order {
      guard let outer = groups[lane] else { continue }
      var factor: CompiledFormulas.Fraction?
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

  private mutating func value(of power: Monomial.Power) -> CompiledFormulas.Fraction {
    let base = value(of: power.atom)
    guard abs(power.exponent) <= 64 else {
      hasFailed = true
      return base
    }
    var result = base
    for _ in 1..<abs(power.exponent) { result = product(result, base) }
    return power.exponent > 0 ? result : quotient(constant(.one), result)
  }

  private mutating func value(of atom: Atom) -> CompiledFormulas.Fraction {
    switch atom {
    case .symbol(let symbol):
      guard let index = inputIndices[symbol] else {
        hasFailed = true
        return constant(.zero)
      }
      return CompiledFormulas.Fraction(
        numerator: place(.input(index)), denominator: place(.constant(inputs[index].scale)))
    case .floor(let argument): return floor(value(of: argument))
    case .ceiling(let argument):
      // ⌈x⌉ = −⌊−x⌋
      return negative(floor(negative(value(of: argument))))
    case .minimum(let left, let right): return chosen(left, right) { .minimum($0, $1) }
    case .maximum(let left, let right): return chosen(left, right) { .maximum($0, $1) }
    case .power, .filled:
      // A power to a size that is not known has no program, nor has a mean over choices.
      hasFailed = true
      return constant(.zero)
    }
  }

  /// The greatest whole number that is not above a value.
  package mutating func floor(_ value: CompiledFormulas.Fraction) -> CompiledFormulas.Fraction {
    if !isPositive(value.denominator) { hasFailed = true }
    return CompiledFormulas.Fraction(
      numerator: place(.floor(value.numerator, value.denominator)),
      denominator: place(.constant(1)))
  }

  private mutating func chosen(
    _ left: Formula, _ right: Formula, _ choice: (Int, Int) -> CompiledFormulas.Operation
  ) -> CompiledFormulas.Fraction {
    let (one, other) = (value(of: left), value(of: right))
    let (a, b) = common(one, other)
    let under =
      one.denominator == other.denominator
      ? one.denominator : place(.multiply(one.denominator, other.denominator))
    return CompiledFormulas.Fraction(numerator: place(choice(a, b)), denominator: under)
  }

  private func mentionsLane(_ atom: Atom) -> Bool {
    switch atom {
    case .symbol(let symbol): inputIndices[symbol].map { inputs[$0].isLane } ?? false
    default: atom.arguments.contains { $0.symbols.contains { mentionsLane(.symbol($0)) } }
    }
  }
}
