import Accounting
import Architecture
import Families
import Foundation
import JSON
import Symbolic
import Testing

/// The element-wise operations of a prompt that torch executes while `transformers` runs a
/// checkpoint, against those that are described here.
///
/// The rows are made by `Tests/Oracle/elementwise.py` from the folders of `Tests/Oracle/Checkpoints`.
@Suite struct ElementwiseOracleTests {
  /// The kinds that an operation of torch executes beyond doubt.
  static let kinds: [ScalarOperation] = [.exp, .tanh, .erf, .sin, .cos, .log, .sqrt]

  /// A folder with what was counted for it.
  struct Row: Sendable {
    let folder: String
    let type: String
    let tokens: Int128
    let counts: [ScalarOperation: Int128]
  }

  static let rows: [Row] = {
    let file = OracleTests.folder.appending(path: "elementwise.jsonl")
    let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { line in
      guard let row = try? JSONValue(parsing: String(line)), let folder = row["folder"]?.string,
        let type = row["type"]?.string, let tokens = row["tokens"]?.integer
      else { return nil }
      let counts = kinds.map { ($0, row["counts"]?[$0.rawValue]?.integer ?? -1) }
      return Row(
        folder: folder, type: type, tokens: tokens,
        counts: Dictionary(uniqueKeysWithValues: counts))
    }
  }()

  /// The lines of `elementwise-open.txt`: `folder: kind ours theirs, …`.
  ///
  /// A folder that comes to agree has to leave the list, and stays out of it.
  static let open: [String: String] = {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "elementwise-open.txt")
    let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    let lines = text.split(separator: "\n").map { $0.split(separator: ":", maxSplits: 1) }
    return Dictionary(
      uniqueKeysWithValues: lines.map {
        (String($0[0]), $0.count < 2 ? "" : $0[1].trimmingCharacters(in: .whitespaces))
      })
  }()

  @Test("There is a row of every folder, and a folder of every line of the list")
  func coverage() {
    #expect(Self.rows.count == 451)
    #expect(Set(Self.open.keys).isSubset(of: Self.rows.map(\.folder)))
  }

  /// A report calls the counts of the others `described`.
  @Test("The types that are witnessed are those of which every folder agrees")
  func witnessed() {
    let open = Set(Self.rows.filter { Self.open[$0.folder] != nil }.map(\.type))
    #expect(Family.witnessed == Set(Self.rows.map(\.type)).subtracting(open))
  }

  @Test("Exponentials, roots, sines and the like are as many as torch executes", arguments: rows)
  func counts(row: Row) throws {
    let found = try Self.differences(row)
    if Self.open[row.folder] != nil {
      if found.isEmpty {
        Issue.record(
          "\(row.folder) agrees: take it out of elementwise-open.txt, so that it stays.")
      }
      return
    }
    #expect(found.isEmpty, "now \(row.folder): \(found)")
  }

  /// Every kind whose number is another: `kind ours theirs, …`; empty if all agree.
  static func differences(_ row: Row) throws -> String {
    let file = OracleTests.folder.deletingLastPathComponent()
      .appending(path: "Checkpoints/\(row.folder)/config.json")
    let configuration = try #require(
      JSONValue(parsing: Array(Data(contentsOf: file))).object)
    let model: Model
    do {
      model = try Families.Description().model(from: configuration, named: row.folder)
    } catch {
      return "not described by its configuration alone"
    }
    if let gap = model.operationGap { return "operations are not counted: \(gap)" }
    var workload = Workload()
    workload.tokens = row.tokens
    let ledger = OperationLedger(model, workload)
    // Where the data decide, what was executed lies between the least and the most there can be.
    let extremes =
      ledger.exactness == .exact
      ? [ledger]
      : [
        OperationLedger(model, workload, assuming: .none),
        OperationLedger(model, workload, assuming: .all),
      ]
    let differing = try kinds.compactMap { kind -> String? in
      let own = try extremes.map { try count(of: kind, $0) }
      let expected = try #require(row.counts[kind])
      guard own[0]...max(own[0], own[own.count - 1]) ~= expected else {
        return "\(kind.rawValue) \(own.map(String.init).joined(separator: "…")) \(expected)"
      }
      return nil
    }
    return differing.joined(separator: ", ")
  }
  private static func count(
    of kind: ScalarOperation, _ ledger: OperationLedger
  ) throws -> Int128 {
    try #require(ledger.value(ledger.count(of: kind), kind.rawValue).wholeConstant)
  }
}
