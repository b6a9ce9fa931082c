import Accounting
import Architecture
import Families
import JSON
import Symbolic
import Testing

/// Element-wise work of parts that few models have, counted by hand in the code of `transformers`.
@Suite struct HandCounts {
  /// The element-wise work of the rows whose path ends so.
  static func operations(
    _ configuration: String, _ path: String, tokens: Int128, past: Int128 = 0,
    changing change: (inout Model) -> Void = { _ in }
  ) throws -> [ScalarOperation: Int] {
    let object = try #require(JSONValue(parsing: configuration).object)
    var model = try Families.Description().model(from: object, named: "hand")
    change(&model)
    var workload = Workload()
    workload.phase = past == 0 ? .prefill : .decode
    workload.tokens = tokens
    workload.past = past
    let ledger = try OperationReport(model, workload).ledger
    var tally: [ScalarOperation: Int] = [:]
    for row in ledger.rows where row.path.hasSuffix(path) {
      guard case .elementwise = row.work.kind else { continue }
      for operation in ScalarOperation.allCases where !row.count(of: operation).isZero {
        let value = row.count(of: operation).evaluated(in: ledger.values).wholeConstant
        tally[operation, default: 0] += Int(try #require(value))
      }
    }
    return tally
  }

  @Test("The best groups of experts by the best score of each, as DeepSeek-V2 describes them")
  func groups() throws {
    let configuration = """
      {"model_type": "deepseek_v3", "hidden_size": 8, "num_hidden_layers": 1, "vocab_size": 5,
       "first_k_dense_replace": 0, "moe_intermediate_size": 4, "n_routed_experts": 16,
       "num_experts_per_tok": 3, "n_group": 4, "topk_group": 2, "n_shared_experts": 1,
       "num_attention_heads": 2, "kv_lora_rank": 4, "q_lora_rank": null, "qk_rope_head_dim": 2,
       "qk_nope_head_dim": 2, "v_head_dim": 2, "norm_topk_prob": true,
       "routed_scaling_factor": 2.5}
      """
    // 16 sigmoids and corrections; one look at each score for the best of its group, two at the
    // four groups, three at the 16 scores; three weights are divided by their sum and scaled. What
    // is best in a group is added to nothing.
    let one: [ScalarOperation: Int] = [
      .compare: 16 + 2 * 4 + 3 * 16, .subtract: 16, .exp: 16, .add: 16 + 16 + 3,
      .divide: 16 + 3, .multiply: 3,
    ]
    #expect(
      try Self.operations(configuration, "mlp.router", tokens: 1) {
        Self.changeRouter(of: &$0) { $0.groupBest = 1 }
      } == one)
    // DeepSeek-V3 adds up the best two of each.
    var two = one
    two[.compare]? += 16
    two[.add]? += 2 * 4
    #expect(try Self.operations(configuration, "mlp.router", tokens: 1) == two)
  }

  private static func changeRouter(of model: inout Model, _ change: (inout Router) -> Void) {
    for branch in model.groups[0].layer.blocks.indices {
      let path = \Model.groups[0].layer.blocks[branch].branches[0].module
      guard case .mixtureOfExperts(var mixture) = model[keyPath: path] else { continue }
      change(&mixture.router)
      model[keyPath: path] = .mixtureOfExperts(mixture)
    }
  }

  @Test("A gate for each head has one sigmoid for all numbers of the head")
  func headGates() throws {
    let configuration = """
      {"model_type": "lfm3", "hidden_size": 16, "num_hidden_layers": 1, "vocab_size": 5,
       "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 8,
       "conv_L_cache": 3, "head_dim": 8, "layer_types": ["full_attention"],
       "use_attention_gate": true}
      """
    // Three tokens of two heads of eight.
    #expect(
      try Self.operations(configuration, "self_attn.gate", tokens: 3) == [
        .subtract: 6, .exp: 6, .add: 6, .divide: 6, .multiply: 48,
      ])
  }

  @Test("Keys that an earlier layer has cached are not rotated again")
  func sharedKeys() throws {
    let configuration = """
      {"model_type": "gemma3n_text", "hidden_size": 16, "num_hidden_layers": 2, "vocab_size": 5,
       "intermediate_size": 8, "head_dim": 4, "num_attention_heads": 2, "num_key_value_heads": 1,
       "vocab_size_per_layer_input": 5, "hidden_size_per_layer_input": 4, "altup_num_inputs": 2,
       "num_kv_shared_layers": 1, "layer_types": ["full_attention", "full_attention"],
       "activation_sparsity_pattern": [0.0, 0.0]}
      """
    // Two queries and a key in the first layer, two queries in the second, of two pairs each.
    #expect(
      try Self.operations(configuration, "self_attn.rotary", tokens: 1) == [
        .multiply: 5 * 8, .subtract: 5 * 2, .add: 5 * 2,
      ])
  }

  @Test("Phi-3.5-MoE chooses one expert after the other, as its sparsemixer does")
  func oneByOne() throws {
    let configuration = """
      {"model_type": "phimoe", "hidden_size": 8, "num_hidden_layers": 1, "vocab_size": 5,
       "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 4,
       "num_local_experts": 6}
      """
    // Twice over six scores: the greatest, the greater of each and it, their difference over that
    // against the bound, and a softmax.
    #expect(
      try Self.operations(configuration, "block_sparse_moe.router", tokens: 1) == [
        .compare: 2 * 4 * 6, .subtract: 2 * 2 * 6, .divide: 2 * 2 * 6, .exp: 2 * 6, .add: 2 * 6,
      ])
  }

  @Test("DBRX clips queries, keys and values, and divides weights by a norm of them")
  func dbrx() throws {
    func configuration(_ power: String) -> String {
      """
      {"model_type": "dbrx", "d_model": 8, "n_layers": 1, "vocab_size": 5, "n_heads": 2,
       "attn_config": {"kv_n_heads": 1, "clip_qkv": 8},
       "ffn_config": {"ffn_hidden_size": 4, "moe_num_experts": 4, "moe_top_k": 2\(power)}}
      """
    }
    // Sixteen numbers for each of three tokens, against two bounds.
    #expect(
      try Self.operations(configuration(""), "attn.clip", tokens: 3) == [.compare: 3 * 16 * 2])
    // A softmax over four, two looks at them, and the two divided by their sum.
    let sum: [ScalarOperation: Int] = [
      .compare: 4 + 2 * 4, .subtract: 4, .exp: 4, .add: 4 + 2, .divide: 4 + 2,
    ]
    #expect(try Self.operations(configuration(""), "ffn.router", tokens: 1) == sum)
    let key = ", \"moe_normalize_expert_weights\": "
    #expect(
      try Self.operations(configuration(key + "null"), "ffn.router", tokens: 1) == [
        .compare: 4 + 2 * 4, .subtract: 4, .exp: 4, .add: 4, .divide: 4,
      ])
    // By the root of the sum of their squares.
    #expect(
      try Self.operations(configuration(key + "2.0"), "ffn.router", tokens: 1)
        == sum.merging([.multiply: 2, .sqrt: 1]) { $1 })
  }

  @Test("MiniCPM 3 multiplies tokens, both additions of a layer, and the stream before the head")
  func multipliers() throws {
    let configuration = """
      {"model_type": "minicpm3", "hidden_size": 8, "num_hidden_layers": 1, "vocab_size": 5,
       "num_attention_heads": 2, "intermediate_size": 4, "kv_lora_rank": 4, "q_lora_rank": null,
       "qk_rope_head_dim": 2, "qk_nope_head_dim": 2, "v_head_dim": 2}
      """
    for (path, adds) in [
      ("model.embed_tokens", 0), ("self_attn.residual", 24), ("mlp.residual", 24), ("lm_head", 0),
    ] {
      let operations = try Self.operations(configuration, path, tokens: 3)
      #expect(operations[.multiply] == 24, "\(path)")
      #expect(operations[.add] ?? 0 == adds, "\(path)")
    }
  }

  @Test("CTRL multiplies its tokens by a root, and adds the waves of their positions")
  func waves() throws {
    let configuration = """
      {"model_type": "ctrl", "n_embd": 8, "n_layer": 1, "n_head": 2, "vocab_size": 5, "dff": 4}
      """
    #expect(
      try Self.operations(configuration, "transformer.w", tokens: 3) == [.multiply: 24])
    #expect(
      try Self.operations(configuration, "transformer.pos_encoding", tokens: 3) == [.add: 24])
  }

  @Test(
    "GPT-2 multiplies scores by one constant, be it of the width, the layer or both, or by none")
  func scoreScale() throws {
    func multiplied(_ keys: String) throws -> Int {
      let configuration = """
        {"model_type": "gpt2", "n_embd": 8, "n_layer": 1, "n_head": 2, "vocab_size": 5\(keys)}
        """
      return try Self.operations(configuration, "attn.softmax", tokens: 3)[.multiply] ?? 0
    }
    // Two heads of nine scores.
    #expect(try multiplied("") == 18)
    #expect(try multiplied(", \"scale_attn_by_inverse_layer_idx\": true") == 18)
    #expect(try multiplied(", \"scale_attn_weights\": false") == 0)
  }
}
