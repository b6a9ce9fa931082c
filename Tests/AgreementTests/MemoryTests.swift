import Accounting
import Architecture
import Families
import JSON
import Presets
import Publications
import Reference
import Symbolic
import Testing
import Validation

/// What a pass keeps and moves, against numbers found by other means.
@Suite struct MemoryTests {
  private static func memory(
    _ model: Model, _ phase: Workload.Phase, tokens: Int128 = 1, past: Int128 = 0, batch: Int128 = 1
  ) throws -> (OperationReport, Memory) {
    var workload = Workload()
    (workload.phase, workload.tokens, workload.past) = (phase, tokens, past)
    workload.batch = batch
    let report = try OperationReport(model, workload)
    return (report, try Memory(report, weights: .bf16, cache: .bf16))
  }

  private static func preset(_ name: String) throws -> Model {
    try #require(Catalog.preset(named: name)).model()
  }

  private static func model(_ text: String) throws -> Model {
    try Families.Description().model(
      from: try #require(try JSONValue(parsing: text).object), named: "test")
  }

  @Test("Keys of indexers and compressed entries are in the cache")
  func caches() throws {
    // 61 layers of 512 + 64 numbers of the latent and 128 of the indexer's key, at two bytes.
    let sparse = try Self.memory(
      Self.model(#"{"model_type": "deepseek_v32", "hidden_size": 7168, "num_hidden_layers": 61}"#),
      .prefill)
    #expect(sparse.1.cacheBytes == 85_888)
    // The walk over the cache object of transformers 5.23 after 512 tokens.
    let compressed = try Self.model(
      #"""
      {"model_type": "deepseek_v4", "vocab_size": 300, "hidden_size": 64,
       "moe_intermediate_size": 32, "num_hidden_layers": 5, "num_attention_heads": 4,
       "num_key_value_heads": 1, "head_dim": 32, "q_lora_rank": 24, "num_experts_per_tok": 2,
       "n_routed_experts": 8, "n_shared_experts": 1, "sliding_window": 8, "o_groups": 2,
       "o_lora_rank": 16, "index_n_heads": 4, "index_head_dim": 16, "index_topk": 4,
       "qk_rope_head_dim": 8, "partial_rotary_factor": 0.25,
       "compress_rates": {"compressed_sparse_attention": 4, "heavily_compressed_attention": 16},
       "layer_types": ["heavily_compressed_attention", "heavily_compressed_attention",
         "heavily_compressed_attention", "compressed_sparse_attention",
         "heavily_compressed_attention"],
       "mlp_layer_types": ["hash_moe", "moe", "moe", "moe", "moe"]}
      """#)
    #expect(try Self.memory(compressed, .prefill, tokens: 512).0.cacheElements == 11_744)
    // The same before the first window of four is complete, and after it.
    #expect(try Self.memory(compressed, .prefill, tokens: 3).0.cacheElements == 1824)
    #expect(try Self.memory(compressed, .prefill, tokens: 5).0.cacheElements == 2704)
  }

  @Test("A recurrent state is read and written in each step")
  func states() throws {
    let (_, memory) = try Self.memory(Self.preset("mamba2-2.7b"), .decode, past: 1024, batch: 256)
    // 64 layers of 80 heads of 64 × 128, and 4 inputs of 5376 channels, at two bytes.
    #expect(memory.stateBytes == 22_179_479_552)
    #expect(memory.movedBytes == 49_764_158_464)
    #expect(memory.total == 27_584_678_912)
    // Before the first token there is none to read.
    let (_, first) = try Self.memory(Self.preset("mamba2-2.7b"), .decode, batch: 256)
    #expect(first.movedBytes == 27_584_678_912)
  }

  @Test("Experts that a batch meets: the least, the expected and the most")
  func experts() throws {
    let mixtral = try Self.preset("mixtral-8x7b")
    let (_, four) = try Self.memory(mixtral, .prefill, tokens: 4)
    let met = try #require(four.expertsMet.first)
    #expect(four.expertsMet.count == 1 && met.layers == 32)
    #expect(met.least == 2 && met.most == 8 && met.within == nil)
    #expect(met.expected == Evaluated(try Rational(175, over: 32)))
    // 2·(46,702,792,704 − tables − experts + 4 rows + experts · 175/256) + the cache.
    #expect(four.movedBytes == 64_605_954_048)
    // Without tables and experts, and with 2/8 or with 8/8 of the experts.
    #expect(four.movedBounds?.least == 25_498_263_552)
    #expect(four.movedBounds?.most == 93_143_998_464)
    // Python: 8 * (1 - Fraction(3, 4) ** 60).
    let (_, sixty) = try Self.memory(mixtral, .prefill, tokens: 60)
    #expect(
      sixty.expertsMet.first?.expected
        == Evaluated(
          try Rational(
            1_329_227_953_393_757_597_687_603_545_985_911_375,
            over: 166_153_499_473_114_484_112_975_882_535_043_072)))
    // What needs more than 128 bits says how far off it may be.
    let (_, many) = try Self.memory(mixtral, .prefill, tokens: 1 << 40)
    #expect(many.expertsMet.first?.expected == 8)
    #expect(many.expertsMet.first?.within == Evaluated(try Rational(1, over: 1 << 29)))
  }

  @Test("One token meets exactly the experts that it chooses")
  func oneToken() throws {
    let (_, memory) = try Self.memory(Self.preset("deepseek-v3"), .decode, past: 100)
    let met = try #require(memory.expertsMet.first)
    #expect(met.least == 8 && met.expected == 8 && met.most == 8)
    #expect(memory.movedBounds == nil && memory.intensityBounds == nil)
  }

  @Test("The weights of a routed block are moved as often as a token enters")
  func depths() throws {
    let (report, memory) = try Self.memory(Self.preset("mod-llama3-8b"), .decode, past: 1024)
    // By hand: 16 blocks whole and 16 of which an eighth is expected; 1025 cached positions in the
    // first, and an eighth of 129 in the others.
    #expect(memory.movedBytes == 8_971_083_776)
    let intensity = try #require(memory.intensity)
    #expect(intensity == (try report.total.constant?.divided(by: Rational(8_971_083_776))))
    let bounds = try #require(memory.intensityBounds)
    #expect(bounds.least < intensity && intensity < bounds.most)
    #expect(memory.movedBounds?.least == 8_097_579_008)
  }

  @Test("What sequences cache in routed blocks is theirs alone")
  func routedWindows() throws {
    let one = try Self.model(
      #"""
      {"model_type": "mod_llama", "vocab_size": 64, "hidden_size": 16, "intermediate_size": 32,
       "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "mod_every": 1,
       "mod_mode": "mod", "mod_capacity": 0.5}
      """#)
    let (single, _) = try Self.memory(one, .prefill, tokens: 10)
    let (triple, _) = try Self.memory(one, .prefill, tokens: 10, batch: 3)
    // Five of ten tokens, a key and a value of eight numbers each, in two layers.
    #expect(single.cacheElements == 160)
    #expect(triple.cacheElements == 480)
  }

  @Test(
    "The figures of a document are those of a sweep", arguments: [Workload.Phase.train, .decode])
  func figures(_ phase: Workload.Phase) throws {
    for name in ["mixtral-8x7b", "mod-220m", "jamba-v0.1"] {
      let model = try Self.preset(name)
      let (report, memory) = try Self.memory(
        model, phase, tokens: phase == .train ? 64 : 1, past: phase == .train ? 0 : 64)
      var source = FigureSource(model, report.workload)
      let pairs: [(String, Evaluated?)] = [
        ("memory.weight_bytes", memory.weightBytes), ("memory.total", memory.total),
        ("memory.gradient_bytes", memory.training?.gradientBytes),
        ("memory.moment_bytes", memory.training?.momentBytes),
        ("memory.master_bytes", memory.training?.masterBytes),
        ("memory.state_bytes", memory.stateBytes), ("memory.moved_bytes", memory.movedBytes),
        ("kv_cache.bytes", memory.cacheBytes),
      ]
      for (path, value) in pairs {
        let figure = try #require(FigureName.named(path))
        #expect(try source.value(figure) == value.map { .plain($0) }, "\(name) \(path)")
      }
    }
  }

  @Test("A total lies within the bounds of its own convention")
  func conventions() throws {
    let integrated = try Self.model(
      #"""
      {"model_type": "mod_llama", "hidden_size": 20, "num_hidden_layers": 1,
       "num_attention_heads": 2, "num_key_value_heads": 2, "intermediate_size": 68,
       "vocab_size": 129, "mod_mode": "integrated", "mod_every": 1, "mod_capacity": 0.5,
       "num_experts": 2, "num_noop_experts": 1, "moe_intermediate_size": 10,
       "num_experts_per_tok": 2}
      """#)
    let report = try OperationReport(integrated, Workload())
    // 2048 tokens: projections 6,553,600, a router of three 245,760, an expert 2,457,600.
    let kaplan = try #require(Convention.named("kaplan"))
    let bounds = try #require(try report.bounds(under: kaplan))
    #expect(bounds.least == 9_256_960 && bounds.most == 11_714_560)
    for model in [integrated, try Self.preset("mod-220m"), try Self.preset("gshard-2b")] {
      for phase in [Workload.Phase.prefill, .decode, .train] {
        var workload = Workload()
        (workload.phase, workload.tokens) = (phase, phase == .decode ? 1 : 64)
        let report = try OperationReport(model, workload)
        for convention in Convention.all {
          guard let bounds = try report.bounds(under: convention) else { continue }
          let total = try #require(try convention.value(of: report.ledger).constant)
          let (least, most) = (
            try #require(bounds.least.constant), try #require(bounds.most.constant)
          )
          #expect(least <= total && total <= most, "\(model.name) \(phase) \(convention.name)")
        }
      }
    }
  }

  /// The library allocates gate and up maps for LongCat's experts that do nothing; nobody reads them.
  @Test("Of stored maps only those of experts that do something are read")
  func idleMaps() throws {
    let tiny = try Self.model(
      #"""
      {"model_type": "longcat_flash", "hidden_size": 64, "num_layers": 2, "vocab_size": 100,
       "n_routed_experts": 6, "zero_expert_num": 2, "moe_topk": 3, "expert_ffn_hidden_size": 24,
       "ffn_hidden_size": 32, "num_attention_heads": 4, "kv_lora_rank": 16, "q_lora_rank": 24,
       "qk_nope_head_dim": 8, "qk_rope_head_dim": 8, "v_head_dim": 16}
      """#)
    let (_, memory) = try Self.memory(tiny, .prefill)
    let bounds = try #require(memory.movedBounds)
    // One token meets 1 to 3 experts in each of two layers: two experts of 3·64·24 numbers more.
    #expect(bounds.most - bounds.least == Evaluated(2 * 2 * 2 * 3 * 64 * 24))
  }

  @Test(
    "Each format has its bytes, and a training step keeps a master copy of what has fewer than 32")
  func formats() throws {
    // 6,738,415,616: LLaMA 2, Touvron et al. 2023.
    let model = try Self.preset("llama2-7b")
    var workload = Workload()
    (workload.phase, workload.tokens) = (.train, 1)
    let report = try OperationReport(model, workload)
    for (format, weights, master) in [
      (NumberFormat.fp32, 26_953_662_464, 0), (.bf16, 13_476_831_232, 26_953_662_464),
      (.fp8, 6_738_415_616, 26_953_662_464), (.int4, 3_369_207_808, 26_953_662_464),
    ] as [(NumberFormat, Evaluated, Evaluated)] {
      let memory = try Memory(report, weights: WeightFormat(format), cache: .bf16)
      #expect(memory.weightBytes == weights)
      let training = try #require(memory.training)
      #expect(training.gradientBytes == weights && training.masterBytes == master)
      #expect(training.momentBytes == 53_907_324_928)
      // What a backward pass moves is not counted, so there is no intensity.
      #expect(memory.intensity == nil && memory.intensityBounds == nil)
    }
  }

  @Test("What a training step costs does not depend on what a decode step has cached")
  func pastOfTraining() throws {
    let name = try #require(FigureName.named("training.flops_per_token"))
    for past in [0, 1000] as [Int128] {
      var workload = Workload()
      (workload.tokens, workload.past) = (2048, past)
      var source = FigureSource(
        try Self.preset("llama2-7b"), workload, convention: try #require(.named("matmul")))
      // 6 · 6,607,077,376 weights of maps, and 12·L·T·d for the scores and values.
      let value = try #require(try source.value(name)).evaluated(with: [:])
      #expect(value == Rational(42_863_689_728))
    }
  }

  /// A reduced model of two layers, of which every weight and number is counted by hand.
  @Test("The estimate of a run holds every expert, and the cache with room to grow")
  func estimate() throws {
    let model = try ExecutorTests.reduced("mixtral-8x7b")
    var workload = Workload()
    (workload.tokens, workload.past) = (9, 4)
    var settings = Validation.Settings()
    func estimate(_ policy: WeightPolicy) throws -> MemoryEstimate {
      settings.weights = policy
      return try Preparation(model, workload, settings).memory
    }
    // 2,861,696 parameters of four bytes, the sixteen experts of both layers among them.
    #expect(try estimate(.resident).weightBytes == 11_446_784)
    // Twice 13 positions of keys and values of two heads of 16, in two layers.
    #expect(try estimate(.resident).cacheBytes == 2 * 4 * 13 * 2 * 32 * 2)
  }
}
