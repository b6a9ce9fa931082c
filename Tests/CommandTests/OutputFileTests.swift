import Arguments
import Foundation
import Testing

@testable import tally

/// Files that `--output` names, as a careful person would want them treated.
@Suite struct OutputFileTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "tally-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func path(_ name: String) -> String { folder.appending(path: name).path }

  private func text(_ name: String) throws -> String {
    try String(contentsOfFile: path(name), encoding: .utf8)
  }

  private func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: path(name), withDestinationPath: target)
  }

  @Test("A link is written through and stays a link; the file keeps its mode")
  func links() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try "old".write(toFile: path("real.txt"), atomically: false, encoding: .utf8)
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o600], ofItemAtPath: path("real.txt"))
    try link("second.txt", to: "real.txt")
    try link("first.txt", to: path("second.txt"))
    #expect(OutputFile(path("first.txt")).write("new") == nil)
    #expect(try text("real.txt") == "new")
    let manager = FileManager.default
    #expect(try manager.destinationOfSymbolicLink(atPath: path("second.txt")) == "real.txt")
    #expect(try manager.destinationOfSymbolicLink(atPath: path("first.txt")) == path("second.txt"))
    let mode = try manager.attributesOfItem(atPath: path("real.txt"))[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(try manager.contentsOfDirectory(atPath: folder.path).count == 3)
  }

  @Test("A link to nothing makes the file that it names")
  func dangling() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try link("link.txt", to: "made.txt")
    #expect(OutputFile(path("link.txt")).write("new") == nil)
    #expect(try text("made.txt") == "new")
  }

  @Test("Links in a circle, folders and missing folders are refused in words")
  func refusals() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try link("one", to: "two")
    try link("two", to: "one")
    #expect(OutputFile(path("one")).write("new") != nil)
    #expect(OutputFile(folder.path).obstacle?.reason == "it is a folder")
    #expect(OutputFile(path("none/file")).obstacle?.reason == "no such file or directory")
  }

  @Test("A device is written into, whatever links lead to it", arguments: ["/dev/null"])
  func devices(_ device: String) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try link("link", to: device)
    #expect(OutputFile(path("link")).kind == .device)
    #expect(OutputFile(path("link")).write("new") == nil)
    #expect(Terminal.kind(of: device) == .device)
    #expect(OutputFile("/dev/stdout").kind == .device)
    #expect(OutputFile("/dev/stdout").path == "/dev/stdout")
  }

  @Test(
    "The extension of the file says the form, unless --format does",
    arguments: [
      ("a.svg", "", "<svg"), ("a.json", "", "{\n  \"schema_version\""), ("a.md", "", "| n_layer"),
      ("a.csv", "", "n_layer,"), ("a.jsonl", "", "{\"n_layer\""), ("a.txt", "", "n_layer  "),
      ("a.svg", " --format csv", "n_layer,"),
    ])
  func forms(_ name: String, _ option: String, _ beginning: String) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let outcome = SweepTests.run(
      "sweep gpt2 --vary n_layer=1,2 --output \(path(name))\(option)")
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let written = try text(name)
    #expect(written.hasPrefix(beginning), "\(written.prefix(40))")
  }

  @Test("A repository of the hub is found in the local cache, and else it is said how to get it")
  func hub() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let snapshot = "models--someone--Tiny-1/snapshots/abc"
    try FileManager.default.createDirectory(
      atPath: path(snapshot), withIntermediateDirectories: true)
    // Two tables of 10 by 4, a norm of 4, and one layer of 2·4 for norms, 4·16 and 3·4·8.
    try """
    {"model_type": "llama", "vocab_size": 10, "hidden_size": 4, "num_hidden_layers": 1,
     "num_attention_heads": 2, "intermediate_size": 8}
    """.write(toFile: path("\(snapshot)/config.json"), atomically: false, encoding: .utf8)
    setenv("HF_HUB_CACHE", folder.path, 1)
    defer { unsetenv("HF_HUB_CACHE") }
    let found = SweepTests.run("someone/Tiny-1 --format csv")
    #expect(found.output.contains("someone/Tiny-1,llama,252,"), "\(found.output)\(found.errors)")
    // Of two revisions that of the branch is read: the other has ten tokens more.
    let other = "models--someone--Tiny-1/snapshots/aaa"
    try FileManager.default.createDirectory(
      atPath: path(other), withIntermediateDirectories: true)
    try """
    {"model_type": "llama", "vocab_size": 20, "hidden_size": 4, "num_hidden_layers": 1,
     "num_attention_heads": 2, "intermediate_size": 8}
    """.write(toFile: path("\(other)/config.json"), atomically: false, encoding: .utf8)
    #expect(SweepTests.run("someone/Tiny-1 --format csv").output.contains(",llama,332,"))
    let refs = "models--someone--Tiny-1/refs"
    try FileManager.default.createDirectory(
      atPath: path(refs), withIntermediateDirectories: true)
    try "abc".write(toFile: path("\(refs)/main"), atomically: false, encoding: .utf8)
    #expect(SweepTests.run("someone/Tiny-1 --format csv").output.contains(",llama,252,"))
    let missing = SweepTests.run("params someone/Other-2")
    #expect(missing.exitCode == 66)
    #expect(missing.errors.contains("hf download someone/Other-2 config.json"))
  }
}
