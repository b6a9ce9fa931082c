import JSON

/// The numbers of tokens that a user gives: one sequence, or several with names.
struct TokenList: Equatable {
  /// What the sequence is called, where a file holds several.
  let domain: String?
  let tokens: [Int]

  init(_ tokens: [Int], domain: String? = nil) {
    (self.domain, self.tokens) = (domain, tokens)
  }

  /// Numbers with commas or white space between them; nil for anything else.
  static func option(_ text: String) -> [Int]? {
    let words = text.split(whereSeparator: { $0 == "," || $0.isWhitespace })
    let numbers = words.compactMap { number($0) }
    return numbers.count == words.count && !words.isEmpty ? numbers : nil
  }

  /// What a file holds: a JSON list, numbers with white space between them, or a JSON object whose
  /// keys name lists.
  ///
  /// - Throws: `Failure.unreadable`, `.badTokens`.
  static func file(_ path: String) throws -> [TokenList] {
    let source = path == "-" ? "standard input" : path
    switch Terminal.read(path) {
    case .success(let bytes): return try parsed(bytes, source)
    case .failure(let problem): throw Failure.unreadable(source, reason: problem.reason)
    }
  }

  /// - Throws: `Failure.badTokens`.
  static func parsed(_ bytes: [UInt8], _ source: String) throws -> [TokenList] {
    func failure(_ what: String) -> Failure { .badTokens(source: source, what: what) }
    let blanks: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
    let first = bytes.first { !blanks.contains($0) }
    guard let first else { throw failure("it holds no tokens") }
    if first == UInt8(ascii: "[") || first == UInt8(ascii: "{") || first == UInt8(ascii: "\"") {
      let json: JSONValue
      do throws(JSONSyntaxError) {
        json = try JSONValue(parsing: bytes)
      } catch {
        throw failure("it is not JSON (\(error))")
      }
      guard let domains = json.object else {
        return [TokenList(try tokens(json, "it", "its list", failure))]
      }
      guard !domains.keys.isEmpty else { throw failure("it holds no tokens") }
      return try domains.keys.map { name in
        let quoted = "'\(name.prefix(40))'"
        return TokenList(
          try tokens(domains[name] ?? .null, quoted, "the list \(quoted)", failure), domain: name)
      }
    }
    return [
      TokenList(
        try bytes.split(whereSeparator: { blanks.contains($0) }).map { word in
          let text = String(decoding: word.prefix(40), as: UTF8.self)
          guard word.count <= 40, let token = number(text[...]) else {
            throw failure("'\(text)' is no token")
          }
          return token
        })
    ]
  }

  /// The tokens of a JSON list; `holder` and `holderOfItems` name it in a complaint.
  private static func tokens(
    _ json: JSONValue, _ holder: String, _ holderOfItems: String, _ failure: (String) -> Failure
  ) throws -> [Int] {
    guard let list = json.array else { throw failure("\(holder) holds \(json.kind), and no list") }
    guard !list.isEmpty else { throw failure("\(holder) holds no tokens") }
    return try list.map { value in
      guard case .number(let text) = value, let token = number(text[...]) else {
        throw failure("\(holderOfItems) holds \(value.kind), which is no token")
      }
      return token
    }
  }

  /// A whole number from zero, in digits.
  private static func number(_ text: Substring) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text)
  }
}
