import Arguments
import Foundation
import JSON
import Testing

@testable import tally

/// What `tally validate --measured` says of tables of timed runs.
@Suite struct MeasuredRunsTests {
  static let folder = "\(MeasuredTests.folder)/llama-timed"

  /// The outcome for a table, with what else the command line has.
  static func run(_ table: String, _ words: String = "") throws -> Outcome {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).csv")
    try table.write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    return MeasuredTests.run(
      ["validate", "\(folder)/config.json", "--measured", file.path(percentEncoded: false)]
        + words.split(separator: " ").map(String.init))
  }

  static func document(_ outcome: Outcome) throws -> JSONValue {
    try #require(
      try JSONValue(parsing: outcome.output)["models"]?.array?.first?["measured"])
  }

  static func number(_ value: JSONValue?) -> Double {
    if case .number(let text) = value { Double(text) ?? .nan } else { .nan }
  }

  @Test("Twenty passes of torch follow from their FLOPs and bytes, but for one")
  func torch() throws {
    let outcome = MeasuredTests.run(
      ["validate", "\(Self.folder)/config.json", "--measured", "\(Self.folder)/runs.csv"]
        + ["--weight-dtype", "fp32", "--kv-dtype", "fp32", "--format", "json"])
    #expect(outcome.exitCode == 1)
    let measured = try Self.document(outcome)
    #expect(measured["kind"]?.string == "runs")
    let rows = try #require(measured["rows"]?.array)
    #expect(rows.count == 20)
    #expect(
      rows.filter { $0["diagnosis"]?.string == "does-not-fit" }.map { $0["module"]?.string }
        == ["row 17"])
    #expect(rows[0]["columns"]?["threads"]?.string == "1")
    #expect(rows[0]["measured"] == .number("0.015811"))
    #expect(rows[14]["workload"]?["past"]?.integer == 64)
    for row in rows where row["diagnosis"]?.string == nil {
      #expect(abs(Self.number(row["residual"])) < 0.2)
    }
  }

  @Test("Coefficients that were put into a table are found, and a row that was spoilt")
  func planted() throws {
    // Two milliseconds and 10^11 operations a second.
    let flops = [1, 2, 3, 5, 8, 13, 21, 34]
    var lines = flops.map { "\($0)e9,\(0.002 + Double($0) * 0.01)" }
    lines[4] = "8e9,0.3"
    let outcome = try Self.run(
      "flops,seconds\n" + lines.joined(separator: "\n"), "--format json")
    #expect(outcome.exitCode == 1)
    let measured = try Self.document(outcome)
    #expect(abs(Self.number(measured["fit"]?["start_seconds"]) - 0.002) < 1e-9)
    #expect(abs(Self.number(measured["fit"]?["seconds_per_flop"]) - 1e-11) < 1e-18)
    #expect(measured["fit"]?["seconds_per_byte"] == .number("0.0"))
    let out = (measured["rows"]?.array ?? []).filter { $0["diagnosis"]?.string != nil }
    #expect(out.map { $0["module"]?.string } == ["row 5"])
  }

  @Test("Rates, milliseconds, JSON lines and columns of its own are read")
  func forms() throws {
    let rows = [
      "tokens,batch,tok/s,node\n100,2,1000,\"a, b\"\n", "Tokens,Batch Size,ms,node\n100,2,200,x\n",
      "{\"tokens\": 100, \"batch\": 2, \"step_time\": 0.2, \"node\": 7}\n",
      "[{\"tokens\": 100, \"batch\": 2, \"tps\": \"1k\", \"node\": null}]",
    ]
    let own = ["a, b", "x", "7", nil]
    for (row, node) in zip(rows, own) {
      let outcome = try Self.run(row, "--format json")
      #expect(outcome.exitCode == 0)
      let first = try #require(try Self.document(outcome)["rows"]?.array?.first)
      // 200 tokens.
      #expect(Self.number(first["measured"]) == 0.2)
      #expect(first["workload"]?["batch"]?.integer == 2)
      #expect(first["columns"]?["node"]?.string == node)
    }
  }

  @Test("Each row has its share of the peak of all devices")
  func utilization() throws {
    // 8e12 operations in two seconds on four devices of 2e12 a second.
    let outcome = try Self.run(
      "flops,seconds,gpus\n8e12,2,4\n16e12,2,4\n", "--peak 2e12 --format json")
    let rows = try #require(try Self.document(outcome)["rows"]?.array)
    #expect(rows.map { Self.number($0["utilization"]) } == [0.5, 1])
    let text = try Self.run("flops,seconds\n8e12,2\n", "--peak 2e12").output
    #expect(text.contains("200.0 %"))
    #expect(text.contains("More than 100 % of a peak is not possible"))
  }

  /// Tables that cannot be read, and what is said of each.
  static let unreadable: [(table: String, message: String)] = [
    ("tokens,seconds\n", "It is a table without runs."),
    ("tokens,seconds\n5\n", "Row 1 has 1 cells under 2 names."),
    ("tokens,seconds\n5,\n", "Row 1 has no time."),
    ("tokens,seconds\n5,0\n", "Row 1: '0' is no seconds. Write a number above 0."),
    ("tokens,seconds\n5,1\n2.5,1\n", "Row 2: 5/2 is no number of tokens."),
    ("tokens,seconds\n-5,1\n", "Row 1: '-5' is no tokens. Write a number above 0."),
    ("phase,seconds\nsample,1\n", "Row 1: 'sample' is no phase."),
    ("phase,tokens,seconds\ndecode,2,1\n", "Row 1: --phase decode and --tokens 2 contradict"),
  ]

  @Test("A table that cannot be read gets a sentence", arguments: unreadable.indices)
  func hostile(_ index: Int) throws {
    let (table, message) = Self.unreadable[index]
    let outcome = try Self.run(table)
    #expect(outcome.exitCode == 65)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains(".csv: \(message)"))
  }

  @Test("A drawing is written for a table, and refused for counts")
  func drawing() throws {
    let svg = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).svg")
    defer { try? FileManager.default.removeItem(at: svg) }
    let path = svg.path(percentEncoded: false)
    _ = try Self.run("tokens,seconds\n5,1\n9,2\n", "--output \(path)")
    #expect(try String(contentsOf: svg, encoding: .utf8).contains("<svg"))
    let outcome = try Self.run("{\"Global\": {\"aten.mm\": 1}}", "--output \(path)")
    #expect(outcome.exitCode == 64)
    #expect(outcome.errors.contains("--output and counts of a profiler contradict each other."))
    let machine = MeasuredTests.run(["validate", "llama2-7b", "--device", "h100"])
    #expect(machine.exitCode == 64)
    #expect(machine.errors.contains("--device and no --measured contradict each other."))
  }

  @Test("The table that --timing writes is read")
  func timing() throws {
    let csv = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).csv")
    defer { try? FileManager.default.removeItem(at: csv) }
    let path = csv.path(percentEncoded: false)
    let timed = MeasuredTests.run(
      ["validate", "\(Self.folder)/config.json", "--timing", "--output", path])
    #expect(timed.exitCode == 0)
    let outcome = MeasuredTests.run(
      ["validate", "\(Self.folder)/config.json", "--measured", path, "--format", "json"])
    #expect(outcome.exitCode == 0 || outcome.exitCode == 1)
    let rows = try #require(try Self.document(outcome)["rows"]?.array)
    #expect(rows.map { $0["workload"]?["tokens"]?.integer } == [6, 12, 24, 48])
    #expect(rows.map { $0["columns"]?["pass"]?.string } == ["T = 6", "T = 12", "T = 24", "T = 48"])
  }
}
