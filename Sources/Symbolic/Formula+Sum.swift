/// Sums over an index, in closed form.
///
/// A minimum or maximum is split where its arguments cross, a rounding of `(i + b)/s` is taken apart
/// into whole periods and a rest, one of `i·p/q + b` into a sum for each rest of *i* by *q*, and what is
/// left are powers of the index, whose sums Faulhaber found. The result is exact for every value of the
/// variables for which the index is never negative.
extension Formula {
  /// The sum over the whole values of `index` from zero to below `count`.
  ///
  /// - Returns: A faulty formula, `ArithmeticError.noClosedForm`, where none is known.
  package func summed(over index: Symbol, below count: Formula) -> Formula {
    if fault != nil { return self }
    return summed(index, from: .zero, to: count, depth: 0) ?? Formula(fault: .noClosedForm(index))
  }

  private func summed(
    _ index: Symbol, from low: Formula, to high: Formula, depth: Int
  ) -> Formula? {
    guard depth < 12, fault == nil else { return nil }
    if !symbols.contains(index) { return self * (high - low) }
    // Terms with the same choice or rounding are summed together.
    var sum = Formula.zero
    var groups: [Atom: [Term]] = [:]
    var order: [Atom] = []
    for term in terms {
      guard let atom = term.monomial.innermost(mentioning: index) else {
        guard let powers = term.powerSum(index, low, high) else { return nil }
        sum += powers
        continue
      }
      if groups[atom] == nil { order.append(atom) }
      groups[atom, default: []].append(term)
    }
    for atom in order {
      let part = Formula(terms: groups[atom] ?? [])
      guard let value = part.split(at: atom, index, low, high, depth) else { return nil }
      sum += value
    }
    return sum
  }

  /// The sum of a formula of which every term mentions an atom whose arguments are plain in the index.
  private func split(
    at atom: Atom, _ index: Symbol, _ low: Formula, _ high: Formula, _ depth: Int
  ) -> Formula? {
    switch atom {
    case .symbol, .power, .filled: return nil
    case .minimum(let one, let other):
      return chosen(atom, one, other, isLesser: true, index, low, high, depth)
    case .maximum(let one, let other):
      return chosen(atom, one, other, isLesser: false, index, low, high, depth)
    case .ceiling(let argument):
      // ⌈n/s⌉ = ⌊(n + s − 1)/s⌋ of whole numbers.
      guard let period = argument.period(of: index), period.isWhole else { return nil }
      let floor = Formula.floor(argument + (period - 1) / period)
      return replacing(atom, by: floor).summed(index, from: low, to: high, depth: depth + 1)
    case .floor(let argument):
      return rounded(atom, argument, index, low, high, depth)
    }
  }

  private func chosen(
    _ atom: Atom, _ one: Formula, _ other: Formula, isLesser: Bool, _ index: Symbol,
    _ low: Formula, _ high: Formula, _ depth: Int
  ) -> Formula? {
    let gap = other - one
    guard gap.symbols.contains(index) else {
      // Both rise alike, and their difference decides once for all.
      let choice = isLesser ? Formula.minimum(0, gap) : .maximum(0, gap)
      return replacing(atom, by: one + choice)
        .summed(index, from: low, to: high, depth: depth + 1)
    }
    guard let (slope, rest) = gap.linear(in: index), let rise = slope.constant,
      let inverse = try? Rational(-1).divided(by: rise)
    else { return nil }
    let crossing = Formula(inverse) * rest
    let point = crossing.isWhole ? crossing : Formula.floor(crossing) + 1
    let middle = Formula.minimum(high, .maximum(low, point))
    // Where the gap falls, the first argument is the lesser one until they cross.
    let (first, second) = (rise < .zero) == isLesser ? (one, other) : (other, one)
    guard
      let before = replacing(atom, by: first)
        .summed(index, from: low, to: middle, depth: depth + 1),
      let after = replacing(atom, by: second)
        .summed(index, from: middle, to: high, depth: depth + 1)
    else { return nil }
    return before + after
  }

  private func rounded(
    _ atom: Atom, _ argument: Formula, _ index: Symbol, _ low: Formula, _ high: Formula,
    _ depth: Int
  ) -> Formula? {
    guard let (slope, rest) = argument.linear(in: index) else { return nil }
    guard let period = argument.period(of: index), period.isWhole, slope == .one / period else {
      return stepped(atom, slope, rest, index, low, high, depth)
    }
    let shift = rest * period
    guard shift.isWhole else { return nil }
    // With n = i + shift = q·period + r the rounding is q.
    let (quotient, remainder) = (
      Symbol(variable: "\(index.name)q\(depth)"), Symbol(variable: "\(index.name)r\(depth)")
    )
    let summand = replacing(atom, by: Formula(quotient)).substituting { symbol in
      symbol == index
        ? Formula(quotient) * period + Formula(remainder) - shift : nil
    }
    func below(_ end: Formula) -> Formula? {
      let whole = Formula.floor(end / period)
      guard
        let one = summand.summed(remainder, from: .zero, to: period, depth: depth + 1),
        let periods = one.summed(quotient, from: .zero, to: whole, depth: depth + 1),
        let tail = summand.substituting({ $0 == quotient ? whole : nil })
          .summed(remainder, from: .zero, to: end - whole * period, depth: depth + 1)
      else { return nil }
      return periods + tail
    }
    guard let to = below(high + shift), let from = below(low + shift) else { return nil }
    return to - from
  }

  /// The sum where a rounding rises by *p* in *q* steps: one sum for each rest *r* of the index.
  ///
  /// With i = q·j + r the rounding of `i·p/q + b` is p·j and the rounding of `r·p/q + b`.
  private func stepped(
    _ atom: Atom, _ slope: Formula, _ rest: Formula, _ index: Symbol, _ low: Formula,
    _ high: Formula, _ depth: Int
  ) -> Formula? {
    guard let rise = slope.constant, let steps = Int(exactly: rise.denominator) else { return nil }
    /// How many rests there are below an end; nil where they are too many to add up.
    func rests(below end: Formula) -> Int? {
      // Variables make the sums of all rests long.
      guard [rest, low, high].allSatisfy({ $0.symbols.isEmpty }), let last = end.constant else {
        return steps <= 64 ? steps : nil
      }
      let rests = min(Int128(steps), max(0, last.ceiling))
      return rests <= 4096 ? Int(rests) : nil
    }
    let period = Formula(rise.denominator)
    let quotient = Symbol(variable: "\(index.name)q\(depth)")
    func below(_ end: Formula) -> Formula? {
      guard let rests = rests(below: end) else { return nil }
      var sum = Formula.zero
      for remainder in 0..<rests {
        let first = Formula.floor(rest + slope * Formula(Int128(remainder)))
        let summand = replacing(
          atom, by: Formula(rise.numerator) * Formula(quotient) + first
        ).substituting { symbol in
          symbol == index ? Formula(quotient) * period + Formula(Int128(remainder)) : nil
        }
        let count = Formula.floor((end + period - Formula(Int128(remainder + 1))) / period)
        guard let part = summand.summed(quotient, from: .zero, to: count, depth: depth + 1) else {
          return nil
        }
        sum += part
      }
      return sum
    }
    guard let to = below(high), let from = below(low) else { return nil }
    return to - from
  }

  // MARK: - Questions

  /// Slope and rest of a formula that is linear in a symbol and has it in no atom.
  private func linear(in index: Symbol) -> (slope: Formula, rest: Formula)? {
    let atom = Atom.symbol(index)
    var (slope, rest) = (Formula.zero, Formula.zero)
    for term in terms {
      guard let power = term.monomial.powers.first(where: { $0.atom == atom }) else {
        guard !Formula(terms: [term]).symbols.contains(index) else { return nil }
        rest += Formula(terms: [term])
        continue
      }
      guard power.exponent == 1 else { return nil }
      let others = term.monomial.powers.filter { $0.atom != atom }
      let factor = Term(coefficient: term.coefficient, monomial: Monomial(powers: others))
      guard !Formula(terms: [factor]).symbols.contains(index) else { return nil }
      slope += Formula(terms: [factor])
    }
    return (slope, rest)
  }

  /// By how much a symbol rises while the formula rises by one.
  private func period(of index: Symbol) -> Formula? {
    guard let slope = linear(in: index)?.slope, slope.terms.count == 1 else { return nil }
    return .one / slope
  }

  /// The formula with an atom replaced, inside of other atoms too.
  fileprivate func replacing(_ wanted: Atom, by value: Formula) -> Formula {
    terms.map { term in
      term.monomial.powers.reduce(Formula(term.coefficient)) { product, power in
        product * power.atom.replacing(wanted, by: value).power(power.exponent)
      }
    }.sum()
  }

  /// The sum of the powers of the numbers below a bound: 0^k + 1^k + … + (n − 1)^k.
  fileprivate static func powers(_ exponent: Int, below bound: Formula) -> Formula {
    var sums: [Formula] = []
    var binomials: [Int128] = [1]
    for k in 0...exponent {
      // n^(k+1) is the sum of C(k+1, j) times the j-th sums.
      binomials = [1] + zip(binomials, binomials.dropFirst()).map { $0 + $1 } + [1]
      var rest = bound.power(k + 1)
      for j in 0..<k { rest = rest - Formula(binomials[j]) * sums[j] }
      sums.append(rest / Formula(Int128(k + 1)))
    }
    return sums[exponent]
  }
}

extension Formula.Term {
  /// The sum of a term that has the index as a plain power, or not at all.
  fileprivate func powerSum(_ index: Symbol, _ low: Formula, _ high: Formula) -> Formula? {
    let atom = Atom.symbol(index)
    let exponent = monomial.powers.first { $0.atom == atom }?.exponent ?? 0
    guard (0...8).contains(exponent) else { return nil }
    let others = Monomial(powers: monomial.powers.filter { $0.atom != atom })
    return Formula(terms: [Formula.Term(coefficient: coefficient, monomial: others)])
      * (Formula.powers(exponent, below: high) - Formula.powers(exponent, below: low))
  }
}

extension Monomial {
  /// The first atom that is no symbol, mentions the index, and whose arguments have it in no atom.
  fileprivate func innermost(mentioning index: Symbol) -> Atom? {
    for power in powers {
      if case .symbol = power.atom { continue }
      let arguments = power.atom.arguments.filter { $0.symbols.contains(index) }
      guard !arguments.isEmpty else { continue }
      for term in arguments.flatMap(\.terms) {
        if let inner = term.monomial.innermost(mentioning: index) { return inner }
      }
      return power.atom
    }
    return nil
  }
}

extension Atom {
  fileprivate func replacing(_ wanted: Atom, by value: Formula) -> Formula {
    if self == wanted { return value }
    func inside(_ formula: Formula) -> Formula { formula.replacing(wanted, by: value) }
    switch self {
    case .symbol: return Formula(atom: self)
    case .ceiling(let argument): return .ceiling(inside(argument))
    case .floor(let argument): return .floor(inside(argument))
    case .minimum(let one, let other): return .minimum(inside(one), inside(other))
    case .maximum(let one, let other): return .maximum(inside(one), inside(other))
    case .power(let share, let exponent): return .power(inside(share), inside(exponent))
    case .filled(let arguments): return .filled(arguments.map(inside))
    }
  }
}
