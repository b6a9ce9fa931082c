import Accounting
import Architecture
import Families
import JSON
import Symbolic
import TestSupport
import Testing

/// Laws that hold for every pass, on random configurations and workloads, and counts made by hand.
@Suite struct OperationLedgerTests {
  static let cases = ParameterLedgerTests.cases

  /// A workload from the case's seed.
  private func workload(_ row: ParameterLedgerTests.Case) -> Workload {
    var generator = SeededGenerator(seed: row.seed &+ 99)
    var workload = Workload()
    workload.batch = Int128.random(in: 1...4, using: &generator)
    workload.tokens = Int128.random(in: 1...60, using: &generator)
    workload.past = Int128.random(in: 0...60, using: &generator)
    workload.mask = Bool.random(using: &generator) ? .full : .causal
    workload.logits = Bool.random(using: &generator) ? .all : .last
    workload.latentForm = [.expanded, .reexpanded, .absorbed][Int(row.seed % 3)]
    return workload
  }

  @Test("The number is the formula, evaluated; the rows sum to the parts", arguments: cases)
  func evaluation(_ row: ParameterLedgerTests.Case) throws {
    let report = try OperationReport(ParameterLedgerTests.model(row), workload(row))
    let ledger = report.ledger
    let values = try ledger.values.mapValues { try #require($0.constant) }
    #expect(report.total.constant == (try ledger.total.evaluated(with: values)))
    var sum = Rational.zero
    for entry in ledger.rows {
      sum = try sum.adding(try entry.flops.evaluated(with: values))
    }
    #expect(report.total.constant == sum)
    let operations = try ScalarOperation.allCases.filter { $0 != .compare }
      .map { try #require(report.operations[$0]?.constant) }
      .reduce(Rational.zero) { try $0.adding($1) }
    #expect(report.total.constant == operations)
  }

  @Test(
    "Sequences cost alike; twice as many cost twice, but for the rotary table", arguments: cases)
  func batches(_ row: ParameterLedgerTests.Case) throws {
    let model = try ParameterLedgerTests.model(row)
    var one = workload(row)
    one.batch = 3
    var two = one
    two.batch = 6
    let first = try OperationReport(model, one)
    let second = try OperationReport(model, two)
    #expect(second.matrixProducts == 2 * first.matrixProducts)
    #expect(second.cacheElements == 2 * first.cacheElements)
  }

  @Test("A causal mask never costs more than a full one", arguments: cases)
  func masks(_ row: ParameterLedgerTests.Case) throws {
    let model = try ParameterLedgerTests.model(row)
    var full = workload(row)
    full.mask = .full
    var causal = full
    causal.mask = .causal
    let most = try #require(OperationReport(model, full).total.constant)
    let least = try #require(OperationReport(model, causal).total.constant)
    #expect(least <= most)
  }

  @Test("A prompt in two pieces keeps the positions of one", arguments: cases)
  func pieces(_ row: ParameterLedgerTests.Case) throws {
    // Where no router looks at the whole sequence, and no state is padded.
    guard !["mod_llama", "mamba"].contains(row.modelType) else { return }
    let model = try ParameterLedgerTests.model(row)
    func core(_ tokens: Int128, _ past: Int128) throws -> Evaluated {
      var workload = Workload()
      workload.mask = .causal
      (workload.tokens, workload.past) = (tokens, past)
      return try OperationReport(model, workload).products[.attentionCore] ?? .zero
    }
    #expect(try core(50, 0) == core(17, 0) + core(33, 17))
  }

  private func number(_ formula: Evaluated?) -> Int? {
    formula?.wholeConstant.flatMap { Int(exactly: $0) }
  }

  private func model(_ text: String) throws -> Model {
    let configuration = try #require(JSONValue(parsing: text).object)
    return try Families.Description().model(from: configuration, named: "test")
  }

  @Test("A small Llama, counted by hand")
  func llama() throws {
    // d 4, f 6, 2 heads of 2, 1 key-value head, V 5, 1 layer; 3 tokens.
    let small = try model(
      """
      {"model_type": "llama", "hidden_size": 4, "intermediate_size": 6, "num_hidden_layers": 1,
       "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 5}
      """)
    var workload = Workload()
    workload.tokens = 3
    let report = try OperationReport(small, workload)
    // q 4x4, k and v 4x2, o 4x4: 48 weights; 2·3·48.
    #expect(number(report.products[.attentionProjections]) == 288)
    // 2 heads, 3x3 positions, width 2, scores and values: 2·2·2·9·2.
    #expect(number(report.products[.attentionCore]) == 144)
    // Three matrices of 24: 2·3·72.
    #expect(number(report.products[.denseFeedForward]) == 432)
    // 4x5: 2·3·20.
    #expect(number(report.products[.head]) == 120)
    // 2 heads of 9 scores: a factor, a difference, an exponential, a sum and a quotient each.
    #expect(number(report.categories[.softmax]) == 90)
    // 3 norms of 3 vectors of 4: 3·4 products, 4 + 1 sums, 2 quotients, 1 root.
    #expect(number(report.categories[.norms]) == 180)
    // 3·6 numbers: 4 operations of silu and the product with the gate.
    #expect(number(report.categories[.activations]) == 90)
    // 3 tokens, 3 heads of 2: 3 operations a number; the table has 3 angles, each with sine, cosine.
    #expect(number(report.categories[.rotary]) == 54 + 9)
    // 2 additions of 3·4.
    #expect(number(report.categories[.residual]) == 24)
    #expect(number(report.total) == 288 + 144 + 432 + 120 + 90 + 180 + 90 + 63 + 24)
    #expect(number(report.operations[.compare]) == 18)
    #expect(number(report.cacheElements) == 12)
    workload.mask = .causal
    // 6 of 9 positions.
    #expect(try number(OperationReport(small, workload).products[.attentionCore]) == 96)
  }

  @Test("One expert of one is a dense layer and its gate")
  func oneExpert() throws {
    let sizes = """
      "hidden_size": 8, "intermediate_size": 6, "num_hidden_layers": 2, "num_attention_heads": 2,
      "num_key_value_heads": 2, "vocab_size": 9
      """
    let dense = try OperationReport(
      model("{\"model_type\": \"mistral\", \(sizes)}"), Workload())
    let sparse = try OperationReport(
      model(
        """
        {"model_type": "mixtral", "num_local_experts": 1, "num_experts_per_tok": 1, \(sizes)}
        """), Workload())
    #expect(sparse.products[.routedExperts] == dense.products[.denseFeedForward])
    // 2 layers, 2048 tokens, a gate of 8x1.
    #expect(number(sparse.products[.router]) == 2 * 2 * 2048 * 8)
    #expect(number((sparse.matrixProducts - dense.matrixProducts)) == 2 * 2 * 2048 * 8)
  }

  private let depth = """
    "model_type": "mod_llama", "hidden_size": 8, "intermediate_size": 6, "num_hidden_layers": 2,
    "num_attention_heads": 2, "num_key_value_heads": 2, "vocab_size": 9, "mod_capacity": 0.29
    """

  @Test("A routed block takes the floor of its share, router and weighting beside it")
  func routedBlock() throws {
    let routed = try model("{\(depth), \"mod_mode\": \"mod\"}")
    var workload = Workload()
    workload.tokens = 100
    let report = try OperationReport(routed, workload)
    #expect(report.exactness == .exact)
    // ⌊0.29·100⌋ = 29 of 100 tokens; 256 weights of attention, 144 of the feed-forward layer.
    #expect(number(report.products[.attentionProjections]) == 2 * 256 * (100 + 29))
    #expect(number(report.products[.denseFeedForward]) == 2 * 144 * (100 + 29))
    #expect(number(report.products[.attentionCore]) == 4 * 8 * (100 * 100 + 29 * 29))
    #expect(number(report.products[.router]) == 2 * 100 * 8)
    #expect(number(report.cacheElements) == 2 * 8 * (100 + 29))
    workload.mask = .causal
    let causal = try OperationReport(routed, workload)
    #expect(number(causal.products[.attentionCore]) == 4 * 8 * (5050 + 435))
    workload.tokens = 1
    // A share below one token lets one in.
    #expect(
      try number(OperationReport(routed, workload).products[.denseFeedForward]) == 2 * 144 * 2)
  }

  @Test("Decode enters with the probability of the capacity, between nothing and all")
  func depthDecode() throws {
    let routed = try model("{\(depth), \"mod_mode\": \"mod\"}")
    var workload = Workload()
    (workload.phase, workload.tokens, workload.past) = (.decode, 1, 100)
    let report = try OperationReport(routed, workload)
    let share = try Rational(29, over: 100)
    #expect(report.exactness == .expected)
    #expect(report.products[.denseFeedForward] == 2 * 144 * (1 + Evaluated(share)))
    #expect(
      report.products[.attentionCore] == 4 * 8 * (101 + Evaluated(share) * (29 + 1)))
    let bounds = try #require(report.bounds)
    let least = try #require(bounds.least.constant)
    let most = try #require(bounds.most.constant)
    let total = try #require(report.total.constant)
    #expect(least < total && total < most)
  }

  @Test("Experts that do nothing bound a mixture from both sides")
  func noOpExperts() throws {
    let integrated = try model(
      """
      {\(depth), "mod_mode": "integrated", "num_experts": 3, "num_noop_experts": 1,
       "num_experts_per_tok": 2, "moe_intermediate_size": 5}
      """)
    var workload = Workload()
    workload.tokens = 10
    let report = try OperationReport(integrated, workload)
    #expect(report.exactness == .bounded)
    // At most 2 real experts of 3·8·5 weights for each token of one layer, at least 1.
    #expect(number(report.products[.routedExperts]) == 2 * 10 * 2 * 120)
    let bounds = try #require(report.bounds)
    #expect(bounds.most == report.total)
    #expect(bounds.least.constant.map { $0 < (report.total.constant ?? .zero) } == true)
  }

  private func sparse(_ extra: String) throws -> OperationReport {
    var workload = Workload()
    workload.tokens = 10
    return try OperationReport(
      model(
        """
        {"model_type": "mixtral", "num_local_experts": 4, "num_experts_per_tok": 2,
         "hidden_size": 8, "intermediate_size": 6, "num_hidden_layers": 1,
         "num_attention_heads": 2, "num_key_value_heads": 2, "vocab_size": 9\(extra)}
        """), workload)
  }

  @Test("A limited expert has ⌊c·K·N/E⌋ places, all of which are computed")
  func capacity() throws {
    // 3 matrices of 8·6: 144 weights an expert.
    #expect(number(try sparse("").products[.routedExperts]) == 2 * 10 * 2 * 144)
    // ⌊1.25·2·10/4⌋ = 6 places of 4 experts.
    let limited = try sparse(", \"expert_capacity_factor\": 1.25")
    #expect(number(limited.products[.routedExperts]) == 2 * 4 * 6 * 144)
    #expect(limited.exactness == .exact)
    #expect(limited.bounds == nil)
    let places = try sparse("").total - limited.total
    #expect(places.constant.map { $0 < .zero } == true)
    // Without padding: of 10 tokens each chooses an expert with 1/2, and 7, 8, 9, 10 do so in 120, 45,
    // 10, 1 of 1024 ways, so that (120 + 2·45 + 3·10 + 4)/1024 of the 5 are dropped. 4·(5 − 61/256).
    let dropping = try sparse(
      ", \"expert_capacity_factor\": 1.25, \"expert_capacity_padding\": false")
    #expect(dropping.exactness == .expected)
    #expect(
      dropping.products[.routedExperts] == Evaluated(try Rational(2 * 144 * 1219, over: 64)))
    let bounds = try #require(dropping.bounds)
    // At the least all tokens choose the same 2 experts, which take 6 each; at the most all 20
    // choices find a place. Two operations a weight, 4 and the gate for each inner number, 2·8 to
    // combine.
    #expect(number(bounds.most - bounds.least) == 8 * (2 * 144 + 5 * 6 + 2 * 8))
    #expect(number(limited.total - bounds.most) == 4 * (2 * 144 + 5 * 6 + 2 * 8))
  }

  @Test("Where experts choose, each takes ⌊c·N/E⌋ tokens, exactly")
  func expertChoice() throws {
    let report = try sparse(
      ", \"expert_capacity_factor\": 2, \"expert_routing\": \"expert_choice\"")
    #expect(number(report.products[.routedExperts]) == 2 * 4 * 5 * 144)
    #expect(report.exactness == .exact)
    #expect(throws: DescriptionError.self) { try sparse(", \"expert_routing\": \"expert_choice\"") }
    #expect(throws: DescriptionError.self) { try sparse(", \"expert_routing\": \"fair\"") }
  }

  @Test("A hash chooses without a gate, and top-1 of the same experts costs the gate more")
  func hashing() throws {
    let sizes = """
      "model_type": "deepseek", "hidden_size": 8, "intermediate_size": 6, "num_hidden_layers": 1,
      "num_attention_heads": 2, "num_key_value_heads": 2, "vocab_size": 9, "n_routed_experts": 4,
      "n_shared_experts": null, "num_experts_per_tok": 1, "moe_intermediate_size": 5,
      "first_k_dense_replace": 0
      """
    var workload = Workload()
    workload.tokens = 10
    let hashed = try OperationReport(
      model("{\(sizes), \"scoring_func\": \"hash\"}"), workload)
    let chosen = try OperationReport(
      model("{\(sizes), \"scoring_func\": \"softmax\"}"), workload)
    #expect(number(hashed.products[.router]) == 0)
    #expect(hashed.products[.routedExperts] == chosen.products[.routedExperts])
    #expect(number(chosen.matrixProducts - hashed.matrixProducts) == 2 * 10 * 8 * 4)
  }

  @Test("The three forms of latent attention cache and multiply what they say")
  func latent() throws {
    // d 8, 2 heads, r_kv 4, d_n 3, d_r 2, d_v 5, queries uncompressed; one layer.
    let small = try model(
      """
      {"model_type": "deepseek_v2", "hidden_size": 8, "intermediate_size": 6,
       "num_hidden_layers": 1, "first_k_dense_replace": 1, "num_attention_heads": 2,
       "vocab_size": 5, "q_lora_rank": null, "kv_lora_rank": 4, "qk_nope_head_dim": 3,
       "qk_rope_head_dim": 2, "v_head_dim": 5, "n_routed_experts": 2, "num_experts_per_tok": 1,
       "moe_intermediate_size": 4}
      """)
    var workload = Workload()
    (workload.phase, workload.tokens, workload.past) = (.decode, 1, 9)
    func report(_ form: Workload.LatentForm) throws -> OperationReport {
      workload.latentForm = form
      return try OperationReport(small, workload)
    }
    // q 8x10, down 8x6, up 4x16, out 10x8.
    let once = 80 + 48 + 80
    let expanded = try report(.expanded)
    #expect(number(expanded.products[.attentionProjections]) == 2 * (once + 64))
    #expect(number(expanded.products[.attentionCore]) == 2 * 2 * 10 * (5 + 5))
    #expect(number(expanded.cacheElements) == 10 * 2 * (3 + 2 + 5))
    let again = try report(.reexpanded)
    #expect(number(again.products[.attentionProjections]) == 2 * (once + 640))
    #expect(number(again.products[.attentionCore]) == 2 * 2 * 10 * (5 + 5))
    #expect(number(again.cacheElements) == 10 * (4 + 2))
    let absorbed = try report(.absorbed)
    // Each head's 3x4 and 4x5 halves of the map up, for the one token.
    #expect(number(absorbed.products[.attentionProjections]) == 2 * (once + 64))
    #expect(number(absorbed.products[.attentionCore]) == 2 * 2 * 10 * ((4 + 2) + 4))
    #expect(number(absorbed.cacheElements) == 10 * (4 + 2))
  }

  @Test("Training adds two products for each, and what is computed again")
  func training() throws {
    let small = try model(
      """
      {"model_type": "llama", "hidden_size": 4, "intermediate_size": 6, "num_hidden_layers": 3,
       "num_attention_heads": 2, "vocab_size": 5}
      """)
    var workload = Workload()
    let forward = try OperationReport(small, workload)
    workload.phase = .train
    func products(_ recompute: Workload.Recompute) throws -> Evaluated {
      workload.recompute = recompute
      return try OperationReport(small, workload).matrixProducts
    }
    #expect(try products(.none) == 3 * forward.matrixProducts)
    let core = try #require(forward.products[.attentionCore])
    #expect(try products(.selective) == 3 * forward.matrixProducts + core)
    // Selective recomputation repeats the attention core with its softmax (Korthikanti et al. 2022,
    // <https://arxiv.org/abs/2205.05198>, §4.2), and nothing else.
    for category in Elementwise.Category.allCases {
      let once = try #require(forward.categories[category])
      let times: Int128 = category == .softmax ? 2 : 1
      #expect(
        try OperationReport(small, workload).categories[category] == Evaluated(times) * once)
    }
    let head = try #require(forward.products[.head])
    #expect(try products(.full) == 4 * forward.matrixProducts - head)
    #expect(try number(OperationReport(small, workload).cacheElements) == 0)
  }
}
