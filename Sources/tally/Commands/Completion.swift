import Arguments

extension Command {
  /// Prints a completion script: `tally completion bash`.
  static let completion: Command = Command(
    "completion", "Print a completion script for a shell.",
    examples: [("source <(tally completion bash)", "in ~/.bashrc")],
    [shell.declaration]
  ) { arguments in
    let shell = Shell(rawValue: arguments[shell]) ?? .bash
    return Outcome(Tally.tool.completionScript(for: shell))
  }

  private static let shell = Parameter<String>.positional(
    "SHELL", help: "The shell.", choices: Shell.allCases.map(\.rawValue))
}
