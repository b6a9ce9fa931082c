package import Symbolic

/// What a figure is wanted to be: as near to a value as can be, or also within it.
package struct Goal: Hashable, Sendable {
  /// On which side of the value the figure has to be.
  package enum Relation: String, CaseIterable, Hashable, Sendable {
    case atMost = "<="
    case atLeast = ">="
    case near = "="
  }

  /// The value that the figure is to have.
  package let value: Rational
  /// On which side of it the figure has to be.
  package let relation: Relation

  package init(_ value: Rational, _ relation: Relation = .near) {
    self.value = value
    self.relation = relation
  }

  /// Whether a figure is on the side that is wanted.
  package func allows(_ figure: Rational) -> Bool {
    switch relation {
    case .near: true
    case .atMost: figure <= value
    case .atLeast: figure >= value
    }
  }

  /// Whether one figure serves better than another: within before beyond, and then the nearer.
  func prefers(_ one: Rational, to other: Rational) -> Bool {
    guard allows(one) == allows(other) else { return allows(one) }
    return one.distance(to: value) < other.distance(to: value)
  }
}
