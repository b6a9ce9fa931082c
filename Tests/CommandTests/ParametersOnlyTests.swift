import Arguments
import Families
import Foundation
import JSON
import Testing

@testable import tally

/// Families whose parameters are described, and not what a pass executes.
@Suite struct ParametersOnlyTests {
  static let rows = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Oracle/Data/Parameters")

  @Test(
    "Their parameters are those of transformers, and what needs a pass says why there is none",
    arguments: ["blt", "reformer"])
  func commands(_ type: String) throws {
    let text = try String(
      contentsOf: Self.rows.appending(path: "\(type).jsonl"), encoding: .utf8)
    let row = try JSONValue(parsing: String(try #require(text.split(separator: "\n").last)))
    let file = URL(filePath: NSTemporaryDirectory()).appending(path: "\(type)-\(UUID()).json")
    defer { try? FileManager.default.removeItem(at: file) }
    try #require(row["config"]).line.write(to: file, atomically: true, encoding: .utf8)
    let path = file.path(percentEncoded: false)
    func run(_ words: String...) -> Outcome { Tally.tool.run(words, failure: Failure.describe) }
    let counted = run("params", path, "--format", "json")
    let totals = try JSONValue(parsing: counted.output)["models"]?.array?.map {
      $0["parameters"]?["total"]?.integer
    }
    #expect(totals == [row["total"]?.integer])
    for words in [["flops", path], ["validate", path], ["explain", path, "--program"]] {
      let outcome = Tally.tool.run(words, failure: Failure.describe)
      #expect(outcome.exitCode == 65)
      #expect(outcome.errors.contains("What a pass of '\(type)' executes is not described"))
    }
  }

  @Test("These are all of them")
  func list() {
    #expect(
      Family.parametersOnly.keys.sorted() == ["blt", "reformer"])
  }
}
