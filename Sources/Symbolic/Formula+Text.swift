/// How a formula is written.
package enum Notation: Sendable {
  /// `2*L*d^2`: reads back with `Formula(parsing:)`, and pastes into most languages.
  case plain
  /// `2·L·d²`, for Markdown and for reading.
  case unicode
  /// `2\,L\,d^{2}`, for a paper, in math mode.
  case latex
}

extension Formula: CustomStringConvertible {
  package var description: String { text(.plain) }

  /// The formula as text.
  ///
  /// - Parameters:
  ///   - notation: The way of writing.
  ///   - names: What to write for a symbol, where not its name: a number shows a substitution.
  /// - Returns: The terms in canonical order.
  package func text(_ notation: Notation, names: [Symbol: String] = [:]) -> String {
    if let fault { return "(\(fault))" }
    if terms.isEmpty { return "0" }
    var result = ""
    for term in terms {
      let isNegative = term.coefficient < .zero
      if result.isEmpty {
        if isNegative { result += "-" }
      } else {
        result += isNegative ? " - " : " + "
      }
      result += term.text(notation, names: names)
    }
    return result
  }
}

extension Formula.Term {
  /// The term without its sign.
  fileprivate func text(_ notation: Notation, names: [Symbol: String]) -> String {
    var above: [String] = []
    var below: [String] = []
    let numerator = coefficient.numerator.magnitude
    if numerator != 1 { above.append("\(numerator)") }
    if coefficient.denominator != 1 { below.append("\(coefficient.denominator)") }
    for power in monomial.powers {
      let base = power.atom.text(notation, names: names)
      let text = notation.power(base, abs(power.exponent))
      if power.exponent > 0 { above.append(text) } else { below.append(text) }
    }
    // Letters stand side by side in a paper, but numbers need a sign between them.
    var times = notation.times
    if case .latex = notation, !names.isEmpty { times = " \\cdot " }
    let dividend = above.isEmpty ? "1" : above.joined(separator: times)
    guard !below.isEmpty else { return dividend }
    let divisor = below.joined(separator: times)
    if case .latex = notation { return "\\frac{\(dividend)}{\(divisor)}" }
    return below.count == 1 ? "\(dividend)/\(divisor)" : "\(dividend)/(\(divisor))"
  }
}

extension Atom {
  fileprivate func text(_ notation: Notation, names: [Symbol: String]) -> String {
    let inside = arguments.map { $0.text(notation, names: names) }
    switch self {
    case .symbol(let symbol): return names[symbol] ?? notation.name(symbol)
    case .ceiling:
      if case .latex = notation { return "\\left\\lceil \(inside[0]) \\right\\rceil" }
      return "ceil(\(inside[0]))"
    case .floor:
      if case .latex = notation { return "\\left\\lfloor \(inside[0]) \\right\\rfloor" }
      return "floor(\(inside[0]))"
    case .minimum: return notation.function("min", inside)
    case .maximum: return notation.function("max", inside)
    case .power: return notation.power(inside[0], inside[1])
    case .filled:
      if case .latex = notation {
        return "\\operatorname{filled}\\left(\(inside.joined(separator: ", "))\\right)"
      }
      return notation.function("filled", inside)
    }
  }
}

extension Notation {
  fileprivate var times: String {
    switch self {
    case .plain: "*"
    case .unicode: "·"
    case .latex: "\\,"
    }
  }

  fileprivate func function(_ name: String, _ arguments: [String]) -> String {
    let list = arguments.joined(separator: ", ")
    if case .latex = self { return "\\\(name)\\left(\(list)\\right)" }
    return "\(name)(\(list))"
  }

  /// A power of a formula to another.
  fileprivate func power(_ base: String, _ exponent: String) -> String {
    switch self {
    case .plain: "pow(\(base), \(exponent))"
    case .unicode: "(\(base))^(\(exponent))"
    case .latex: "\\left(\(base)\\right)^{\(exponent)}"
    }
  }

  fileprivate func power(_ base: String, _ exponent: Int) -> String {
    guard exponent != 1 else { return base }
    switch self {
    case .plain: return "\(base)^\(exponent)"
    case .unicode:
      let superscripts = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
      return base
        + "\(exponent)".map { String($0.wholeNumberValue.map { superscripts[$0] } ?? $0) }
        .joined()
    case .latex: return "\(base)^{\(exponent)}"
    }
  }

  /// A symbol's name in this notation.
  package func name(_ symbol: Symbol) -> String {
    guard case .latex = self else { return symbol.name }
    let pieces = symbol.name.split(separator: "_", maxSplits: 1)
    let greek = ["κ": "\\kappa", "α": "\\alpha", "β": "\\beta"]
    let head = greek[String(pieces[0])] ?? String(pieces[0])
    guard pieces.count == 2 else {
      return head.count > 1 && head.first != "\\" ? "\\mathit{\(head)}" : head
    }
    let index = pieces[1].replacing("_", with: ",")
    return index.count == 1 ? "\(head)_{\(index)}" : "\(head)_{\\mathrm{\(index)}}"
  }
}
