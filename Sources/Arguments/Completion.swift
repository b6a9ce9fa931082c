/// The shells for which there is a completion script.
package enum Shell: String, CaseIterable, Sendable {
  case bash
  case zsh
  case fish
}

extension CommandLineTool {
  /// The words that could stand where the last of some words stands.
  ///
  /// - Parameter words: The words after the program's name; the last is the one being typed.
  /// - Returns: The words that begin with what has been typed.
  package func completions(for words: [String]) -> [String] {
    guard let typed = words.last else { return [] }
    guard words.count > 1, let command = commands.first(where: { $0.name == words[0] }) else {
      let names = commands.map(\.name) + ["help", "--help", "--version"]
      return words.count == 1 || words[0] == "help"
        ? names.filter { $0.hasPrefix(typed) } : []
    }
    let previous = words[words.count - 2]
    let offered: [String]
    if let option = command.declarations.first(where: { "--\($0.name)" == previous }),
      case .option = option.kind
    {
      offered = option.choices.isEmpty ? candidates(option) : option.choices
    } else if typed.hasPrefix("-") {
      offered = command.declarations.filter { !$0.isPositional }.map { "--\($0.name)" } + ["--help"]
    } else {
      offered = command.declarations.filter(\.isPositional).flatMap {
        $0.choices.isEmpty ? candidates($0) : $0.choices
      }
    }
    return offered.filter { $0.hasPrefix(typed) }
  }

  /// A script that makes a shell ask this program for completions.
  package func completionScript(for shell: Shell) -> String {
    switch shell {
    case .bash:
      """
      # bash completion for \(name): put this into ~/.bashrc, or source it.
      _\(name)() {
        local IFS=$'\\n'
        COMPREPLY=($(\(name) --complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
      }
      complete -o default -F _\(name) \(name)

      """
    case .zsh:
      """
      #compdef \(name)
      # zsh completion for \(name): save as _\(name) in a folder of $fpath.
      _\(name)() {
        local -a words_offered
        words_offered=("${(@f)$(\(name) --complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
        if [[ -n "${words_offered[1]}" ]]; then compadd -a words_offered; else _files; fi
      }
      if [[ "${funcstack[1]}" == "_\(name)" ]]; then _\(name) "$@"; else compdef _\(name) \(name); fi

      """
    case .fish:
      """
      # fish completion for \(name): save as ~/.config/fish/completions/\(name).fish.
      complete -c \(name) -a '(\(name) --complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'

      """
    }
  }
}
