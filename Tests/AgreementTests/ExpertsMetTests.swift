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
  /// Four experts of which a token takes two, also under a capacity, which takes no one's first
  /// place; and two experts beside two that do nothing.
  @Test(
    "The expected number is the mean over all choices",
    arguments: ["mixtral-8x7b", "mixtral-8x7b, limited", "mode-integrated"], [1, 2, 3, 4])
  func enumeration(_ name: String, _ tokens: Int) throws {
    let preset = try #require(
      Catalog.preset(named: name.split(separator: ",").first.map(String.init) ?? ""))
    var configuration = preset.configuration
    let idle = name == "mode-integrated" ? 2 : 0
    if idle > 0 {
      configuration["num_experts"] = .integer(2)
      configuration["num_noop_experts"] = .integer(2)
      configuration["num_experts_per_tok"] = .integer(2)
    } else {
      configuration["num_local_experts"] = .integer(4)
    }
    if name.hasSuffix("limited") { configuration["expert_capacity_factor"] = .integer(1) }
    let model = try Description().model(from: configuration, named: "four experts")
    var workload = Workload()
    workload.tokens = Int128(tokens)
    let report = try OperationReport(model, workload)
    let met = try #require(
      try Memory(report, weights: .bf16, cache: .bf16).expertsMet.first)
    // Every token takes one of the six pairs; the last `idle` of the four do nothing.
    let pairs = (0..<4).flatMap { a in (a + 1..<4).map { Set([a, $0]) } }
    var unions: [Set<Int>] = [[]]
    for _ in 0..<tokens { unions = unions.flatMap { union in pairs.map { union.union($0) } } }
    let sizes = unions.map { union in Int128(union.count { $0 < 4 - idle }) }
    let mean = try Rational(sizes.reduce(0, +), over: Int128(sizes.count))
    #expect(met.expected == Evaluated(mean))
    #expect(met.least.wholeConstant == sizes.min())
    #expect(met.most.wholeConstant == sizes.max())
  }

  /// A token of `mode-integrated` chooses one of eight, of which four do nothing.
  @Test("FLOPs for each byte are those of the bytes: of experts that do nothing the expected share")
  func intensity() throws {
    let preset = try #require(Catalog.preset(named: "mode-integrated"))
    let model = try preset.model()
    var workload = Workload()
    workload.tokens = 1
    let report = try OperationReport(model, workload)
    let memory = try Memory(report, weights: .bf16, cache: .bf16)
    let bounds = try #require(report.bounds)
    let expected = (bounds.least + bounds.most) / 2
    // At the least it chooses none of the four.
    let least = OperationLedger(model, workload, assuming: .none)
    #expect(try least.value(least.flops(of: .routedExperts), "The experts").isZero)
    let moved = try #require(memory.movedBytes)
    #expect(
      memory.intensity
        == (try expected.constant?.divided(by: try #require(moved.constant))))
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
