/// Why an exact computation has no answer.
package enum ArithmeticError: Error, Hashable, Sendable {
  /// A value needs more than 128 bits.
  case overflow
  /// A division by zero.
  case divisionByZero
  /// A division by a sum, which has no exact form here.
  case notAMonomial
  /// A formula has more terms, or higher powers, than any count ever has.
  case tooLarge
  /// A count came out as a fraction.
  case notAnInteger(Rational)
  /// A formula was evaluated without a value for one of its symbols.
  case unbound(Symbol)
  /// A derivative through a ceiling, floor, minimum or maximum.
  case notDifferentiable(Symbol)
  /// A sum whose closed form is not known.
  case noClosedForm(Symbol)
}

extension ArithmeticError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .overflow: "The value does not fit in 128 bits."
    case .divisionByZero: "The formula divides by zero."
    case .notAMonomial: "The formula divides by a sum."
    case .tooLarge: "The formula has too many terms or too high a power."
    case .notAnInteger(let value): "The count is \(value), which is not a whole number."
    case .unbound(let symbol): "The size \(symbol.name) has no value."
    case .notDifferentiable(let symbol): "The formula is not smooth in \(symbol.name)."
    case .noClosedForm: "The sum over the passes has no closed form that is known here."
    }
  }
}
