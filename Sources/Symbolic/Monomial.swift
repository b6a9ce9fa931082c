/// A product of powers of atoms, such as *L·d²* or *h⁻¹*.
///
/// Invariant: atoms stand in ascending order, each once, and no exponent is zero. The empty
/// product is 1. Negative exponents keep an exact division by a size inside the algebra.
package struct Monomial: Hashable, Sendable {
  /// An atom with its exponent.
  package struct Power: Hashable, Sendable {
    /// A symbol, or a function of formulas.
    package let atom: Atom
    /// The exponent, which may be negative and is not zero.
    package let exponent: Int
  }

  /// The powers, one of each atom, in canonical order.
  package let powers: [Power]

  static let one = Monomial(powers: [])

  init(powers: [Power]) {
    self.powers = powers
  }

  init(_ atom: Atom) {
    powers = [Power(atom: atom, exponent: 1)]
  }

  /// The sum of the exponents.
  var degree: Int { powers.reduce(0) { $0 + $1.exponent } }

  /// Whether every value is a whole number.
  var isWhole: Bool { powers.allSatisfy { $0.exponent > 0 && $0.atom.isWhole } }

  /// The product, by merging two ordered lists.
  static func * (left: Monomial, right: Monomial) -> Monomial {
    if left.powers.isEmpty { return right }
    if right.powers.isEmpty { return left }
    var result: [Power] = []
    result.reserveCapacity(left.powers.count + right.powers.count)
    var (i, j) = (0, 0)
    while i < left.powers.count && j < right.powers.count {
      let (a, b) = (left.powers[i], right.powers[j])
      if a.atom == b.atom {
        let exponent = a.exponent + b.exponent
        if exponent != 0 { result.append(Power(atom: a.atom, exponent: exponent)) }
        i += 1
        j += 1
      } else if a.atom < b.atom {
        result.append(a)
        i += 1
      } else {
        result.append(b)
        j += 1
      }
    }
    result += left.powers[i...]
    result += right.powers[j...]
    return Monomial(powers: result)
  }

  /// The reciprocal.
  var inverse: Monomial {
    Monomial(powers: powers.map { Power(atom: $0.atom, exponent: -$0.exponent) })
  }
}

extension Monomial: Comparable {
  /// Higher degree first, then alphabetically, which is how people write a polynomial.
  package static func < (left: Monomial, right: Monomial) -> Bool {
    let (a, b) = (left.degree, right.degree)
    guard a == b else { return a > b }
    for (p, q) in zip(left.powers, right.powers) {
      if p.atom != q.atom { return p.atom < q.atom }
      if p.exponent != q.exponent { return p.exponent > q.exponent }
    }
    return left.powers.count < right.powers.count
  }
}
