/// What running a command came to; nothing is printed and nobody exits on the way.
package struct Outcome: Hashable, Sendable {
  package var output: String
  package var errors: String
  package var exitCode: Int32

  package init(_ output: String = "", errors: String = "", exitCode: Int32 = 0) {
    self.output = output
    self.errors = errors
    self.exitCode = exitCode
  }
}

/// A subcommand: its parameters, its help, and what it does.
package struct Command: Sendable {
  package let name: String
  package let summary: String
  /// What help says between the usage and the options.
  package let discussion: String
  /// Command lines to start from, each with a few words.
  package let examples: [(line: String, meaning: String)]
  package let declarations: [Declaration]
  let run: @Sendable (Arguments) throws -> Outcome

  package init(
    _ name: String, _ summary: String, discussion: String = "",
    examples: [(line: String, meaning: String)] = [], _ declarations: [Declaration],
    run: @escaping @Sendable (Arguments) throws -> Outcome
  ) {
    self.name = name
    self.summary = summary
    self.discussion = discussion
    self.examples = examples
    self.declarations = declarations
    self.run = run
  }
}

/// The words of one command line, each under the parameter it belongs to.
package struct Arguments: Sendable {
  var words: [String: [String]] = [:]

  /// Whether the command line has a parameter.
  package func has(_ declaration: Declaration) -> Bool { words[declaration.name] != nil }

  /// The value of a parameter, or its default.
  package subscript<Value>(parameter: Parameter<Value>) -> Value {
    parameter.read(words[parameter.declaration.name] ?? [])
  }
}

/// A program with subcommands.
package struct CommandLineTool: Sendable {
  package let name: String
  package let version: String
  package let summary: String
  package let footer: String
  package let commands: [Command]
  /// The command that is meant where the first word names none, and the words it is for.
  package let unnamed: (command: Command, takes: @Sendable (String) -> Bool)?
  /// Words to offer where any text may stand, given the parameter.
  package let candidates: @Sendable (Declaration) -> [String]

  package init(
    name: String, version: String, summary: String, footer: String = "", commands: [Command],
    unnamed: (command: Command, takes: @Sendable (String) -> Bool)? = nil,
    candidates: @escaping @Sendable (Declaration) -> [String] = { _ in [] }
  ) {
    self.name = name
    self.version = version
    self.summary = summary
    self.footer = footer
    self.commands = commands
    self.unnamed = unnamed
    self.candidates = candidates
  }
}
