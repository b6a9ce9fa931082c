import Wording

extension CommandLineTool {
  /// Finds the command, reads its arguments, and runs it.
  ///
  /// - Parameters:
  ///   - words: The words after the program's name.
  ///   - failure: The exit code and the message for an error that a command threw.
  /// - Returns: What to print and the exit code; usage errors are 64.
  package func run(
    _ words: [String], failure: (any Error) -> (exitCode: Int32, message: String)
  ) -> Outcome {
    do {
      return try dispatch(words)
    } catch let error as UsageError {
      let command =
        words.first.flatMap { word in commands.first { $0.name == word } }
        ?? unnamedCommand(words)
      let hint = command.map { "\(name) \($0.name) --help" } ?? "\(name) --help"
      return Outcome(errors: "error: \(error)\nSee '\(hint)'.\n", exitCode: 64)
    } catch {
      let (code, message) = failure(error)
      return Outcome(errors: "error: \(message)\n", exitCode: code)
    }
  }

  private func dispatch(_ words: [String]) throws -> Outcome {
    guard let first = words.first else {
      return Outcome(errors: help, exitCode: 64)
    }
    if first == "--complete" {
      return Outcome(completions(for: Array(words.dropFirst())).map { "\($0)\n" }.joined())
    }
    if first == "--version" { return Outcome(versionLine) }
    if first == "--help" || first == "-h" { return Outcome(help) }
    if first == "help" {
      if words.count == 2, words[1] == "--man" { return Outcome(manualPage) }
      if words.count == 2, words[1] == "--markdown" { return Outcome(reference) }
      guard words.count > 1, words[1] != "--help", words[1] != "-h" else { return Outcome(help) }
      return Outcome(help(for: try command(named: words[1])))
    }
    if let command = unnamedCommand(words) { return try run(command, words) }
    if first.hasPrefix("-") {
      throw UsageError.unknownOption(
        first, nearest: nearestWord(to: first, among: ["--help", "--version"]))
    }
    return try run(try command(named: first), Array(words.dropFirst()))
  }

  private func run(_ command: Command, _ rest: [String]) throws -> Outcome {
    let beforeEnd = rest.prefix { $0 != "--" }
    if beforeEnd.contains("--help") || beforeEnd.contains("-h") {
      return Outcome(help(for: command))
    }
    return try command.run(try command.parse(rest))
  }

  private func command(named name: String) throws(UsageError) -> Command {
    guard let command = commands.first(where: { $0.name == name }) else {
      let others = unnamed?.command.declarations.first.map(candidates) ?? []
      throw .unknownCommand(
        name, nearest: nearestWord(to: name, among: commands.map(\.name) + ["help"] + others))
    }
    return command
  }

  /// The command that is meant where none is named: its first word, or one behind options, is its own.
  private func unnamedCommand(_ words: [String]) -> Command? {
    guard let unnamed, let first = words.first, !commands.contains(where: { $0.name == first })
    else { return nil }
    let isMeant = first.hasPrefix("-") ? words.contains(where: unnamed.takes) : unnamed.takes(first)
    return isMeant ? unnamed.command : nil
  }
}
