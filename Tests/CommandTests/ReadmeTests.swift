import Arguments
import Foundation
import Testing

@testable import tally

/// The commands in the README print what the README says.
@Suite struct ReadmeTests {
  static let readme = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "README.md")

  /// The commands of `console` blocks, each with the output that follows it.
  static let blocks: [(words: [String], output: String)] = {
    let text = (try? String(contentsOf: readme, encoding: .utf8)) ?? ""
    return text.components(separatedBy: "```console\n").dropFirst().compactMap { rest in
      let block = rest.components(separatedBy: "\n```")[0]
      let lines = block.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
      guard let command = lines.first, let start = command.range(of: "tally ") else { return nil }
      return (
        command[start.upperBound...].split(separator: " ").map(String.init),
        (lines.count > 1 ? String(lines[1]) : "") + "\n"
      )
    }
  }()

  @Test("Every command prints what stands below it", arguments: blocks)
  func console(_ block: (words: [String], output: String)) {
    #expect(Tally.tool.run(block.words, failure: Failure.describe).output == block.output)
  }

  @Test("There are such commands")
  func coverage() {
    #expect(Self.blocks.count >= 2)
  }
}
