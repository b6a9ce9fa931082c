extension CommandLineTool {
  /// What `--help` without a command prints.
  package var help: String {
    let width = commands.map(\.name.count).max() ?? 0
    let list = commands.map { "  \($0.name.padded(to: width))  \($0.summary)" }
    return """
      \(name) \(version): \(summary)

      usage: \(name) COMMAND [ARGUMENT...] [--OPTION...]\(unnamedUsage)

      commands:
      \(list.joined(separator: "\n"))

      '\(name) help COMMAND' shows a command's options and examples.
      \(footer)
      """.trimmedLines
  }

  /// What a command line without a command means.
  private var unnamedUsage: String {
    guard let command = unnamed?.command else { return "" }
    let places = command.declarations.filter(\.isPositional)
      .map { $0.repeats ? "\($0.valueName)..." : $0.valueName }
    return "\n       \(name) \(places.joined(separator: " ")), which is \(name) \(command.name)"
  }

  /// What `--version` prints.
  var versionLine: String { "\(name) \(version)\(origin.isEmpty ? "" : " (\(origin))")\n" }

  /// What `help COMMAND` prints.
  package func help(for command: Command) -> String {
    var text = "\(command.summary)\n\n\(usage(of: command))\n"
    if !command.discussion.isEmpty {
      text += "\n\(Self.paragraphs(command.discussion, at: Self.page))\n"
    }
    let described =
      command.declarations.map { (Self.form($0), Self.explanation($0)) }
      + [("--help", "Show this help.")]
    let width = described.map(\.0.count).max() ?? 0
    text += "\n"
    for (form, explanation) in described {
      let lines = explanation.wrapped(at: max(30, Self.page - width - 4))
      let indent = "\n" + String(repeating: " ", count: width + 4)
      text += "  \(form.padded(to: width))  \(lines.joined(separator: indent))\n"
    }
    if !command.examples.isEmpty {
      let width = command.examples.map(\.line.count).max() ?? 0
      text += "\nexamples:\n"
      for (line, meaning) in command.examples {
        // Above its line where both do not fit beside each other.
        let isWide = width + meaning.count + 6 > Self.page
        text +=
          isWide
          ? "  # \(meaning)\n  \(line)\n" : "  \(line.padded(to: width))  # \(meaning)\n"
      }
    }
    return text
  }

  /// A text with its paragraphs filled to a width; indented lines stay as they are.
  static func paragraphs(_ text: String, at width: Int) -> String {
    var lines: [String] = []
    var isOpen = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let isProse = !line.isEmpty && !line.hasPrefix(" ")
      if isProse, isOpen, let last = lines.last {
        lines.removeLast()
        lines += "\(last) \(line)".wrapped(at: width)
      } else {
        lines += isProse ? String(line).wrapped(at: width) : [String(line)]
      }
      isOpen = isProse
    }
    return lines.joined(separator: "\n")
  }

  /// The columns that help is written for.
  private static let page = 80

  func usage(of command: Command) -> String {
    let places = command.declarations.filter(\.isPositional).map {
      let word = $0.repeats ? "\($0.valueName)..." : $0.valueName
      return $0.isRequired ? word : "[\(word)]"
    }
    return (["usage: \(name) \(command.name)"] + places + ["[--OPTION...]"])
      .joined(separator: " ")
  }

  static func form(_ declaration: Declaration) -> String {
    switch declaration.kind {
    case .positional: declaration.valueName
    case .option: "--\(declaration.name) \(declaration.valueName)"
    case .flag: "--\(declaration.name)"
    }
  }

  static func explanation(_ declaration: Declaration) -> String {
    var text = declaration.help
    if !declaration.choices.isEmpty {
      text += " One of: \(declaration.choices.joined(separator: ", "))."
    }
    if case .option(repeats: true) = declaration.kind { text += " Repeatable." }
    if let value = declaration.defaultText { text += " Default: \(value)." }
    return text
  }
}

extension String {
  /// The text in lines of at most `width` characters, unless a word is longer.
  func wrapped(at width: Int) -> [String] {
    var lines: [String] = []
    for word in split(separator: " ") {
      if let last = lines.last, last.count + word.count < width {
        lines[lines.count - 1] += " \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }

  /// The text with blanks after it, so that it fills a column.
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }

  fileprivate var trimmedLines: String {
    var text = self
    while text.hasSuffix("\n") { text.removeLast() }
    return text + "\n"
  }
}
