import Families
import Foundation
import JSON
import Reference
import Testing

@testable import tally

/// The executor's answers from checkpoints, beside those that `transformers` computes from the same
/// files (`Tests/Oracle/Checkpoints`).
@Suite struct ParityTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Oracle/Checkpoints")

  /// The folders whose answers do not hold yet, each with what is known of it: `open.txt`.
  ///
  /// One that comes to hold has to leave the list, and stays out of it.
  static let open: Set<String> = {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "open.txt")
    let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    return Set(text.split(separator: "\n").map { String($0.prefix { $0 != ":" }) })
  }()

  /// How far a logit may be off; logits spread by about one.
  static let tolerance: Float = 1e-4

  static let folders: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: root.path(percentEncoded: false))) ?? [])
    .filter { name in
      FileManager.default.fileExists(
        atPath: root.appending(path: "\(name)/expected.json").path(percentEncoded: false))
    }.sorted()

  /// Those of them that do not run at all.
  static let idle: Set<String> = {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "open.txt")
    let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    let lines = text.split(separator: "\n").filter { $0.contains(": counted, not executed") }
    return Set(lines.map { String($0.prefix { $0 != ":" }) })
  }()

  /// `tally run` refuses the others, because a constant of theirs may be ignored.
  @Test("The types whose logits are proven are those of which every folder holds")
  func proven() throws {
    var holds: [String: Bool] = [:]
    var runs: [String: Bool] = [:]
    for name in Self.folders {
      let file = Self.root.appending(path: "\(name)/expected.json")
      let type = try #require(JSONValue(parsing: Array(Data(contentsOf: file)))["type"]?.string)
      holds[type] = holds[type, default: true] && !Self.open.contains(name)
      runs[type] = runs[type, default: true] && !Self.idle.contains(name)
    }
    #expect(Family.compared == Set(runs.keys))
    #expect(Family.executed == Set(runs.filter(\.value).keys))
    #expect(Family.withProvenLogits == Set(holds.filter(\.value).keys))
  }

  @Test("There is a folder of every name that does not hold")
  func names() {
    #expect(Self.open.isSubset(of: Self.folders))
  }

  @Test("Logits and routing are those of transformers", arguments: folders)
  func parity(_ name: String) throws {
    let folder = Self.root.appending(path: name)
    let expected = try Expected(folder.appending(path: "expected.json"))
    let all: Answer
    do {
      all = try Answer(folder, [expected.tokens])
    } catch Failure.execution(_, .notExecuted) where Self.idle.contains(name) {
      // Counted, and not executed.
      return
    } catch Failure.description where Self.open.contains(name) {
      // Not described by its configuration alone.
      return
    }
    // The same tokens after a cache: some at once, and the rest one by one.
    let first = expected.prefill ?? expected.tokens.count / 2
    let pieces = [Array(expected.tokens[..<first])] + expected.tokens[first...].map { [$0] }
    let later = try Answer(folder, pieces, isSampling: expected.sampled != nil).rows
    let errors = [
      Expected.largestError(all.rows, expected.logits),
      // Where the library's own tokens after a cache give other logits than its prompt, nothing is
      // said of ours: angles that depend on the length are those of the pass in which a key came.
      expected.differsAfterCache
        ? 0
        : Expected.largestError(
          expected.sampled.map { Array(later.suffix($0.count)) } ?? later,
          expected.sampled ?? expected.logits),
    ]
    let isRouted =
      (expected.routing == nil || Self.sets(all.routing) == expected.routing.map(Self.sets))
      && (expected.entered == nil || all.entered == expected.entered)
    if let filled = expected.filled { #expect(all.filled == filled) }
    guard !Self.open.contains(name) else {
      if isRouted, errors.allSatisfy({ $0 <= Self.tolerance }) {
        Issue.record("\(name) holds: take it out of open.txt, so that it stays.")
      }
      return
    }
    #expect(errors[0] <= Self.tolerance)
    #expect(errors[1] <= Self.tolerance)
    #expect(isRouted)
  }
}

extension ParityTests {
  /// The experts of each token that meets some, whatever order a router names them in.
  fileprivate static func sets(_ routing: [[[Int]]]) -> [[[Int]]] {
    routing.map { layer in layer.filter { !$0.isEmpty }.map { $0.sorted() } }
  }
}

/// What the files say that another library computes.
struct Expected {
  let tokens: [Int]
  let logits: [[Float]]
  /// The experts of each token, layer by layer.
  let routing: [[[Int]]]?
  /// The positions that enter each layer with a router in front of it.
  let entered: [[Int]]?
  /// In each layer with a limited capacity, the pairs of a token and an expert that kept a place.
  let filled: [Int: Int]?
  /// How many tokens come first, where the others come one by one; and the logits, where they are
  /// others then, because their future is unknown.
  let prefill: Int?
  let sampled: [[Float]]?
  /// Whether the library itself computes other logits after a cache.
  let differsAfterCache: Bool

  init(_ file: URL) throws {
    let json = try JSONValue(parsing: Array(Data(contentsOf: file)))
    func numbers(_ value: JSONValue) throws -> [Int] {
      try #require(value.array).map { Int(try #require($0.integer)) }
    }
    tokens = try numbers(#require(json["tokens"]))
    func rows(_ value: JSONValue) throws -> [[Float]] {
      try #require(value.array).map { row in
        try #require(row.array).map { value in
          guard case .number(let text) = value else { return .nan }
          return try #require(Float(text))
        }
      }
    }
    logits = try rows(#require(json["logits"]))
    routing = try json["routing"]?.array?.map { layer in
      try #require(layer["experts"]?.array).map(numbers)
    }
    entered = try json["depth"]?.array?.map { try numbers(#require($0["tokens"])) }
    filled = try json["filled"]?.array.map { layers in
      try Dictionary(
        uniqueKeysWithValues: layers.map {
          (Int(try #require($0["layer"]?.integer)), Int(try #require($0["pairs"]?.integer)))
        })
    }
    let sampling = json["sampling"]
    sampled = try sampling?["logits"].map(rows)
    prefill = (sampling ?? json["decode"])?["prefill"]?.integer.map { Int($0) }
    if case .number(let text) = json["decode"]?["difference"] {
      differsAfterCache = try #require(Float(text)) > 1e-5
    } else {
      differsAfterCache = false
    }
  }

  /// How far the worst logit is off; infinitely far where there are others, or one is no number.
  static func largestError(_ rows: [[Float]], _ logits: [[Float]]) -> Float {
    guard rows.map(\.count) == logits.map(\.count) else { return .infinity }
    return zip(rows.joined(), logits.joined()).reduce(0) { worst, pair in
      pair.0.isFinite ? max(worst, abs(pair.0 - pair.1)) : .infinity
    }
  }
}

/// What the executor makes of tokens that come in pieces.
struct Answer {
  private(set) var rows: [[Float]] = []
  /// The experts of each token of the first piece, layer by layer.
  private(set) var routing: [[[Int]]] = []
  /// The positions of the first piece that entered each layer with a router in front of it.
  private(set) var entered: [[Int]] = []
  /// The pairs of a token of the first piece and an expert that kept a place, by layer.
  private(set) var filled: [Int: Int] = [:]
  let notes: [String]

  /// The future of every piece but the first is unknown where the pass `isSampling`.
  init(_ folder: URL, _ pieces: [[Int]], isSampling: Bool = false) throws {
    let checkpoint = try CheckpointSource(folder.path(percentEncoded: false))
    do {
      let executor = try Executor(checkpoint.model, evidence: .kernel, threads: 2)
      let (weights, notes) = try checkpoint.weights(for: executor)
      self.notes = notes
      executor.use(weights)
      for (index, tokens) in pieces.enumerated() {
        var pass = Pass()
        pass.isSampling = isSampling && index > 0
        let logits = try executor.run([tokens], pass)
        rows += (0..<logits.rows).map { Array(logits[$0]) }
        guard index == 0 else { continue }
        for (path, decision) in executor.meter.decisions where path.hasSuffix(".mlp") {
          let layer = path.split(separator: ".").compactMap { Int($0) }.first
          if let layer, let pairs = decision.filled { filled[layer] = pairs }
        }
        for choice in executor.routing {
          switch choice.choice {
          case .experts(let chosen): routing.append(chosen)
          case .tokens(let sequences): entered += sequences
          }
        }
      }
    } catch let error as ExecutionError {
      throw Failure.execution(source: folder.lastPathComponent, error)
    }
  }
}
