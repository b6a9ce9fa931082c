import Wording

/// A command line that cannot be understood, as facts; exit code 64.
package enum UsageError: Error, Hashable, Sendable {
  case unknownCommand(String, nearest: String?)
  case unknownOption(String, nearest: String?)
  case missingValue(String)
  case unexpectedValue(String)
  case missing(String)
  case extra(String)
  case repeated(String)
  case invalid(label: String, value: String, expected: String, nearest: String? = nil)
  case contradiction(String, String, advice: String)
  /// A text with its place marked, in several lines.
  case syntax(label: String, String)
}

extension UsageError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unknownCommand(let name, let nearest):
      "Unknown command '\(name)'." + Self.suggestion(nearest)
    case .unknownOption(let name, let nearest):
      "Unknown option '\(name)'." + Self.suggestion(nearest)
    case .missingValue(let label): "\(label) needs a value after it."
    case .unexpectedValue(let label): "\(label) takes no value."
    case .missing(let label): "\(label) is missing."
    case .extra(let word): "Unexpected argument '\(word)'."
    case .repeated(let label): "\(label) is given twice."
    case .invalid(let label, let value, let expected, let nearest):
      "'\(value)' is not valid for \(label): expected \(expected)." + Self.suggestion(nearest)
    case .contradiction(let one, let other, let advice):
      "\(one) and \(other) contradict each other. \(advice)"
    case .syntax(let label, let text): "\(label): \(text)"
    }
  }

  private static func suggestion(_ nearest: String?) -> String {
    nearest.map { " Did you mean '\($0)'?" } ?? ""
  }
}

extension Command {
  /// Sorts words under the parameters they belong to, and checks every value.
  ///
  /// - Throws: `UsageError` for the first word that does not fit.
  package func parse(_ words: [String]) throws(UsageError) -> Arguments {
    var arguments = Arguments()
    var places = declarations.filter(\.isPositional)
    var rest = words[...]
    var onlyWords = false
    while let word = rest.popFirst() {
      if word == "--" && !onlyWords {
        onlyWords = true
      } else if word.hasPrefix("-") && word.count > 1 && !onlyWords {
        try option(word, &rest, &arguments)
      } else {
        guard let place = places.first else { throw .extra(word) }
        try check(place, word)
        arguments.words[place.name, default: []].append(word)
        if !place.repeats { places.removeFirst() }
      }
    }
    for place in declarations
    where place.isPositional && place.isRequired && arguments.words[place.name] == nil {
      throw .missing(place.label)
    }
    return arguments
  }

  private func option(
    _ word: String, _ rest: inout ArraySlice<String>, _ arguments: inout Arguments
  ) throws(UsageError) {
    let pieces = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(pieces[0])
    let options = declarations.filter { !$0.isPositional }
    guard let declaration = options.first(where: { "--\($0.name)" == name }) else {
      let meant = options.first { $0.synonyms.contains { "--\($0)" == name } }
      throw .unknownOption(
        name,
        nearest: meant.map { "--\($0.name)" }
          ?? nearestWord(to: name, among: options.map { "--\($0.name)" } + ["--help"]))
    }
    if arguments.words[declaration.name] != nil, !declaration.repeats {
      throw .repeated(declaration.label)
    }
    if case .flag = declaration.kind {
      guard pieces.count == 1 else { throw .unexpectedValue(declaration.label) }
      arguments.words[declaration.name] = [""]
      return
    }
    let value: String
    if pieces.count == 2 {
      value = String(pieces[1])
    } else if let next = rest.popFirst() {
      value = next
    } else {
      throw .missingValue(declaration.label)
    }
    try check(declaration, value)
    arguments.words[declaration.name, default: []].append(value)
  }

  private func check(_ declaration: Declaration, _ value: String) throws(UsageError) {
    if !declaration.choices.isEmpty, !declaration.choices.contains(value) {
      throw .invalid(
        label: declaration.label, value: value,
        expected: "one of \(declaration.choices.joined(separator: ", "))",
        nearest: nearestWord(to: value, among: declaration.choices))
    }
    if let complaint = declaration.complaint(value) {
      throw .invalid(label: declaration.label, value: value, expected: complaint)
    }
  }
}
