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
      let names = commands.map(\.name)
      let offered =
        switch words.count {
        case 1: names + ["help", "--help", "--version"]
        case 2 where words[0] == "help": names
        default: [String]()
        }
      return offered.filter { $0.hasPrefix(typed) }
    }
    if let equals = typed.firstIndex(of: "="), typed.hasPrefix("--") {
      // zsh and fish hand over "--format=j" as one word.
      let option = String(typed[..<equals])
      let value = String(typed[typed.index(after: equals)...])
      return Self.matching(values(of: option, in: command) ?? [], value)
        .map { "\(option)=\($0)" }
    }
    var before = Array(words.dropLast())
    var value = typed
    // bash hands over "--format=j" as three words, and "--format=" as two.
    if typed == "=" { value = "" } else if before.last == "=" { before.removeLast() }
    let offered: [String]
    if let values = values(of: before.last ?? "", in: command) {
      offered = values
    } else if value.hasPrefix("-") {
      offered = command.declarations.filter { !$0.isPositional }.map { "--\($0.name)" } + ["--help"]
    } else {
      offered = command.declarations.filter(\.isPositional).flatMap(values)
    }
    return Self.matching(offered, value)
  }

  /// The words that a value could become: of a list the last piece is being typed.
  private static func matching(_ offered: [String], _ value: String) -> [String] {
    let whole = offered.filter { $0.hasPrefix(value) }
    guard whole.isEmpty, let comma = value.lastIndex(of: ",") else { return whole }
    let (before, piece) = (value[...comma], value[value.index(after: comma)...])
    let taken = Set(before.split(separator: ",").map(String.init))
    return offered.filter { $0.hasPrefix(piece) && !taken.contains($0) }.map { before + $0 }
  }

  /// The values that a command's option takes, or nil if the word is no option that takes one.
  private func values(of word: String, in command: Command) -> [String]? {
    command.declarations.first { declaration in
      guard case .option = declaration.kind else { return false }
      return "--\(declaration.name)" == word
    }.map(values)
  }

  private func values(of declaration: Declaration) -> [String] {
    declaration.choices.isEmpty ? candidates(declaration) : declaration.choices
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
      function __\(name)_words
        \(name) --complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null
      end
      complete -c \(name) -n 'count (__\(name)_words) >/dev/null' -f -a '(__\(name)_words)'

      """
    }
  }
}
