extension CommandLineTool {
  /// The reference of every command in Markdown, made of the same declarations as the help.
  package var reference: String {
    var text = """
      # Commands

      This page is what `\(name) help --markdown` prints, made of the declarations that the help and the manual page
      (`\(name) help --man`) are made of; a test compares them.

      | command | answers |
      | --- | --- |

      """
    for command in commands {
      text += "| [`\(name) \(command.name)`](#\(name)-\(command.name)) | \(command.summary) |\n"
    }
    text += "\n\(footer.replacing("\n", with: " ").filled(at: Self.column))\n"
    for command in commands {
      text += "\n## \(name) \(command.name)\n\n\(command.summary)\n\n"
      text += "```text\n\(usage(of: command))\n```\n"
      if !command.discussion.isEmpty {
        text += "\n\(Self.paragraphs(command.discussion, at: Self.column))\n"
      }
      text += "\n"
      for declaration in command.declarations {
        text +=
          "- `\(Self.form(declaration))`: \(Self.explanation(declaration))"
          .filled(at: Self.column, indent: "  ") + "\n"
      }
      if !command.examples.isEmpty {
        let lines = command.examples.map { "# \($0.meaning)\n\($0.line)\n" }
        text += "\n```sh\n\(lines.joined())```\n"
      }
    }
    text += "\n## Exit codes\n\n| code | meaning |\n| --- | --- |\n"
    for (code, meaning) in exitCodes { text += "| \(code) | \(meaning) |\n" }
    return text
  }

  /// The columns that lines of prose fill.
  private static let column = 120
}

extension String {
  /// The text in lines of at most `width` characters, those after the first behind an indent.
  fileprivate func filled(at width: Int, indent: String = "") -> String {
    wrapped(at: width - indent.count).joined(separator: "\n\(indent)")
  }
}
