import Accounting
import Architecture
import Families
import JSON
import Presets
import Publications
import Symbolic
import Testing
import Validation

/// How many experts a pass meets: against every choice there is, and against the executor.
@Suite struct ExpertsMetTests {
  @Test("The expected number is the mean over all choices", arguments: [1, 2, 3, 4])
  func enumeration(_ tokens: Int) throws {
    let preset = try #require(Catalog.preset(named: "mixtral-8x7b"))
    var configuration = preset.configuration
    configuration["num_local_experts"] = .integer(4)
    let model = try Description().model(from: configuration, named: "four experts")
    var workload = Workload()
    workload.tokens = Int128(tokens)
    let report = try OperationReport(model, workload)
    let met = try #require(
      try Memory(report, weights: .bf16, cache: .bf16).expertsMet.first)
    // Every token takes one of the six pairs of four experts.
    let pairs = (0..<4).flatMap { a in (a + 1..<4).map { Set([a, $0]) } }
    var unions: [Set<Int>] = [[]]
    for _ in 0..<tokens { unions = unions.flatMap { union in pairs.map { union.union($0) } } }
    let sizes = unions.map { Int128($0.count) }
    let mean = try Rational(sizes.reduce(0, +), over: Int128(sizes.count))
    #expect(met.expected == Evaluated(mean))
    #expect(met.least.wholeConstant == sizes.min())
    #expect(met.most.wholeConstant == sizes.max())
  }

  @Test(
    "The executor meets as many as there can be, and one token exactly its own",
    arguments: [
      "mixtral-8x7b", "deepseek-v3", "qwen3-30b-a3b", "hash-2b", "gshard-2b", "mode-staged",
      "mode-integrated", "llama4-scout",
    ])
  func executor(_ name: String) throws {
    let model = try ExecutorTests.reduced(name)
    for tokens in [1, 6] as [Int128] {
      for seed in 0..<3 as Range<UInt64> {
        var workload = Workload()
        workload.tokens = tokens
        var settings = Validation.Settings()
        settings.seed = seed
        let validation = try Validation(model, workload, settings)
        #expect(!validation.experts.isEmpty)
        #expect(validation.holds)
        for layer in validation.experts {
          #expect(layer.isWithin, "\(layer.path): \(layer.measured)")
          if layer.analytic.least == layer.analytic.most {
            #expect(layer.analytic.most.wholeConstant == layer.measured)
          }
        }
      }
    }
  }
}
