import Accounting
import Architecture
import Families
import JSON
import Reference
import Symbolic
import Testing
import Validation

/// Tokens that are assigned to recursions, caches that recursions share, and layers that a draw leaves
/// out: counted by hand, and executed.
@Suite struct RecursionRoutingTests {
  /// Eight layers of width 16: the first, three recursions of two layers, the last.
  private static let keys = ConditionalDepthTests.small.merging([
    "recursion_steps": "3", "recursion_routing": "\"token_choice\"",
  ]) { $1 }

  private static func prompt(_ tokens: Int128) -> Workload {
    var workload = Workload()
    workload.tokens = tokens
    return workload
  }

  private static func products(
    _ keys: [String: String], _ workload: Workload, _ part: Product.Part,
    _ assumption: DepthRouter.Assumption = .expected
  ) throws -> Rational {
    let ledger = OperationLedger(
      try ConditionalDepthTests.model(keys), workload, assuming: assumption)
    return try ledger.value(ledger.flops(of: part), "FLOPs").evaluated(with: [:])
  }

  @Test("Where each number of recursions is as likely, recursion r takes (N − r + 1)/N of all")
  func assigned() throws {
    // 10 tokens: 10 in each end, and in each of two layers 10 + 20/3 + 10/3 of three recursions.
    let map: Int128 = 2 * 3 * 16 * 12
    let workload = Self.prompt(10)
    #expect(
      try Self.products(Self.keys, workload, .denseFeedForward)
        == Rational((2 * 10 + 2 * 20) * map))
    // Every token takes part in one recursion, or in all three.
    #expect(
      try Self.products(Self.keys, workload, .denseFeedForward, .none)
        == Rational((2 * 10 + 2 * 10) * map))
    #expect(
      try Self.products(Self.keys, workload, .denseFeedForward, .all)
        == Rational((2 * 10 + 2 * 30) * map))
    // One map to three scores, once.
    #expect(try Self.products(Self.keys, workload, .router) == Rational(10 * 2 * 16 * 3))
    // Full mask, 4 heads of 4: 2·100 pairs in the ends, 2·(100 + 400/9 + 100/9) between them.
    let pairs = try Rational(2 * 100 + 2 * 100, over: 1).adding(Rational(2 * 500, over: 9))
    #expect(
      try Self.products(Self.keys, workload, .attentionCore)
        == pairs.multiplied(by: Rational(4 * 16)))
    let report = try OperationReport(ConditionalDepthTests.model(Self.keys), workload)
    // Keys and values of 2 heads of 4: 2·10 + 2·20 positions.
    #expect(report.cacheElements == Evaluated((20 + 40) * 16))
    #expect(report.exactness == .expected)
  }

  @Test("A token in decode takes part in a recursion with the share of the tokens that do")
  func assignedInDecode() throws {
    var workload = Workload()
    (workload.phase, workload.tokens, workload.past) = (.decode, 1, 9)
    let map: Int128 = 2 * 3 * 16 * 12
    #expect(
      try Self.products(Self.keys, workload, .denseFeedForward)
        == Rational((2 + 2 * 2) * map))
    #expect(
      try Self.products(Self.keys, workload, .denseFeedForward, .all)
        == Rational((2 + 2 * 3) * map))
  }

  @Test("A shared cache holds the first recursion, and a query sees all of it: Table 2")
  func sharedCache() throws {
    var keys = Self.keys
    keys["recursion_routing"] = "\"expert_choice\""
    keys["recursion_cache"] = "\"shared\""
    let workload = Self.prompt(9)
    let report = try OperationReport(ConditionalDepthTests.model(keys), workload)
    // 1/N of the recursions' memory: 2 layers of 6, beside the two ends.
    #expect(report.cacheElements == Evaluated((2 + 2) * 9 * 16))
    // k/N_ctx of the pairs: 9, 6 and 3 queries of 9 keys each.
    #expect(
      report.products[.attentionCore] == Evaluated((2 * 81 + 2 * (9 + 6 + 3) * 9) * 4 * 16))
    // Queries and outputs are 16 by 16, keys and values 16 by 8, and only the first recursion has
    // the second kind.
    let (own, shared): (Int128, Int128) = (2 * 2 * 16 * 16, 2 * 2 * 16 * 8)
    #expect(
      report.products[.attentionProjections]
        == Evaluated((2 + 2) * 9 * (own + shared) + 2 * (6 + 3) * own))
    #expect(report.exactness == .exact)
    // Under a causal mask the data decide which keys the chosen queries see: each is as likely.
    var causal = workload
    causal.mask = .causal
    let bounded = try OperationReport(ConditionalDepthTests.model(keys), causal)
    #expect(bounded.exactness == .expected)
    // 45 pairs in an end and in the first recursion; 6/9 and 3/9 of them in the others.
    #expect(
      bounded.products[.attentionCore] == Evaluated((2 * 45 + 2 * (45 + 30 + 15)) * 4 * 16))
    // The first 6 and 3 tokens see 21 and 6 pairs, the last 39 and 24.
    #expect(
      try Self.products(keys, causal, .attentionCore, .none)
        == Rational((2 * 45 + 2 * (45 + 21 + 6)) * 4 * 16))
    #expect(
      try Self.products(keys, causal, .attentionCore, .all)
        == Rational((2 * 45 + 2 * (45 + 39 + 24)) * 4 * 16))
  }

  @Test("Layers that nobody is routed around share keys and values exactly")
  func sharedWithoutRouter() throws {
    var keys = Self.keys
    keys["recursion_routing"] = "\"none\""
    keys["recursion_cache"] = "\"shared\""
    let report = try OperationReport(ConditionalDepthTests.model(keys), Self.prompt(9))
    #expect(report.cacheElements == Evaluated(4 * 9 * 16))
    #expect(report.products[.attentionCore] == Evaluated(8 * 81 * 4 * 16))
    #expect(report.exactness == .exact)
  }

  @Test("The score of an attention map is an addition for each weight, a product for each token")
  func attentionMap() throws {
    var keys = ConditionalDepthTests.small
    keys["mod_mode"] = "\"mod\""
    keys["mod_capacity"] = "0.5"
    var plain = keys
    keys["mod_score"] = "\"attention_map\""
    plain["mod_weighting"] = "\"none\""
    let workload = Self.prompt(10)
    let (reading, scoring) = (
      try OperationReport(ConditionalDepthTests.model(keys), workload),
      try OperationReport(ConditionalDepthTests.model(plain), workload)
    )
    // 4 layers before routed ones, 4 heads, 10 queries by 10 keys; no map of 16 numbers to a score.
    #expect(reading.products[.router] == 0)
    #expect(scoring.products[.router] == Evaluated(4 * 10 * 2 * 16))
    #expect(
      reading.elementwise
        == scoring.elementwise + Evaluated(4 * (4 * 10 * 10 + 10)))
    let (with, without) = (
      try ParameterReport(ConditionalDepthTests.model(plain)).total,
      try ParameterReport(ConditionalDepthTests.model(keys)).total
    )
    #expect(with == without + Evaluated(4 * 16))
  }

  @Test("Probabilities to leave out a layer are those of the papers")
  func curves() {
    func shares(_ curve: LayerSkipping.Curve, _ count: Int) -> [Formula] {
      let skipping = LayerSkipping(most: .one, curve: curve, draw: .inTraining)
      return (0..<count).map { skipping.share(at: $0, of: count) }
    }
    // Huang et al. 2016, eq. 4: 1 − ℓ/L·(1 − p_L).
    #expect(shares(.linear, 4) == [Formula(3) / 4, Formula(1) / 2, Formula(1) / 4, 0])
    // LayerSkip: e^(ℓ·ln 2/(L − 1)) − 1 is 0, √2 − 1 and 1 of three layers.
    #expect(shares(.exponential, 3) == [1, Formula(585_786) / 1_000_000, 0])
    #expect(shares(.constant, 2) == [0, 0])
  }

  @Test("A training step runs each layer with its probability; a prompt runs them all")
  func skippedInTraining() throws {
    var keys = ConditionalDepthTests.small
    keys["layer_skip"] = "0.2"
    keys["layer_skip_curve"] = "\"linear\""
    var workload = Self.prompt(10)
    let map: Int128 = 2 * 3 * 16 * 12
    #expect(
      try Self.products(keys, workload, .denseFeedForward) == Rational(8 * 10 * map))
    workload.phase = .train
    // 8 − 0.2·(1 + … + 8)/8 = 7.1 layers, forward and backward.
    #expect(
      try Self.products(keys, workload, .denseFeedForward)
        == Rational(71 * 3 * map))
    #expect(try Self.products(keys, workload, .denseFeedForward, .none) == .zero)
    #expect(
      try Self.products(keys, workload, .denseFeedForward, .all) == Rational(8 * 10 * 3 * map))
  }

  @Test("The mean of what many draws execute is what is expected, to 4 %")
  func draws() throws {
    var keys = ConditionalDepthTests.small
    keys["num_hidden_layers"] = "4"
    keys["layer_skip"] = "0.5"
    keys["layer_skip_phase"] = "\"always\""
    let model = try ConditionalDepthTests.model(keys)
    var workload = Self.prompt(3)
    workload.batch = 2
    let report = try OperationReport(model, workload)
    let expected = try report.total.evaluated(with: [:])
    let bounds = try #require(report.bounds)
    let (least, most) = (
      try bounds.least.evaluated(with: [:]), try bounds.most.evaluated(with: [:])
    )
    var sum: Int128 = 0
    let seeds: Int128 = 500
    for seed in 0..<seeds {
      var settings = Validation.Settings()
      settings.seed = UInt64(seed)
      let validation = try Validation(model, workload, settings)
      #expect(validation.holds)
      let measured = validation.comparison.measuredFLOPs
      #expect((least...most).contains(Rational(measured)))
      sum += measured
    }
    // A layer of one sequence runs or does not: of 8 draws the deviation is √8/2 of 4, so of 500
    // runs that of the mean is 1.6 % of what the layers do.
    let ratio = try Rational(sum, over: seeds).divided(by: expected)
    let (low, high) = (try Rational(96, over: 100), try Rational(104, over: 100))
    #expect((low...high).contains(ratio))
  }

  @Test(
    "What cannot be is said",
    arguments: [
      (
        ["recursion_routing": "\"expert_choice\"", "recursion_capacity": "[0.9, 0.5, 0.2]"],
        "the share 1"
      ),
      (
        ["recursion_routing": "\"token_choice\"", "recursion_gate": "\"tanh\""],
        "softmax, sigmoid"
      ),
      (["recursion_cache": "\"all\""], "recursion, shared"),
      (
        ["recursion_routing": "\"token_choice\"", "recursion_sharing": "\"middle_sequence\""],
        "cycle or middle_cycle"
      ),
      (["mod_mode": "\"mod\"", "mod_capacity": "0.5"], "not both"),
      (
        [
          "mod_mode": "\"mod\"", "mod_capacity": "0.5", "mod_score": "\"attention_map\"",
          "mod_layers": "[0, 3]",
        ], "no layer before it"
      ),
      (
        [
          "mod_mode": "\"mod\"", "mod_capacity": "0.5", "mod_score": "\"attention_map\"",
          "mod_layers": "[3, 4]",
        ], "no layer before it"
      ),
      (["layer_skip": "1.5"], "at most 1"),
      (["layer_skip": "0.5", "layer_skip_curve": "\"square\""], "constant, linear, exponential"),
      (
        ["layer_skip": "0.5", "mod_mode": "\"mod\"", "mod_capacity": "0.5"],
        "has a router already"
      ),
    ] as [([String: String], String)])
  func refused(_ row: (keys: [String: String], sentence: String)) throws {
    var keys = ConditionalDepthTests.small
    keys["recursion_steps"] = "3"
    keys["recursion_cache"] = "\"shared\""
    if row.keys["mod_score"] != nil || row.keys["layer_skip"] != nil {
      (keys["recursion_steps"], keys["recursion_cache"]) = (nil, nil)
    }
    let error = #expect(throws: DescriptionError.self) {
      try ConditionalDepthTests.model(keys.merging(row.keys) { $1 })
    }
    #expect("\(try #require(error))".contains(row.sentence))
  }
}
