import Foundation
import Testing

/// Every package declaration says what it is, by the rule of `Tests/Documentation/undocumented`.
@Suite struct DocCommentTests {
  /// The package declarations of a source without a doc comment.
  ///
  /// Imports, initializers of plain structures, and what a protocol of the standard library requires
  /// say nothing beyond their types.
  static func undocumented(_ source: String) -> [String] {
    let plain = [
      "import ", "var description", "var errorDescription", "static func ==", "static func <",
      "static func +", "static func -", "static func *", "static func /", "init(", "func hash(",
      "func makeIterator(", "func next(",
    ].map { "package \($0)" }
    var found: [String] = []
    var isDocumented = false
    for line in source.split(separator: "\n", omittingEmptySubsequences: false) {
      let text = line.drop { $0 == " " }
      if text.hasPrefix("///") {
        isDocumented = true
      } else if !text.hasPrefix("@") {
        if text.hasPrefix("package "), !isDocumented, !plain.contains(where: text.hasPrefix) {
          found.append(String(text))
        }
        isDocumented = false
      }
    }
    return found
  }

  @Test("Every package declaration has a doc comment")
  func declarations() throws {
    let sources = DocumentationTests.root.appending(path: "Sources")
    let files = try #require(FileManager.default.enumerator(atPath: sources.path))
    var count = 0
    for case let path as String in files where path.hasSuffix(".swift") {
      let source = try String(contentsOf: sources.appending(path: path), encoding: .utf8)
      #expect(Self.undocumented(source) == [], "\(path)")
      count += 1
    }
    #expect(count > 400)
  }

  @Test("A declaration without one is found, also where a blank line follows a comment")
  func rule() {
    let source = """
      package import Symbolic
      /// Documented.
      @discardableResult
      package func one() -> Int { 1 }
      package func two() {}
      /// Of nothing, because a blank line follows.

        package var three = 3
      package init(_ x: Int) {}
      package static func == (left: Self, right: Self) -> Bool { true }
      """
    #expect(Self.undocumented(source) == ["package func two() {}", "package var three = 3"])
  }
}
