import Accounting
import Architecture
import Families
import Foundation
import JSON
import Symbolic
import Testing

/// What `transformers` builds and saves, against what is described here, tensor by tensor.
///
/// The rows are made by `Tests/Oracle/parameters.py`; the numbers there come from models built on
/// the meta device, and from nothing in this project.
@Suite struct OracleTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Oracle/Data")

  /// A file of random configurations for each model type, and one of published configurations.
  static let files: [String] =
    ((try? FileManager.default.contentsOfDirectory(
      atPath: folder.appending(path: "Parameters").path())) ?? [])
    .filter { $0.hasSuffix(".jsonl") }.map { "Parameters/\($0)" }.sorted() + ["Published.jsonl"]

  @Test("There are rows for at least the families that were promised")
  func coverage() {
    #expect(Self.files.count == 174)
  }

  @Test(
    "Every row agrees: parts, active parameters, buffers, tensor names and shapes",
    arguments: files)
  func rows(file: String) throws {
    let text = try String(
      contentsOf: Self.folder.appending(path: file), encoding: .utf8)
    var differing: [String] = []
    var count = 0
    for line in text.split(separator: "\n") {
      count += 1
      let row = try JSONValue(parsing: String(line))
      if let difference = try difference(row) {
        differing.append(
          "\(row["id"]?.string ?? "?"): \(difference) in \(row["config"]?.line ?? "")")
      }
    }
    #expect(count > 0)
    #expect(differing.isEmpty, "\(differing.count) of \(count) differ; \(differing.prefix(3))")
  }

  @Test("Weights are two bytes for each parameter that transformers builds", arguments: files)
  func weightBytes(file: String) throws {
    let text = try String(contentsOf: Self.folder.appending(path: file), encoding: .utf8)
    // The last rows are of small sizes; this is about which layers a symbol means.
    let line = try #require(text.split(separator: "\n").last)
    let row = try JSONValue(parsing: String(line))
    let model = try Families.Description().model(
      from: try #require(row["config"]?.object), named: "row")
    guard model.operationGap == nil else { return }
    let memory = try Memory(OperationReport(model, Workload()), weights: .bf16, cache: .bf16)
    let total = try #require(row["total"]?.integer)
    #expect(memory.weightBytes.wholeConstant == 2 * total)
  }

  /// The text model of every wrapper, as `Tests/Oracle/wrapped.py` counted it inside the wrapper's
  /// own class.
  @Test("The text model inside a model of several towers has the parameters that its class builds")
  func wrapped() throws {
    let text = try String(
      contentsOf: Self.folder.appending(path: "Wrapped.jsonl"), encoding: .utf8)
    var refused: Set<String> = []
    var count = 0
    for line in text.split(separator: "\n") {
      let row = try JSONValue(parsing: String(line))
      let configuration = try #require(row["config"]?.object)
      let type = try #require(configuration["model_type"]?.string)
      do {
        let report = try ParameterReport(
          Families.Description().model(from: configuration, named: "row"))
        #expect(report.total.wholeConstant == row["total"]?.integer, "\(row["id"]?.string ?? "?")")
        count += 1
      } catch let error as DescriptionError {
        // What is not described is refused by name, and proposes nothing.
        switch error {
        case .undescribed, .otherKind: refused.insert(type)
        default: Issue.record("\(type): \(error)")
        }
      }
    }
    #expect(count == 81)
    #expect(
      refused == [
        "diffusion_gemma", "florence2", "kosmos-2", "kosmos-2.5", "pix2struct",
        "voxtral_realtime",
      ])
  }

  private func difference(_ row: JSONValue) throws -> String? {
    let report: ParameterReport
    do {
      let configuration = try #require(row["config"]?.object)
      report = try ParameterReport(
        Families.Description().model(from: configuration, named: "row"))
    } catch let error as DescriptionError {
      return "\(error)"
    }
    var expected: [String: Int128] = [
      "total": try #require(row["total"]?.integer),
      "buffers": try #require(row["persistent_buffers"]?.integer),
    ]
    var computed = [
      "total": report.total.wholeConstant, "buffers": report.persistentBuffers.wholeConstant,
    ]
    for part in Part.allCases {
      expected[part.rawValue] = row["parts"]?[part.rawValue]?.integer ?? 0
      computed[part.rawValue] = report.count(part).wholeConstant
    }
    for activity in ParameterLedger.Activity.allCases {
      guard let active = row["active"]?[activity.rawValue]?.integer else { continue }
      expected[activity.rawValue] = active
      computed[activity.rawValue] = report.active[activity]?.wholeConstant
    }
    for (key, value) in expected.sorted(by: { $0.key < $1.key }) where computed[key] != value {
      return "\(key) is \(computed[key].map { "\($0 ?? 0)" } ?? "nothing"), not \(value)"
    }
    let tensors = try Self.tensors(of: row)
    let described = try Self.tensors(of: report.ledger)
    for (tensor, copies) in tensors.sorted(by: { $0.key < $1.key })
    where described[tensor] != copies {
      return "\(tensor) stands \(described[tensor] ?? 0) times, not \(copies)"
    }
    if let extra = described.keys.first(where: { tensors[$0] == nil }) {
      return "\(extra) does not exist"
    }
    return nil
  }

  /// The tensors of a row, with numbers in names folded to N, and how many there are of each.
  private static func tensors(of row: JSONValue) throws -> [String: Int128] {
    var result: [String: Int128] = [:]
    for (key, suffix) in [("tensors", ""), ("buffers", " (buffer)")] {
      for tensor in row[key]?.array ?? [] {
        let fields = try #require(tensor.array)
        let shape = try #require(fields[1].array).map(\.line).joined(separator: ", ")
        let name = try #require(fields[0].string) + " [\(shape)]" + suffix
        result[name, default: 0] += try #require(fields.last?.integer)
      }
    }
    return result
  }

  /// The tensors as the tool lists them, one by one, folded in the same way.
  ///
  /// A model of enormous numbers of tensors is folded from the rows instead.
  private static func tensors(of ledger: ParameterLedger) throws -> [String: Int128] {
    var result: [String: Int128] = [:]
    func add(_ name: String, _ shape: [Evaluated], isBuffer: Bool, _ copies: Int128) {
      // A number in a name is folded to N, wherever a family writes one.
      let path = name.split(separator: ".").map { piece in
        piece == "#" || piece.allSatisfy(\.isNumber) ? "N" : String(piece)
      }.joined(separator: ".")
      let extents = shape.map { $0.text(.plain) }.joined(separator: ", ")
      result["\(path) [\(extents)]" + (isBuffer ? " (buffer)" : ""), default: 0] += copies
    }
    let counts = try ledger.rows.map { row in
      let factor = row.layers.map { Formula($0) } ?? 1
      return try #require(ledger.value(factor * row.weight.copies, row.path).wholeConstant)
    }
    guard counts.reduce(0, +) > 3000 else {
      for tensor in try ledger.tensors() {
        add(tensor.name, tensor.shape, isBuffer: tensor.isBuffer, 1)
      }
      return result
    }
    for (row, copies) in zip(ledger.rows, counts) {
      let shape = try row.weight.shape.map { try ledger.value($0, row.path) }
      add(row.path, shape, isBuffer: row.weight.isBuffer, copies)
    }
    return result.filter { $0.value != 0 }
  }
}
