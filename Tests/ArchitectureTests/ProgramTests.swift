import Architecture
import Families
import Foundation
import JSON
import Presets
import Symbolic
import Testing

/// The programs of parts: what they use, and whether their extents meet.
@Suite struct ProgramTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Oracle/Data/Parameters")

  static let files: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)))
    ?? []).filter { $0.hasSuffix(".jsonl") }.sorted()

  /// Every program of a model, and how many layers run it.
  static func programs(of model: Model) -> [(program: Program, times: Formula)] {
    [model.entrance, model.exit, model.earlyExit].compactMap { $0.map { ($0, 1) } }
      + model.groups.map { ($0.layer.program, $0.indices.count) }
      + (model.cycles.map { cycles -> [(program: Program, times: Formula)] in
        [(cycles.begin, 1), (cycles.layer.program, Formula(Int128(cycles.count)))]
      } ?? [])
  }

  static func values(_ model: Model) throws -> [Symbol: Rational] {
    try model.values.mapValues { try $0.evaluated(with: [:]) }
  }

  /// A row of random configurations says how many parameters `transformers` builds.
  ///
  /// If a part forgot an operation, its tensors would be missing here; if it had one too many, there
  /// would be more.
  @Test(
    "The tensors that operations use are the parameters that transformers builds", arguments: files)
  func tensors(_ file: String) throws {
    let text = try String(contentsOf: Self.folder.appending(path: file), encoding: .utf8)
    for line in text.split(separator: "\n").prefix(4) {
      let row = try JSONValue(parsing: String(line))
      let configuration = try #require(row["config"]?.object)
      let model = try Description().model(from: configuration, named: "row")
      // There are no programs of a pass that is not described.
      guard model.operationGap == nil else { continue }
      // Layers that borrow tensors of an earlier one list them twice, and one that holds a shared
      // part holds the adapters of other layers.
      guard model.groups.allSatisfy({ $0.layer.repeats.isEmpty && $0.layer.sharings.isEmpty })
      else { continue }
      let values = try Self.values(model)
      var sum = Rational.zero
      for (program, times) in Self.programs(of: model) {
        for tensor in program.tensors where !tensor.isBuffer {
          let count = try (times * tensor.copies * tensor.count).evaluated(with: values)
          sum = try sum.adding(count)
        }
      }
      // The maps of zero experts, and what no token meets: the library allocates them, and no pass
      // uses them.
      for group in model.groups {
        for weight in group.layer.branches.flatMap(\.weights) {
          let isUnused = weight.activeShare.isZero || weight.isUnread
          let count = isUnused ? weight.count : weight.unstoredCount
          let unused = group.indices.count * count
          sum = try sum.adding(unused.evaluated(with: values))
        }
      }
      for weight in model.head.flatMap(\.weights) where weight.isUnread {
        sum = try sum.adding(weight.count.evaluated(with: values))
      }
      let expected = try #require(row["total"]?.integer)
      #expect(sum == Rational(expected), "\(row["id"]?.string ?? file)")
    }
  }

  @Test("Extents meet in every operation of every preset", arguments: Catalog.all.map(\.name))
  func extents(_ name: String) throws {
    let preset = try #require(Catalog.all.first { $0.name == name })
    let model = try Description().model(from: preset.configuration, named: name)
    let values = try Self.values(model)
    for (program, _) in Self.programs(of: model) {
      #expect(program.misfit(values) == nil)
    }
  }

  /// A reader with a default would leave an operation out in silence.
  @Test("No reader of programs has a default")
  func readers() throws {
    let sources = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources")
    let folders = ["Architecture/Program", "Reference/Program"]
    var files = try folders.flatMap { folder in
      try FileManager.default.contentsOfDirectory(
        at: sources.appending(path: folder), includingPropertiesForKeys: nil)
    }
    files += ["Accounting/Program+Work.swift", "tally/Reports/ProgramReport.swift"]
      .map { sources.appending(path: $0) }
    #expect(files.count > 20)
    for file in files {
      let text = try String(contentsOf: file, encoding: .utf8)
      let lines = text.split(separator: "\n").map { $0.drop { $0 == " " } }
      #expect(!lines.contains { $0.hasPrefix("default:") }, "\(file.lastPathComponent)")
    }
  }

  /// The logits of these checkpoints are compared with those of transformers, so every operation
  /// among them is run, counted and proven.
  @Test("Every operation is used by a checkpoint whose logits hold")
  func proven() throws {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let checkpoints = tests.appending(path: "Oracle/Checkpoints")
    let open = Set(
      try String(contentsOf: tests.appending(path: "ParityTests/open.txt"), encoding: .utf8)
        .split(separator: "\n").map { String($0.prefix { $0 != ":" }) })
    var kinds: Set<String> = []
    for folder in try FileManager.default.contentsOfDirectory(
      at: checkpoints, includingPropertiesForKeys: nil)
    where !open.contains(folder.lastPathComponent) {
      guard let data = try? Data(contentsOf: folder.appending(path: "config.json")) else {
        continue
      }
      let configuration = try #require(JSONValue(parsing: Array(data)).object)
      let model = try Description().model(from: configuration, named: folder.lastPathComponent)
      for (program, _) in Self.programs(of: model) {
        kinds.formUnion(program.allSteps.map(\.operation.kind))
      }
    }
    let words = tests.deletingLastPathComponent()
      .appending(path: "Sources/Architecture/Program/Operation+Words.swift")
    let text = try String(contentsOf: words, encoding: .utf8)
    // The names of all kinds, as the first switch of the file lists them.
    let listed = text.prefix(upTo: try #require(text.range(of: "package func words")).lowerBound)
      .matches(of: /case \.[a-zA-Z]+: "([a-z_]+)"/).map { String($0.1) }
    #expect(listed.count > 20)
    #expect(Set(listed).subtracting(kinds).isEmpty)
  }
}
