import Accounting
import Architecture
import Foundation
import JSON
import Reference
import Symbolic
import Testing

@testable import tally

/// Layers for multi-token prediction beside those that `transformers` drafts tokens with
/// (`Tests/Oracle/predictors.py`).
@Suite struct PredictorTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Oracle/Predictors")

  @Test(
    "Parameters, products and logits are those of transformers",
    arguments: ["deepseek_v3", "glm4_moe", "mellum"])
  func parity(_ name: String) throws {
    let folder = Self.root.appending(path: name)
    let source = try CheckpointSource(folder.path(percentEncoded: false))
    let file = folder.appending(path: "expected.json")
    let expected = try JSONValue(parsing: Array(Data(contentsOf: file)))
    let tokens = try #require(expected["tokens"]?.array).map { Int(try #require($0.integer)) }
    let modules = try #require(expected["modules"]?.array)
    let predictors = try source.model.predictors()
    try #require(predictors.count == modules.count)
    for (model, module) in zip(predictors, modules) {
      let parameters = try ParameterReport(model)
      let lent = [Part.embedding, .languageModelHead].compactMap { parameters.parts[$0] }.sum()
      #expect((parameters.total - lent).wholeConstant == module["parameters"]?.integer)
      var workload = Workload()
      workload.tokens = Int128(tokens.count)
      let products = try OperationReport(model, workload).matrixProducts
      #expect(products.wholeConstant == module["products"]?.integer)
      let logits = try #require(module["logits"]?.array).map { row in
        try #require(row.array).map { value in
          guard case .number(let text) = value else { return Float.nan }
          return try #require(Float(text))
        }
      }
      let rows = try answer(source.holding(model), [tokens])
      #expect(Expected.largestError(rows, logits) <= ParityTests.tolerance)
      // The same after a cache: some at once, and the rest one by one.
      let pieces = [Array(tokens[..<7])] + tokens[7...].map { [$0] }
      let later = try answer(source.holding(model), pieces)
      #expect(Expected.largestError(later, logits) <= ParityTests.tolerance)
    }
  }

  private func answer(_ source: CheckpointSource, _ pieces: [[Int]]) throws -> [[Float]] {
    let executor = try Executor(source.model, evidence: .kernel, threads: 2)
    executor.use(try source.weights(for: executor).weights)
    return try pieces.flatMap { tokens in
      let logits = try executor.run([tokens], Pass())
      return (0..<logits.rows).map { Array(logits[$0]) }
    }
  }
}
