import Accounting
import Architecture
import Presets
import Publications
import Symbolic
import Testing

/// A prompt and what follows, and packed sequences, beside their passes one by one.
@Suite struct WorkloadPartsTests {
  private static func workload(
    _ phase: Workload.Phase, tokens: Int128, past: Int128, generated: Int128 = 0
  ) -> Workload {
    var workload = Workload()
    (workload.phase, workload.tokens, workload.past) = (phase, tokens, past)
    (workload.generated, workload.batch) = (generated, 2)
    return workload
  }

  /// A model of each kind of layer that depends on what came before.
  private static let names = [
    "llama2-7b", "mistral-7b", "gemma3-4b", "gpt-oss-20b", "deepseek-v3", "qwen3-next-80b-a3b",
    "jamba-v0.1", "mamba2-130m", "llama4-scout", "minimax-text-01", "mod-220m", "mode-integrated",
    "switch-2b", "lfm2-1.2b", "nemotron-h-8b",
  ]
  private static let conventions = ["exact", "matmul", "palm", "maxtext"].compactMap {
    Convention.named($0)
  }

  /// The values of a pass under some conventions, and the numbers in its cache.
  private static func values(_ model: Model, _ workload: Workload) throws -> [Rational] {
    let ledger = OperationLedger(model, workload)
    let cache = try ledger.value(ledger.cacheElements, "The cache")
    return try (conventions.map { try $0.value(of: ledger) } + [cache])
      .map { try #require($0.constant) }
  }

  @Test("A workload is the sum of its passes", arguments: names)
  func passes(_ name: String) throws {
    let model = try #require(Catalog.preset(named: name)).model()
    for (tokens, past, generated) in [(1, 0, 3), (120, 9, 12), (8190, 0, 5)]
      as [(Int128, Int128, Int128)]
    {
      let whole = try Self.values(
        model, Self.workload(.prefill, tokens: tokens, past: past, generated: generated))
      var passes = [Self.workload(.prefill, tokens: tokens, past: past)]
      passes += (0..<generated).map {
        Self.workload(.decode, tokens: 1, past: past + tokens + $0)
      }
      let each = try passes.map { try Self.values(model, $0) }
      for index in Self.conventions.indices {
        let sum = try each.reduce(Rational.zero) { try $0.adding($1[index]) }
        #expect(whole[index] == sum, "\(Self.conventions[index].name), \(tokens), \(generated)")
      }
      #expect(whole.last == each.last?.last)
    }
  }

  @Test("Kaplan's count of a prompt of three and two tokens after it is that of five")
  func literal() throws {
    let model = try #require(Catalog.preset(named: "llama2-7b")).model()
    var workload = Workload()
    (workload.tokens, workload.generated) = (3, 2)
    let kaplan = try #require(Convention.named("kaplan"))
    // 2·5 times 32·(4·4096² + 3·4096·11008).
    #expect(
      try kaplan.value(of: OperationLedger(model, workload)).constant == Rational(64_760_053_760))
  }

  @Test("Packed sequences are the sum of their passes", arguments: names)
  func packed(_ name: String) throws {
    let model = try #require(Catalog.preset(named: name)).model()
    for (phase, mask) in [(.prefill, .causal), (.train, .full)]
      as [(Workload.Phase, Workload.Mask)]
    {
      func values(_ lengths: [Int128]) throws -> [Rational] {
        var request = WorkloadRequest()
        (request.phase, request.mask, request.batch) = (phase, mask, 3)
        if lengths.count > 1 {
          request.packed = lengths
        } else {
          request.tokens = lengths.first
        }
        return try Self.values(model, request.workload())
      }
      let whole = try values([512, 7, 2560, 7])
      let each = try [512, 7, 2560].map { try values([$0]) }
      for index in whole.indices {
        // The sequence of seven stands there twice.
        let sum = try (each + [each[1]]).reduce(Rational.zero) { try $0.adding($1[index]) }
        #expect(whole[index] == sum, "\(index), \(phase)")
      }
    }
  }

  @Test("Scores of packed sequences are those of each alone")
  func packedLiteral() throws {
    let model = try #require(Catalog.preset(named: "llama2-7b")).model()
    var request = WorkloadRequest()
    request.packed = [512, 1024]
    let ledger = OperationLedger(model, try request.workload())
    // 4·32·4096·(512² + 1024²)
    #expect(
      try ledger.value(ledger.flops(of: .attentionCore), "").constant == Rational(687_194_767_360))
    // Two caches of 2·32·4096 numbers for each token.
    #expect(try ledger.value(ledger.cacheElements, "").constant == Rational(402_653_184))
  }
}
