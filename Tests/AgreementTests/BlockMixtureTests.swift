import Accounting
import Families
import Foundation
import JSON
import Symbolic
import Testing

/// Bytes of weights in the mixtures of block types, against what llama.cpp itself makes of small models.
///
/// The rows are made by `Tests/Oracle/mixtures.py`.
@Suite struct BlockMixtureTests {
  private static let rows: [JSONValue] =
    (try? String(
      contentsOf: OracleTests.folder.appending(path: "Mixtures.jsonl"), encoding: .utf8))?
    .split(separator: "\n").compactMap { try? JSONValue(parsing: String($0)) } ?? []

  @Test("Every mixture has the bytes of llama.cpp's file")
  func bytes() throws {
    #expect(Self.rows.count == 7)
    for row in Self.rows {
      let name = try #require(row["name"]?.string)
      let model = try Families.Description().model(
        from: try #require(row["config"]?.object), named: name)
      let report = try OperationReport(model, Workload())
      let made = try #require(row["bytes"]?.object)
      #expect(made.keys.count >= 20)
      for word in made.keys {
        let format = try #require(WeightFormat(word))
        let memory = try Memory(report, weights: format, cache: .bf16)
        #expect(
          memory.weightBytes.wholeConstant == made[word]?.integer, "\(name) in \(word)")
      }
    }
  }
}
