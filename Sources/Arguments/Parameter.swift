import Symbolic

/// What a command accepts, without its type: enough for parsing, help, completion and tests.
package struct Declaration: Sendable {
  /// How a parameter stands on a command line.
  package enum Kind: Hashable, Sendable {
    /// A word by its place; several of them if it repeats.
    case positional(repeats: Bool)
    /// `--name VALUE` or `--name=VALUE`.
    case option(repeats: Bool)
    /// `--name`.
    case flag
  }

  /// The name, without dashes.
  package let name: String
  /// What other tools call it; written here, it leads to the name.
  package var synonyms: [String] = []
  /// How it stands on a command line.
  package let kind: Kind
  /// What stands for the value in help, in capitals.
  package let valueName: String
  /// What it does, in full sentences.
  package let help: String
  /// Whether a command line must have it.
  package let isRequired: Bool
  /// The only values that are accepted, or none if any text may do.
  package let choices: [String]
  /// The value that holds when the option is absent, as help shows it.
  package let defaultText: String?
  /// Explains what is wrong with a value, or returns nil.
  let complaint: @Sendable (String) -> String?

  /// How the parameter is written in a message.
  package var label: String {
    switch kind {
    case .positional: valueName
    case .option, .flag: "--\(name)"
    }
  }

  var isPositional: Bool {
    if case .positional = kind { true } else { false }
  }

  var repeats: Bool {
    switch kind {
    case .positional(let repeats), .option(let repeats): repeats
    case .flag: false
    }
  }
}

/// A parameter of a command: declared once, and the key that reads its own typed value back.
package struct Parameter<Value: Sendable>: Sendable {
  /// The parameter without its type.
  package private(set) var declaration: Declaration
  let read: @Sendable ([String]) -> Value

  private init(
    _ name: String, _ kind: Declaration.Kind, _ valueName: String, _ help: String,
    choices: [String] = [], isRequired: Bool = true, defaultText: String? = nil,
    complaint: @escaping @Sendable (String) -> String? = { _ in nil },
    read: @escaping @Sendable ([String]) -> Value
  ) {
    declaration = Declaration(
      name: name, kind: kind, valueName: valueName, help: help, isRequired: isRequired,
      choices: choices,
      defaultText: defaultText, complaint: complaint)
    self.read = read
  }
}

extension Parameter {
  /// The parameter, with what other tools call it.
  package func known(as synonyms: String...) -> Parameter {
    var copy = self
    copy.declaration.synonyms = synonyms
    return copy
  }
}

extension Parameter where Value == [String] {
  /// One or more words.
  package static func positionals(_ valueName: String, help: String) -> Parameter {
    Parameter(
      valueName.lowercased(), .positional(repeats: true), valueName, help, read: { $0 })
  }

  /// Any number of words, or none.
  package static func optionalPositionals(
    _ valueName: String, of choices: [String], help: String
  ) -> Parameter {
    Parameter(
      valueName.lowercased(), .positional(repeats: true), valueName, help, choices: choices,
      isRequired: false, read: { $0 })
  }

  /// Any number of words, or none.
  package static func optionalPositionals(_ valueName: String, help: String) -> Parameter {
    Parameter(
      valueName.lowercased(), .positional(repeats: true), valueName, help, isRequired: false,
      read: { $0 })
  }

  /// An option that may be given several times.
  package static func repeated(
    _ name: String, _ valueName: String, help: String,
    complaint: @escaping @Sendable (String) -> String? = { _ in nil }
  ) -> Parameter {
    Parameter(
      name, .option(repeats: true), valueName, help, complaint: complaint, read: { $0 })
  }
}

extension Parameter where Value == String {
  /// One word.
  package static func positional(
    _ valueName: String, help: String, choices: [String] = []
  ) -> Parameter {
    Parameter(
      valueName.lowercased(), .positional(repeats: false), valueName, help, choices: choices,
      read: { $0.first ?? "" })
  }
}

extension Parameter where Value == String? {
  /// An option with a text.
  package static func text(
    _ name: String, _ valueName: String, help: String,
    complaint: @escaping @Sendable (String) -> String? = { _ in nil }
  ) -> Parameter {
    Parameter(
      name, .option(repeats: false), valueName, help, complaint: complaint, read: { $0.first })
  }
}

extension Parameter where Value == Int128? {
  /// An option with a whole number: in digits, or as `4k` and `1e6`.
  package static func whole(
    _ name: String, _ valueName: String, least: Int128, most: Int128 = .max,
    default value: Int128? = nil, help: String
  ) -> Parameter {
    Parameter(
      name, .option(repeats: false), valueName, help, defaultText: value.map { "\($0)" },
      complaint: { text in
        guard let number = Rational(written: text)?.whole else {
          guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return "a number in the digits 0 to 9" }
          return text.first?.isNumber == true && (Double(text) ?? 0) >= 0x1p127
            ? "a whole number below 2^127"
            : "a whole number of at least \(least), as 2048, 4k or 1e6"
        }
        guard number <= most else { return "a whole number of at most \(most)" }
        return number >= least ? nil : "a whole number of at least \(least)"
      },
      read: { $0.first.flatMap { Rational(written: $0)?.whole } ?? value })
  }
}

extension Parameter where Value == [Int128] {
  /// An option with one whole number, or several with commas between them.
  package static func wholes(
    _ name: String, _ valueName: String, least: Int128, help: String
  ) -> Parameter {
    let one = Parameter<Int128?>.whole(name, valueName, least: least, help: help)
    return Parameter(
      name, .option(repeats: false), valueName, help,
      complaint: { text in
        text.split(separator: ",", omittingEmptySubsequences: false).lazy
          .compactMap { one.declaration.complaint(String($0)) }.first
      },
      read: { words in
        (words.first ?? "").split(separator: ",").compactMap { Rational(written: $0)?.whole }
      })
  }
}

extension Parameter where Value == Bool {
  /// A flag, which is off unless given.
  package static func flag(_ name: String, help: String) -> Parameter {
    Parameter(name, .flag, "", help, read: { !$0.isEmpty })
  }
}

extension Parameter where Value: RawRepresentable, Value.RawValue == String {
  /// An option with one of a few values.
  package static func choice(
    _ name: String, _ valueName: String, of choices: [Value], default value: Value, help: String
  ) -> Parameter {
    Parameter(
      name, .option(repeats: false), valueName, help, choices: choices.map(\.rawValue),
      defaultText: value.rawValue, read: { $0.first.flatMap(Value.init(rawValue:)) ?? value })
  }
}
