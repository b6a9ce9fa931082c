/// What running a command came to; nothing is printed and nobody exits on the way.
package struct Outcome: Hashable, Sendable {
  /// What goes to standard output.
  package var output: String
  /// What goes to standard error: notes, or what is wrong.
  package var errors: String
  /// The code that the process exits with.
  package var exitCode: Int32

  package init(_ output: String = "", errors: String = "", exitCode: Int32 = 0) {
    self.output = output
    self.errors = errors
    self.exitCode = exitCode
  }
}

/// A subcommand: its parameters, its help, and what it does.
package struct Command: Sendable {
  /// The word that calls it.
  package let name: String
  /// One sentence, for the list of commands.
  package let summary: String
  /// What help says between the usage and the options.
  package let discussion: String
  /// Command lines to start from, each with a few words.
  package let examples: [(line: String, meaning: String)]
  /// Its parameters, in the order of the help.
  ///
  /// They are made when they are needed: most command lines need those of one command.
  package var declarations: [Declaration] { declared() }
  private let declared: @Sendable () -> [Declaration]
  let run: @Sendable (Arguments) throws -> Outcome

  package init(
    _ name: String, _ summary: String, discussion: String = "",
    examples: [(line: String, meaning: String)] = [],
    _ declarations: @autoclosure @escaping @Sendable () -> [Declaration],
    run: @escaping @Sendable (Arguments) throws -> Outcome
  ) {
    self.name = name
    self.summary = summary
    self.discussion = discussion
    self.examples = examples
    declared = declarations
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
  /// The word that calls the program.
  package let name: String
  /// The version, as `0.1.0`.
  package let version: String
  /// The day of the version, as manual pages write it.
  package let released: String
  /// What `--version` says of the build.
  package let origin: String
  /// What the program is, in a few words.
  package let summary: String
  /// What the help says below the list of commands.
  package let footer: String
  /// The commands, in the order of the help.
  package let commands: [Command]
  /// What the codes mean that the program exits with.
  package let exitCodes: [(code: Int32, meaning: String)]
  /// The command that is meant where the first word names none, and the words it is for.
  package let unnamed: (command: Command, takes: @Sendable (String) -> Bool)?
  /// Words to offer where any text may stand, given the parameter.
  package let candidates: @Sendable (Declaration) -> [String]

  package init(
    name: String, version: String, released: String = "", origin: String = "", summary: String,
    footer: String = "", commands: [Command], exitCodes: [(code: Int32, meaning: String)] = [],
    unnamed: (command: Command, takes: @Sendable (String) -> Bool)? = nil,
    candidates: @escaping @Sendable (Declaration) -> [String] = { _ in [] }
  ) {
    self.name = name
    self.version = version
    self.released = released
    self.origin = origin
    self.summary = summary
    self.footer = footer
    self.commands = commands
    self.exitCodes = exitCodes
    self.unnamed = unnamed
    self.candidates = candidates
  }
}
