import Arguments
import Foundation
import Testing

@testable import tally

/// The commands in the README and the guides print what stands below them.
@Suite struct DocumentationTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let files = [
    "README.md", "docs/conditional-depth.md", "docs/designing.md", "docs/large-sweeps.md",
    "docs/measured-runs.md",
  ]

  struct Block: CustomTestStringConvertible, Sendable {
    let file: String
    let words: [String]
    let output: String

    var testDescription: String { "\(file): \(words.joined(separator: " "))" }
  }

  /// The words of a command line as a shell would read them, after `tally`.
  static func words(_ line: Substring) -> [String]? {
    guard let start = line.range(of: "tally ") else { return nil }
    var words = [""]
    var isQuoted = false
    for character in line[start.upperBound...] {
      switch character {
      case "'": isQuoted.toggle()
      case " " where !isQuoted: words.append("")
      default: words[words.count - 1].append(character)
      }
    }
    return words.filter { !$0.isEmpty }
  }

  private static func blocks(_ kind: String) -> [(file: String, text: String)] {
    files.flatMap { file in
      let text = (try? String(contentsOf: root.appending(path: file), encoding: .utf8)) ?? ""
      return text.components(separatedBy: "```\(kind)\n").dropFirst().map {
        (file, $0.components(separatedBy: "\n```")[0])
      }
    }
  }

  /// The commands of `console` blocks, each with the output that follows it.
  static let consoles: [Block] = blocks("console").compactMap { file, block in
    let lines = block.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
    guard let line = lines.first, let words = words(line) else { return nil }
    return Block(
      file: file, words: words, output: (lines.count > 1 ? String(lines[1]) : "") + "\n")
  }

  /// The commands that draw a file of `docs`.
  static let drawings: [Block] = blocks("sh").compactMap { file, block in
    guard let words = words(block[...]), let place = words.firstIndex(of: "--output"),
      words.count > place + 1, words[place + 1].hasPrefix("docs/")
    else { return nil }
    let drawn = try? String(contentsOf: root.appending(path: words[place + 1]), encoding: .utf8)
    return Block(
      file: file, words: words.indices.filter { $0 != place && $0 != place + 1 }.map { words[$0] },
      output: drawn ?? "")
  }

  @Test("Every command prints what stands below it", arguments: consoles)
  func console(_ block: Block) {
    #expect(Tally.tool.run(block.words, failure: Failure.describe).output == block.output)
  }

  @Test("Every drawing is what its command draws", arguments: drawings)
  func drawing(_ block: Block) {
    // A text is too long to be shown where it differs.
    #expect((Tally.tool.run(block.words, failure: Failure.describe).output == block.output) == true)
  }

  @Test("There are such commands")
  func coverage() {
    for file in Self.files {
      #expect(Self.consoles.contains { $0.file == file })
    }
    #expect(Self.drawings.count == 3)
  }
}
