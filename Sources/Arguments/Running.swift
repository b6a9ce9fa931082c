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
      let command = words.first.flatMap { word in commands.first { $0.name == word } }
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
    if first == "--version" { return Outcome("\(name) \(version)\n") }
    if first == "--help" || first == "-h" { return Outcome(help) }
    if first == "help" {
      guard words.count > 1, words[1] != "--help", words[1] != "-h" else { return Outcome(help) }
      return Outcome(help(for: try command(named: words[1])))
    }
    if first.hasPrefix("-") {
      throw UsageError.unknownOption(
        first, nearest: nearestWord(to: first, among: ["--help", "--version"]))
    }
    let command = try command(named: first)
    let rest = Array(words.dropFirst())
    let beforeEnd = rest.prefix { $0 != "--" }
    if beforeEnd.contains("--help") || beforeEnd.contains("-h") {
      return Outcome(help(for: command))
    }
    return try command.run(try command.parse(rest))
  }

  private func command(named name: String) throws(UsageError) -> Command {
    guard let command = commands.first(where: { $0.name == name }) else {
      throw .unknownCommand(
        name, nearest: nearestWord(to: name, among: commands.map(\.name) + ["help"]))
    }
    return command
  }
}
