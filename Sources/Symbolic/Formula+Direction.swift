/// Whether a formula grows or shrinks with a size.
package enum Direction: Hashable, Sendable {
  case constant
  case rising
  case falling
}

extension Formula {
  /// How the formula moves while a symbol grows and every size is above zero.
  ///
  /// Rising includes standing still for a while, as a rounding does. Nil if the terms pull in
  /// different ways, or if what an atom holds may be negative: then nothing is proved.
  package func direction(in symbol: Symbol) -> Direction? {
    guard fault == nil else { return nil }
    var result = Direction.constant
    for term in terms {
      guard let direction = term.direction(in: symbol),
        let both = result.combined(with: direction)
      else { return nil }
      result = both
    }
    return result
  }

  /// Whether no value is below zero while every size is above zero.
  private var isNeverNegative: Bool {
    terms.allSatisfy { term in
      term.coefficient > .zero && term.monomial.powers.allSatisfy { $0.atom.isNeverNegative }
    }
  }

  fileprivate static func neverNegative(_ formula: Formula) -> Bool { formula.isNeverNegative }
}

extension Formula.Term {
  fileprivate func direction(in symbol: Symbol) -> Direction? {
    var result = Direction.constant
    for power in monomial.powers {
      // A factor below zero would turn the others around.
      guard power.atom.isNeverNegative, let direction = power.atom.direction(in: symbol),
        let both = result.combined(with: power.exponent > 0 ? direction : direction.reversed)
      else { return nil }
      result = both
    }
    return coefficient < .zero ? result.reversed : result
  }
}

extension Atom {
  fileprivate func direction(in symbol: Symbol) -> Direction? {
    if case .symbol(let own) = self { return own == symbol ? .rising : .constant }
    if case .power(let share, let exponent) = self {
      // A share becomes smaller the more often it is multiplied with itself.
      guard let base = share.direction(in: symbol), let power = exponent.direction(in: symbol)
      else { return nil }
      return base.combined(with: power.reversed)
    }
    if case .filled(let arguments) = self {
      // The more things there are, the fewer choices fall on the own ones.
      var result = Direction.constant
      for (place, argument) in arguments.enumerated() {
        guard let direction = argument.direction(in: symbol),
          let both = result.combined(with: place == 2 ? direction.reversed : direction)
        else { return nil }
        result = both
      }
      return result
    }
    // Roundings and choices keep the direction of what they hold.
    var result = Direction.constant
    for argument in arguments {
      guard let direction = argument.direction(in: symbol),
        let both = result.combined(with: direction)
      else { return nil }
      result = both
    }
    return result
  }

  fileprivate var isNeverNegative: Bool {
    switch self {
    case .symbol, .power, .filled: true
    case .ceiling, .floor, .minimum: arguments.allSatisfy { Formula.neverNegative($0) }
    case .maximum: arguments.contains { Formula.neverNegative($0) }
    }
  }
}

extension Direction {
  var reversed: Direction {
    switch self {
    case .constant: .constant
    case .rising: .falling
    case .falling: .rising
    }
  }

  fileprivate func combined(with other: Direction) -> Direction? {
    if self == .constant { return other }
    return other == .constant || other == self ? self : nil
  }
}
