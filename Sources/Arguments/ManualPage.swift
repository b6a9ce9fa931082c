extension CommandLineTool {
  /// The manual page in the language mdoc, made of the same declarations as the help.
  package var manualPage: String {
    var page = ManualPage()
    page.macro("Dd", released)
    page.macro("Dt", name.uppercased(), "1")
    page.macro("Os")
    page.macro("Sh", "NAME")
    page.macro("Nm", name)
    page.macro("Nd", summary)
    page.macro("Sh", "SYNOPSIS")
    for (index, command) in commands.enumerated() {
      if index > 0 { page.macro("Nm") } else { page.macro("Nm", name) }
      page.macro("Ar", command.name)
      for place in command.declarations where place.isPositional {
        let word = place.valueName + (place.repeats ? " ..." : "")
        if place.isRequired { page.macro("Ar", word) } else { page.macro("Op", "Ar \(word)") }
      }
      page.macro("Op", "Fl Fl OPTION ...")
    }
    page.macro("Sh", "DESCRIPTION")
    page.prose(footer)
    for command in commands {
      page.macro("Ss", command.name)
      page.prose(command.summary)
      if !command.discussion.isEmpty {
        page.macro("Pp")
        page.prose(command.discussion)
      }
      page.macro("Bl", "-tag", "-width", "Ds")
      for declaration in command.declarations {
        switch declaration.kind {
        case .positional: page.macro("It", "Ar \(declaration.valueName)")
        case .option: page.macro("It", "Fl Fl \(declaration.name) Ar \(declaration.valueName)")
        case .flag: page.macro("It", "Fl Fl \(declaration.name)")
        }
        page.prose(Self.explanation(declaration))
      }
      page.macro("El")
    }
    page.macro("Sh", "EXIT STATUS")
    page.macro("Bl", "-tag", "-width", "Ds")
    for (code, meaning) in exitCodes {
      page.macro("It", "\(code)")
      page.prose(meaning)
    }
    page.macro("El")
    page.macro("Sh", "EXAMPLES")
    for command in commands {
      for (line, meaning) in command.examples {
        page.prose("\(meaning.capitalizedSentence):")
        page.literal([line])
      }
    }
    return page.text
  }
}

/// Lines of mdoc, with what the language reserves written otherwise.
private struct ManualPage {
  private(set) var text = ""

  mutating func macro(_ name: String, _ words: String...) {
    text += ([".\(name)"] + words.map(Self.escaped)).joined(separator: " ") + "\n"
  }

  /// Sentences, each on lines of its own, and the indented lines among them as they are.
  mutating func prose(_ prose: String) {
    var open = ""
    var fixed: [String] = []
    for line in prose.split(separator: "\n").map(String.init) {
      if line.hasPrefix(" ") {
        sentences(open)
        open = ""
        fixed.append(String(line.drop { $0 == " " }))
      } else {
        literal(fixed)
        fixed = []
        open += (open.isEmpty ? "" : " ") + line
      }
    }
    sentences(open)
    literal(fixed)
  }

  private mutating func sentences(_ prose: String) {
    var words: [Substring] = []
    func isEnd(_ index: Int, of all: [Substring]) -> Bool {
      guard let last = all[index].last, ".?!:".contains(last) else { return index == all.count - 1 }
      return index == all.count - 1 || all[index + 1].first?.isUppercase == true
        || all[index + 1].first == "-"
    }
    let all = prose.split(separator: " ")
    for (index, word) in all.enumerated() {
      words.append(word)
      guard isEnd(index, of: all) else { continue }
      for line in words.joined(separator: " ").wrapped(at: 72) { text += Self.line(line) + "\n" }
      words = []
    }
  }

  mutating func literal(_ lines: [String]) {
    guard !lines.isEmpty else { return }
    macro("Bd", "-literal", "-offset", "indent")
    for line in lines { text += Self.line(line) + "\n" }
    macro("Ed")
  }

  /// A line of text, which no character of it turns into a request.
  private static func line(_ line: String) -> String {
    let text = escaped(line)
    return text.hasPrefix(".") || text.hasPrefix("'") ? "\\&\(text)" : text
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\e").replacing("--", with: "\\-\\-")
      .replacing("κ", with: "\\(*k")
  }
}

extension String {
  fileprivate var capitalizedSentence: String { prefix(1).uppercased() + dropFirst() }
}
