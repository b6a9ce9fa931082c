/// A formula's text that could not be read, and where.
package struct FormulaSyntaxError: Error, Hashable, Sendable {
  /// What was expected at the place of the mistake.
  package let message: String
  /// The offset in characters from the start of the text.
  package let offset: Int

  package init(message: String, offset: Int) {
    self.message = message
    self.offset = offset
  }
}

extension Formula {
  /// Reads a formula in plain notation: `2*L*d^2 + ceil(d/16)`.
  ///
  /// Numbers may be decimals, which are taken exactly. Text that `text(.plain)` wrote reads back
  /// as an equal formula.
  ///
  /// - Throws: `FormulaSyntaxError` with the place of the first character that does not fit.
  package init(
    parsing text: String, symbol: @escaping (String) -> Symbol = { Symbol($0) }
  ) throws(FormulaSyntaxError) {
    var parser = FormulaParser(characters: Array(text), symbol: symbol)
    let result = try parser.sum(depth: 0)
    parser.skipBlanks()
    guard parser.position == parser.characters.count else {
      throw FormulaSyntaxError(
        message: "unexpected '\(parser.characters[parser.position])'", offset: parser.position)
    }
    self = result
  }
}

private struct FormulaParser {
  let characters: [Character]
  let symbol: (String) -> Symbol
  var position = 0

  init(characters: [Character], symbol: @escaping (String) -> Symbol) {
    self.characters = characters
    self.symbol = symbol
  }

  mutating func skipBlanks() {
    while position < characters.count, characters[position].isWhitespace { position += 1 }
  }

  private mutating func accept(_ character: Character) -> Bool {
    skipBlanks()
    guard position < characters.count, characters[position] == character else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Character) throws(FormulaSyntaxError) {
    guard accept(character) else { throw failure("expected '\(character)'") }
  }

  private func failure(_ message: String) -> FormulaSyntaxError {
    FormulaSyntaxError(message: message, offset: position)
  }

  mutating func sum(depth: Int) throws(FormulaSyntaxError) -> Formula {
    guard depth < 100 else { throw failure("the formula is nested too deeply") }
    var result = accept("-") ? -(try product(depth: depth)) : try product(depth: depth)
    while true {
      if accept("+") {
        result += try product(depth: depth)
      } else if accept("-") {
        result = result - (try product(depth: depth))
      } else {
        return result
      }
    }
  }

  private mutating func product(depth: Int) throws(FormulaSyntaxError) -> Formula {
    var result = try power(depth: depth)
    while true {
      if accept("*") || accept("·") {
        result *= try power(depth: depth)
      } else if accept("/") {
        result = result / (try power(depth: depth))
      } else {
        return result
      }
    }
  }

  private mutating func power(depth: Int) throws(FormulaSyntaxError) -> Formula {
    let base = try factor(depth: depth)
    guard accept("^") else { return base }
    let isNegative = accept("-")
    let start = position
    while position < characters.count, characters[position].isDigit { position += 1 }
    guard let exponent = Int(String(characters[start..<position])), exponent <= 64 else {
      throw failure("expected a whole exponent up to 64")
    }
    return base.power(isNegative ? -exponent : exponent)
  }

  private mutating func factor(depth: Int) throws(FormulaSyntaxError) -> Formula {
    skipBlanks()
    guard position < characters.count else { throw failure("the formula ends too soon") }
    let start = position
    let first = characters[position]
    if accept("(") {
      let result = try sum(depth: depth + 1)
      try expect(")")
      return result
    }
    if first.isDigit {
      while position < characters.count,
        characters[position].isDigit || characters[position] == "."
      {
        position += 1
      }
      guard let value = Rational(decimal: String(characters[start..<position])) else {
        throw FormulaSyntaxError(message: "not a number of at most 38 digits", offset: start)
      }
      return Formula(value)
    }
    while position < characters.count,
      characters[position].isLetter || characters[position].isNumber || characters[position] == "_"
    {
      position += 1
    }
    let name = String(characters[start..<position])
    guard Symbol.isName(name) else { throw failure("unexpected '\(first)'") }
    guard accept("(") else { return Formula(symbol(name)) }
    let result = try call(name, at: start, depth: depth)
    try expect(")")
    return result
  }

  private mutating func call(
    _ name: String, at start: Int, depth: Int
  ) throws(FormulaSyntaxError) -> Formula {
    let argument = try sum(depth: depth + 1)
    switch name {
    case "ceil": return .ceiling(argument)
    case "floor": return .floor(argument)
    case "min", "max", "pow":
      try expect(",")
      let other = try sum(depth: depth + 1)
      if name == "pow" { return .power(argument, other) }
      return name == "min" ? .minimum(argument, other) : .maximum(argument, other)
    case "filled":
      var arguments = [argument]
      for _ in 0..<4 {
        try expect(",")
        arguments.append(try sum(depth: depth + 1))
      }
      return .filled(
        tokens: arguments[0], choices: arguments[1], of: arguments[2], own: arguments[3],
        places: arguments[4])
    default:
      throw FormulaSyntaxError(
        message: "unknown function '\(name)'; there are ceil, floor, min, max, pow and filled",
        offset: start)
    }
  }
}

extension Character {
  /// Whether it is one of the ten digits; other scripts' numerals are not read.
  fileprivate var isDigit: Bool { isASCII && isNumber }
}
