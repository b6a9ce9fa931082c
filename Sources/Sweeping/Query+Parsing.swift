import Accounting
import Symbolic
import Wording

/// A query's text that could not be read, and where.
package struct QuerySyntaxError: Error, Hashable, Sendable {
  /// The expression as it was written.
  package let text: String
  /// What was expected at the place of the mistake.
  package let message: String
  /// The offset in characters from the start of the text.
  package let offset: Int
}

extension QuerySyntaxError: CustomStringConvertible {
  /// The text, with the place marked under it.
  package var description: String {
    "\(message), at character \(offset + 1):\n  \(text)\n  "
      + String(repeating: " ", count: offset) + "^"
  }
}

extension Query {
  /// Reads `active < 3e9 && kv_cache.bytes < 8GiB`, where `keys` are the axes and `sizes` the
  /// other keys that have a number.
  ///
  /// - Throws: `QuerySyntaxError` with the first character that does not fit.
  package init(
    parsing text: String, axes keys: [String], sizes: [String] = [], solved: String? = nil
  ) throws(QuerySyntaxError) {
    guard text.utf8.count <= 4000 else {
      throw QuerySyntaxError(
        text: String(text.prefix(40)) + "…", message: "an expression has at most 4000 letters",
        offset: 40)
    }
    var parser = QueryParser(text: text, keys: keys, sizes: sizes, solved: solved)
    self = try parser.whole()
  }
}

private struct QueryParser {
  let text: String
  let characters: [Character]
  let keys: [String]
  let sizes: [String]
  let solved: String?
  var position = 0

  init(text: String, keys: [String], sizes: [String], solved: String?) {
    self.text = text
    self.keys = keys
    self.sizes = sizes
    self.solved = solved
    characters = Array(text)
  }

  mutating func whole() throws(QuerySyntaxError) -> Query {
    let result = try or(depth: 0)
    skipBlanks()
    guard position == characters.count else {
      throw failure("unexpected '\(characters[position])'")
    }
    return result
  }

  private func failure(_ message: String, at offset: Int? = nil) -> QuerySyntaxError {
    QuerySyntaxError(text: text, message: message, offset: offset ?? position)
  }

  private mutating func skipBlanks() {
    while position < characters.count, characters[position].isWhitespace { position += 1 }
  }

  private mutating func accept(_ word: String) -> Bool {
    skipBlanks()
    let letters = Array(word)
    guard characters[position...].starts(with: letters) else { return false }
    position += letters.count
    return true
  }

  // MARK: - Questions

  private mutating func or(depth: Int) throws(QuerySyntaxError) -> Query {
    var result = try and(depth: depth)
    while let place = operatorPlace("||") {
      result = .or(try question(result, place), try question(and(depth: depth), place))
    }
    return result
  }

  private mutating func and(depth: Int) throws(QuerySyntaxError) -> Query {
    var result = try negation(depth: depth)
    while let place = operatorPlace("&&") {
      result = .and(try question(result, place), try question(negation(depth: depth), place))
    }
    return result
  }

  private mutating func operatorPlace(_ word: String) -> Int? {
    skipBlanks()
    let place = position
    return accept(word) ? place : nil
  }

  private func question(_ query: Query, _ place: Int) throws(QuerySyntaxError) -> Query {
    guard query.isQuestion else {
      throw failure(
        "both sides of '\(characters[place])\(characters[place])' must be comparisons", at: place)
    }
    return query
  }

  private func number(_ query: Query, _ place: Int) throws(QuerySyntaxError) -> Query {
    guard !query.isQuestion else { throw failure("a comparison is no number", at: place) }
    return query
  }

  private mutating func negation(depth: Int) throws(QuerySyntaxError) -> Query {
    skipBlanks()
    let place = position
    guard position < characters.count, characters[position] == "!",
      position + 1 >= characters.count || characters[position + 1] != "="
    else { return try comparison(depth: depth) }
    position += 1
    try refuse(depth)
    let inner = try negation(depth: depth + 1)
    guard inner.isQuestion else { throw failure("'!' needs a comparison", at: place) }
    return .not(inner)
  }

  private mutating func comparison(depth: Int) throws(QuerySyntaxError) -> Query {
    let left = try sum(depth: depth)
    skipBlanks()
    let place = position
    for (word, comparison) in Self.comparisons where accept(word) {
      let right = try sum(depth: depth)
      return .compare(try number(left, place), comparison, try number(right, place))
    }
    if position < characters.count, "=&|".contains(characters[position]) {
      let sign = String(characters[position])
      if !text.contains(sign + sign) || sign == "=" {
        if !characters[position...].starts(with: [characters[position], characters[position]]) {
          throw failure("'\(sign)' is no operator; write '\(sign)\(sign)'")
        }
      }
    }
    return left
  }

  private static let comparisons: [(String, Query.Comparison)] = [
    ("<=", .atMost), (">=", .atLeast), ("==", .equal), ("!=", .different), ("<", .less),
    (">", .more),
  ]

  // MARK: - Numbers

  private mutating func sum(depth: Int) throws(QuerySyntaxError) -> Query {
    var result = try product(depth: depth)
    while true {
      if let place = operatorPlace("+") {
        result = .sum(try number(result, place), try number(product(depth: depth), place))
      } else if let place = operatorPlace("-") {
        result = .difference(try number(result, place), try number(product(depth: depth), place))
      } else {
        return result
      }
    }
  }

  private mutating func product(depth: Int) throws(QuerySyntaxError) -> Query {
    var result = try factor(depth: depth)
    while true {
      if let place = operatorPlace("*") {
        result = .product(try number(result, place), try number(factor(depth: depth), place))
      } else if let place = operatorPlace("/") {
        result = .quotient(try number(result, place), try number(factor(depth: depth), place))
      } else {
        return result
      }
    }
  }

  private func refuse(_ depth: Int) throws(QuerySyntaxError) {
    guard depth < 100 else { throw failure("the expression is nested too deeply") }
  }

  private mutating func factor(depth: Int) throws(QuerySyntaxError) -> Query {
    try refuse(depth)
    if accept("-") { return .difference(.number(.zero), try factor(depth: depth + 1)) }
    if accept("(") {
      let result = try or(depth: depth + 1)
      guard accept(")") else { throw failure("expected ')'") }
      return result
    }
    guard position < characters.count else { throw failure("the expression ends too soon") }
    let first = characters[position]
    if first.isASCII && first.isNumber || first == "." { return .number(try literal()) }
    return try name()
  }

  /// A decimal, with a unit of counts or of bytes.
  private mutating func literal() throws(QuerySyntaxError) -> Rational {
    let start = position
    while position < characters.count {
      let character = characters[position]
      let isSign =
        "+-".contains(character) && "eE".contains(characters[position - 1]) && position > start
      guard character.isASCII,
        character.isNumber || character == "." || isSign
          || "eE".contains(character) && position + 1 < characters.count
            && (characters[position + 1].isNumber || "+-".contains(characters[position + 1]))
      else { break }
      position += 1
    }
    guard var value = Rational(decimal: String(characters[start..<position])) else {
      throw failure("not a number", at: start)
    }
    let unitStart = position
    while position < characters.count, characters[position].isLetter { position += 1 }
    let unit = String(characters[unitStart..<position])
    guard unit.isEmpty || Rational.units[unit] != nil else {
      throw failure(
        "unknown unit '\(unit)'; there are K, M, B, T and KiB, MiB, GiB, TiB", at: unitStart)
    }
    if let scale = Rational.units[unit] {
      guard let scaled = try? value.multiplied(by: Rational(scale)) else {
        throw failure("the number does not fit in 128 bits", at: start)
      }
      value = scaled
    }
    return value
  }

  /// The longest name that stands here; some have a slash.
  private mutating func name() throws(QuerySyntaxError) -> Query {
    let start = position
    var prefix = ""
    for word in ["baseline.", "relative."] where accept(word) { prefix = word }
    let words =
      FigureName.words + (prefix.isEmpty ? keys + sizes + [solved ?? "residual", "residual"] : [])
    // No more is looked at than the longest of them and what follows it.
    let longest = words.reduce(0) { max($0, $1.utf8.count) }
    let rest = String(characters[position...].prefix(longest + 1))
    let known = words.filter { word in
      guard rest.hasPrefix(word) else { return false }
      let next = rest.dropFirst(word.count).first
      return next.map { !Self.isNamePart($0) } ?? true
    }.max { $0.count < $1.count }
    guard let word = known else {
      let end = characters[position...].firstIndex { !Self.isNamePart($0) } ?? characters.count
      let text = String(characters[position..<end])
      guard !text.isEmpty else {
        throw failure(
          position < characters.count
            ? "unexpected '\(characters[position])'" : "the expression ends too soon")
      }
      let nearest = nearestWord(to: text, among: words)
      throw failure(
        "unknown figure '\(prefix)\(text)'"
          + (nearest.map { "; did you mean '\(prefix)\($0)'?" }
            ?? "; 'tally figures' lists them"),
        at: start)
    }
    position += word.count
    if prefix.isEmpty {
      if let axis = keys.firstIndex(of: word) { return .name(.axis(axis)) }
      if word == solved { return .name(.solved) }
      if word == "residual" { return .name(.residual) }
      if sizes.contains(word) { return .name(.size(word)) }
    }
    guard let figure = FigureName.named(word) else { throw failure("unknown figure", at: start) }
    switch prefix {
    case "baseline.": return .name(.baseline(figure))
    case "relative.": return .quotient(.name(.figure(figure)), .name(.baseline(figure)))
    default: return .name(.figure(figure))
    }
  }

  private static func isNamePart(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_" || character == "."
      || character == "κ"
  }
}
