import Arguments
import Foundation
import Testing

@testable import tally

/// What the README and the guides say is what the program does.
@Suite struct DocumentationTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// The README and every guide, by its path.
  static let pages: [(path: String, text: String)] = {
    let guides = (try? FileManager.default.contentsOfDirectory(atPath: "\(root.path)/docs")) ?? []
    return (["README.md"] + guides.sorted().filter { $0.hasSuffix(".md") }.map { "docs/\($0)" })
      .map { ($0, (try? String(contentsOf: root.appending(path: $0), encoding: .utf8)) ?? "") }
  }()

  struct Block: CustomTestStringConvertible, Sendable {
    let file: String
    let words: [String]
    let output: String

    var line: String { words.joined(separator: " ") }
    var testDescription: String { "\(file): \(line)" }
  }

  /// The words of a command line as a shell would read them, after `tally`; nil for other lines.
  static func words(_ line: String) -> [String]? {
    var line = line[...]
    if line.hasPrefix("$ ") { line = line.dropFirst(2) }
    guard line.hasPrefix("tally ") else { return nil }
    var words = [""]
    var quote: Character?
    for character in line.dropFirst("tally ".count) {
      switch character {
      case "'", "\"":
        if quote == nil {
          quote = character
        } else if quote == character {
          quote = nil
        } else {
          words[words.count - 1].append(character)
        }
      case " " where quote == nil: words.append("")
      case "#" where quote == nil && words.last == "": return words.filter { !$0.isEmpty }
      default: words[words.count - 1].append(character)
      }
    }
    return words.filter { !$0.isEmpty }
  }

  /// The fenced blocks of a kind, with lines that end in a backslash joined to the next.
  private static func blocks(_ kind: String) -> [(file: String, text: String)] {
    pages.flatMap { page in
      page.text.components(separatedBy: "\n```\(kind)\n").dropFirst().map {
        (page.path, $0.components(separatedBy: "\n```")[0].replacing(/\\\n */, with: ""))
      }
    }
  }

  /// The commands of `console` blocks, each with the output that follows it.
  static let consoles: [Block] = blocks("console").compactMap { file, block in
    let lines = block.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
    guard let words = words(String(lines[0])) else { return nil }
    return Block(
      file: file, words: words, output: (lines.count > 1 ? String(lines[1]) : "") + "\n")
  }

  /// The commands of `sh` blocks, whose output is not shown.
  static let commands: [Block] = blocks("sh").flatMap { file, block in
    // A job for an engine is run by Tests/Engines/run.
    block.hasPrefix("#!")
      ? []
      : block.split(separator: "\n").compactMap { line in
        words(String(line)).map { Block(file: file, words: $0, output: "") }
      }
  }

  /// The commands that draw a file of `docs`.
  static let drawings: [Block] = commands.compactMap { command in
    guard let place = command.words.firstIndex(of: "--output"),
      case let path = command.words[place + 1], path.hasPrefix("docs/")
    else { return nil }
    let drawn = try? String(contentsOf: root.appending(path: path), encoding: .utf8)
    let words = command.words.indices.filter { $0 != place && $0 != place + 1 }
    return Block(file: command.file, words: words.map { command.words[$0] }, output: drawn ?? "")
  }

  /// Commands that take minutes in a debug build: `Tests/Documentation/run` runs them.
  static func takesMinutes(_ command: Block) -> Bool {
    command.words.contains { ["full", "--all", "num_hidden_layers=2:101"].contains($0) }
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

  @Test("Every other command of the README, the guides and the help does something")
  func command() throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "tally-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let tokens = folder.appending(path: "ids.json")
    try Data("[1, 2, 3]".utf8).write(to: tokens)
    let checkpoint = Self.root.path + "/Tests/Oracle/Checkpoints/mixtral"
    let places = [
      "path/to/folder": checkpoint, "path/to/config.json": "\(checkpoint)/config.json",
      "path/to/model.safetensors": "\(checkpoint)/model.safetensors",
      "path/to/model.gguf": Self.root.path + "/Tests/Oracle/GGUF/llama/model.gguf",
      "ids.json": tokens.path, "domains.json": tokens.path,
    ]
    var done: Set<[String]> = []
    for command in Self.commands where !Self.takesMinutes(command) {
      // Files of one's own; docs/measured-runs.md has commands with files that are there.
      if command.words.contains("counts.json") || command.words.contains("runs.csv") { continue }
      var words = command.words.map { places[$0] ?? $0 }
      for option in ["--output", "--routing-map"] {
        guard let place = words.firstIndex(of: option) else { continue }
        words[place + 1] = folder.path + "/" + (words[place + 1] as NSString).lastPathComponent
      }
      guard done.insert(words).inserted else { continue }
      let outcome = Tally.tool.run(words, failure: Failure.describe)
      #expect(outcome.exitCode == 0, "\(command.testDescription): \(outcome.errors)")
    }
    #expect(done.count > 50)
  }

  @Test("The script for slow commands runs the slow commands")
  func minutes() throws {
    let script = try String(
      contentsOf: Self.root.appending(path: "Tests/Documentation/run"), encoding: .utf8)
    for command in Self.commands where Self.takesMinutes(command) {
      let line = command.words.map { $0.contains(" ") ? "'\($0)'" : $0 }.joined(separator: " ")
      #expect(script.contains("tally \(line)\n"), "\(command.file) has: \(line)")
    }
  }

  @Test("The page of commands is what the program makes")
  func reference() throws {
    let page = try #require(Self.pages.first { $0.path == "docs/commands.md" })
    // Made by: .build/debug/tally help --markdown > docs/commands.md
    #expect((page.text == Tally.tool.reference) == true)
  }

  @Test("Lines of prose are at most 120 characters, and the README at most 100 lines")
  func lengths() {
    for (path, text) in Self.pages {
      var isFenced = false
      for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
        .enumerated()
      {
        if line.hasPrefix("```") { isFenced.toggle() }
        if isFenced || line.hasPrefix("|") { continue }
        #expect(line.count <= 120, "\(path), line \(number + 1)")
      }
    }
    #expect(
      Self.pages[0].text.split(separator: "\n", omittingEmptySubsequences: false).count <= 101)
  }

  @Test("There are such commands")
  func coverage() {
    for file in ["README.md", "docs/first-steps.md", "docs/designing.md", "docs/large-sweeps.md"] {
      #expect(Self.consoles.contains { $0.file == file })
    }
    #expect(Set(Self.drawings.map(\.output)).count == 4)
  }
}
