import Accounting
import Families
import Foundation
import JSON
import Reference
import Symbolic
import Testing

/// What the executor holds between passes, beside what the formulas say; these are compared with the
/// caches of `transformers` in `OperationOracleTests`.
@Suite struct CacheTests {
  /// Types of which the executor holds something else, and why.
  static let others = [
    "deepseek_v4": "the entry before the first is held as zeros",
    "qwen4_exp_text": "means are held, and only the keys that wait for theirs",
    "mod_llama": "the data decide which tokens a layer caches",
  ]

  static let folders = ParityTests.folders.filter { name in
    !others.keys.contains { name == $0 || name.hasPrefix("\($0)-") }
  }

  @Test("The executor caches as many elements as the formulas say", arguments: folders)
  func elements(_ name: String) throws {
    let file = ParityTests.root.appending(path: "\(name)/config.json")
    let configuration = try #require(JSONValue(parsing: Array(Data(contentsOf: file))).object)
    guard let model = try? Families.Description().model(from: configuration, named: name),
      let executor = try? Executor(model, evidence: .kernel)
    else { return }
    // Fewer tokens than any window has.
    let tokens = 3
    _ = try executor.run(executor.randomTokens(2, 0..<tokens))
    var workload = Workload()
    (workload.phase, workload.batch, workload.tokens) = (.prefill, 2, Int128(tokens))
    let report = try OperationReport(model, workload)
    #expect(report.cacheElements.wholeConstant == Int128(executor.cachedElements))
  }
}
