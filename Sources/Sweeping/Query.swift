package import Accounting
package import Symbolic

/// What a point is asked: arithmetic and comparisons of figures, axes and numbers.
package indirect enum Query: Hashable, Sendable {
  /// What a name in a query stands for.
  package enum Name: Hashable, Sendable {
    case figure(FigureName)
    /// The figure of the model that nothing was changed in.
    case baseline(FigureName)
    /// The value of the axis of this number.
    case axis(Int)
    /// A size of the model, by its key.
    case size(String)
    /// The size that is solved for at each point.
    case solved
    /// What the figure that is held differs from what it was.
    case residual
  }

  /// A comparison of two values.
  package enum Comparison: String, Sendable {
    case less = "<"
    case atMost = "<="
    case more = ">"
    case atLeast = ">="
    case equal = "=="
    case different = "!="
  }

  case number(Rational)
  case name(Name)
  case sum(Query, Query)
  case difference(Query, Query)
  case product(Query, Query)
  case quotient(Query, Query)
  case compare(Query, Comparison, Query)
  case and(Query, Query)
  case or(Query, Query)
  case not(Query)

  /// Whether it is a question, whose answer is yes or no.
  package var isQuestion: Bool {
    switch self {
    case .compare, .and, .or, .not: true
    default: false
    }
  }

  /// Every name it mentions.
  package var names: [Name] {
    switch self {
    case .number: []
    case .name(let name): [name]
    case .not(let one): one.names
    case .sum(let one, let other), .difference(let one, let other), .product(let one, let other),
      .quotient(let one, let other), .compare(let one, _, let other), .and(let one, let other),
      .or(let one, let other):
      one.names + other.names
    }
  }

  /// Whether it mentions a figure that only a pass has.
  package var isOfPass: Bool {
    names.contains { name in
      switch name {
      case .figure(let figure), .baseline(let figure): figure.isOfPass
      case .axis, .size, .solved, .residual: false
      }
    }
  }

  /// The figure it is, if it is nothing else.
  package var figure: FigureName? {
    if case .name(.figure(let figure)) = self { figure } else { nil }
  }

  /// Whether its unit is bytes: sums of bytes, and bytes times or over what has no unit.
  package var isBytes: Bool { powerOfBytes == 1 }

  /// The power in which bytes are in its unit; nil where nothing is said or the units differ.
  private var powerOfBytes: Int? {
    switch self {
    case .number: nil
    case .name(.figure(let figure)), .name(.baseline(let figure)):
      figure.path == "arithmetic_intensity" ? -1 : figure.isBytes ? 1 : 0
    case .name: 0
    case .sum(let one, let other), .difference(let one, let other):
      // A bare number takes the unit of what it is added to.
      if one.isBare {
        other.powerOfBytes
      } else if other.isBare {
        one.powerOfBytes
      } else {
        one.powerOfBytes == other.powerOfBytes ? one.powerOfBytes : nil
      }
    case .product(let one, let other):
      Self.joined(one, other) { $0 + $1 }
    case .quotient(let one, let other):
      Self.joined(one, other) { $0 - $1 }
    case .compare, .and, .or, .not: 0
    }
  }

  /// Whether no name gives it a unit.
  private var isBare: Bool { names.isEmpty }

  private static func joined(_ one: Query, _ other: Query, _ rule: (Int, Int) -> Int) -> Int? {
    guard let a = one.isBare ? 0 : one.powerOfBytes, let b = other.isBare ? 0 : other.powerOfBytes
    else { return nil }
    return rule(a, b)
  }

  /// Whether it is a quotient, which people read as a decimal.
  package var isRatio: Bool {
    switch self {
    case .quotient: true
    case .sum(let one, let other), .difference(let one, let other), .product(let one, let other):
      one.isRatio || other.isRatio
    case .name(.figure(let figure)):
      figure.path.hasPrefix("ratios.") || figure.path == "arithmetic_intensity"
        || figure.path == "training.tokens_per_parameter"
    default: false
    }
  }
}

// MARK: - Answers

extension Query {
  /// The exact value; nil where something it mentions has none, or a divisor is zero.
  ///
  /// A question is one for yes and zero for no.
  ///
  /// - Throws: `ArithmeticError.overflow`.
  package func value(
    _ lookup: (Name) throws(ArithmeticError) -> Rational?
  ) throws(ArithmeticError) -> Rational? {
    func pair(_ one: Query, _ other: Query) throws(ArithmeticError) -> (Rational, Rational)? {
      guard let a = try one.value(lookup), let b = try other.value(lookup) else { return nil }
      return (a, b)
    }
    switch self {
    case .number(let value): return value
    case .name(let name): return try lookup(name)
    case .sum(let one, let other):
      guard let (a, b) = try pair(one, other) else { return nil }
      return try a.adding(b)
    case .difference(let one, let other):
      guard let (a, b) = try pair(one, other) else { return nil }
      return try a.adding(b.negated())
    case .product(let one, let other):
      guard let (a, b) = try pair(one, other) else { return nil }
      return try a.multiplied(by: b)
    case .quotient(let one, let other):
      guard let (a, b) = try pair(one, other), b != .zero else { return nil }
      return try a.divided(by: b)
    case .compare(let one, let comparison, let other):
      guard let (a, b) = try pair(one, other) else { return .zero }
      return comparison.holds(a, b) ? .one : .zero
    case .and(let one, let other):
      let (a, b) = (try one.value(lookup), try other.value(lookup))
      return a == .one && b == .one ? .one : .zero
    case .or(let one, let other):
      let (a, b) = (try one.value(lookup), try other.value(lookup))
      return a == .one || b == .one ? .one : .zero
    case .not(let one): return try one.value(lookup) == .one ? .zero : .one
    }
  }
}

extension Query.Comparison {
  func holds(_ a: Rational, _ b: Rational) -> Bool {
    switch self {
    case .less: a < b
    case .atMost: a <= b
    case .more: a > b
    case .atLeast: a >= b
    case .equal: a == b
    case .different: a != b
    }
  }
}

// MARK: - Programs

extension FormulaCompiler {
  /// The place of a number; nil where something it mentions has no value.
  mutating func number(
    _ query: Query, _ lookup: (Query.Name, inout FormulaCompiler) -> CompiledFormulas.Fraction?
  ) -> CompiledFormulas.Fraction? {
    switch query {
    case .number(let value): return constant(value)
    case .name(let name): return lookup(name, &self)
    case .sum(let one, let other):
      guard let a = number(one, lookup), let b = number(other, lookup) else { return nil }
      return sum(a, b)
    case .difference(let one, let other):
      guard let a = number(one, lookup), let b = number(other, lookup) else { return nil }
      return sum(a, negative(b))
    case .product(let one, let other):
      guard let a = number(one, lookup), let b = number(other, lookup) else { return nil }
      return product(a, b)
    case .quotient(let one, let other):
      guard let a = number(one, lookup), let b = number(other, lookup) else { return nil }
      return quotient(a, b)
    case .compare, .and, .or, .not:
      return whole(question(query, lookup))
    }
  }

  /// The place of an answer, one or zero.
  mutating func question(
    _ query: Query, _ lookup: (Query.Name, inout FormulaCompiler) -> CompiledFormulas.Fraction?
  ) -> Int {
    let no = constant(.zero).numerator
    switch query {
    case .compare(let one, let comparison, let other):
      guard let a = number(one, lookup), let b = number(other, lookup) else { return no }
      switch comparison {
      case .atMost: return isAtMost(a, b)
      case .atLeast: return isAtMost(b, a)
      case .less: return not(isAtMost(b, a))
      case .more: return not(isAtMost(a, b))
      case .equal: return isEqual(a, b)
      case .different: return not(isEqual(a, b))
      }
    case .and(let one, let other): return both(question(one, lookup), question(other, lookup))
    case .or(let one, let other): return either(question(one, lookup), question(other, lookup))
    case .not(let one): return not(question(one, lookup))
    default: return no
    }
  }
}
