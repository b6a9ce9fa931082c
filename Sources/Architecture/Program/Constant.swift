package import Symbolic

/// A number that decides what a pass computes, and no count: *ε*, the base of rotary angles, a cap.
package indirect enum Constant: Hashable, Sendable {
  /// A decimal as the configuration writes it; a run makes a float of it.
  case decimal(String)
  /// A size itself.
  case size(Formula)
  /// The square root of a size.
  case root(Formula)
  /// One over the square root of a size.
  case inverseRoot(Formula)
  /// One over another.
  case inverse(Constant)
  case product(Constant, Constant)
  /// The number of the layer, from one.
  case layerNumber
  /// e to the power of another.
  case exponential(Constant)
  case sum(Constant, Constant)
  /// The number of the layer, from zero.
  case layerIndex
  /// Another, as bfloat16 holds it: with eight bits of significand.
  case brain(Constant)
  /// Another to the power of a whole number.
  case power(Constant, Formula)
  /// A number that no fraction is, and how it comes about.
  case computed(String, Double)

  /// The constant 1, which a product leaves out.
  package static let one = Constant.decimal("1")

  /// Whether it is 1, however it is written.
  package var isOne: Bool {
    if case .computed(_, let value) = self { return value == 1 }
    guard case .decimal(let text) = self else { return false }
    return Rational(decimal: text) == .one
  }

  package static func * (left: Constant, right: Constant) -> Constant {
    if left == .one { return right }
    return right == .one ? left : .product(left, right)
  }
}

extension Symbol {
  /// The number of a layer, counted from zero, in constants that differ from layer to layer.
  package static let layer = Symbol("ℓ")
}

extension Constant: ExpressibleByStringLiteral {
  package init(stringLiteral text: String) { self = .decimal(text) }
}

extension Constant: CustomStringConvertible {
  package var description: String {
    switch self {
    case .decimal(let text): text
    case .size(let size): "\(size)"
    case .root(let size): "√(\(size))"
    case .inverseRoot(let size): "1/√(\(size))"
    case .inverse(let other): "1/(\(other))"
    case .layerNumber: "(i + 1)"
    case .exponential(let other): "exp(\(other))"
    case .sum(let left, let right): "(\(left) + \(right))"
    case .layerIndex: "i"
    case .product(let left, let right): "\(left) · \(right)"
    case .brain(let other): "bfloat16(\(other))"
    case .power(let base, let exponent): "\(base)^(\(exponent))"
    case .computed(let text, _): text
    }
  }
}
