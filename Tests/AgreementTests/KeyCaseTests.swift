import Accounting
import Architecture
import Families
import Foundation
import JSON
import Presets
import Symbolic
import Testing

/// Keys that were once passed over, and what `transformers` 5.23.0 runs with them.
///
/// The figures are those of torch's `FlopCounterMode`, and of the parameters that were built.
@Suite struct KeyCaseTests {
  private func model(_ json: String) throws -> Model {
    let configuration = try #require(try JSONValue(parsing: json).object)
    return try Families.Description().model(from: configuration, named: "case")
  }

  private func products(_ json: String, past: Int128 = 0) throws -> Int128? {
    var workload = Workload()
    (workload.phase, workload.past) = (past > 0 ? .decode : .prefill, past)
    workload.tokens = past > 0 ? 1 : 17
    return try OperationReport(model(json), workload).matrixProducts.wholeConstant
  }

  private static let small = """
    "vocab_size": 131, "hidden_size": 48, "intermediate_size": 40, "num_hidden_layers": 4,
    "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 96,
    """

  @Test("Chunks of Nemotron-H under the name that its first files use")
  func mambaChunkSize() throws {
    let json = """
      {"model_type": "nemotron_h", \(Self.small) "head_dim": 12, "ssm_state_size": 8,
       "n_routed_experts": 6, "moe_intermediate_size": 40, "num_experts_per_tok": 2,
       "moe_shared_expert_intermediate_size": 33, "mamba_num_heads": 8, "mamba_head_dim": 12,
       "n_groups": 2, "layers_block_type": ["mamba", "attention", "moe", "mlp"],
       "mamba_chunk_size": 4}
      """
    #expect(try products(json) == 1_711_584)
  }

  @Test("Gemma 3 that sees later tokens halves its window")
  func seesAhead() throws {
    let json = """
      {"model_type": "gemma3_text", \(Self.small) "head_dim": 12, "sliding_window": 6,
       "use_bidirectional_attention": true}
      """
    #expect(try products(json, past: 9) == 117_024)
  }

  @Test("A class whose mask is not causal keeps every pair")
  func notCausal() throws {
    func causal(_ more: String) throws -> Int128? {
      var workload = Workload()
      (workload.tokens, workload.past, workload.mask) = (17, 9, .causal)
      let ledger = OperationLedger(
        try model("{\"model_type\": \"llama\", \(Self.small) \(more)}"), workload)
      return try ledger.value(ledger.flops(of: .attentionCore), "The scores").wholeConstant
    }
    // 4 layers of 4 heads, two products of 12 numbers for each pair: 17·9 + 17·18/2 pairs, or 17·26.
    #expect(try causal("\"is_causal\": true") == 4 * 4 * 2 * 2 * 12 * 306)
    #expect(try causal("\"is_causal\": false") == 4 * 4 * 2 * 2 * 12 * 442)
  }

  @Test("A window of zero is none")
  func noWindow() throws {
    var workload = Workload()
    (workload.tokens, workload.past, workload.mask) = (17, 9, .causal)
    let ledger = OperationLedger(
      try model("{\"model_type\": \"mistral\", \(Self.small) \"sliding_window\": 0}"), workload)
    #expect(
      try ledger.value(ledger.flops(of: .attentionCore), "The scores").wholeConstant
        == 4 * 4 * 2 * 2 * 12 * 306)
  }

  /// The pairs that the mask of `MistralModel` keeps with a window of six, eager attention.
  @Test(
    "A window whose class is not causal reaches as far ahead as back, its end included",
    arguments: [(0, 17, 179), (9, 7, 69), (11, 1, 6), (3, 5, 39)] as [(Int128, Int128, Int128)])
  func windowNotCausal(past: Int128, tokens: Int128, pairs: Int128) throws {
    var workload = Workload()
    (workload.tokens, workload.past, workload.mask) = (tokens, past, .causal)
    let ledger = OperationLedger(
      try model(
        "{\"model_type\": \"mistral\", \(Self.small) \"head_dim\": 12, \"sliding_window\": 6, "
          + "\"is_causal\": false}"), workload)
    // 4 layers of 4 heads, two products of 12 numbers for each pair.
    #expect(
      try ledger.value(ledger.flops(of: .attentionCore), "The scores").wholeConstant
        == 4 * 4 * 2 * 2 * 12 * pairs)
  }

  /// The class reads `activation_function` or `hidden_activation` alone; totals by transformers.
  @Test(
    "An activation counts under the name of the family's class",
    arguments: [
      (
        "\"model_type\": \"gpt2\", \"n_embd\": 48, \"n_layer\": 3, \"n_head\": 4, ",
        "activation_function", 140_352
      ),
      (
        "\"model_type\": \"gemma2\", \"hidden_size\": 48, \"num_hidden_layers\": 3, \"head_dim\": 12, ",
        "hidden_activation", 4_029_696
      ),
      (
        "\"model_type\": \"bloom\", \"hidden_size\": 48, \"n_layer\": 3, \"n_head\": 4, ", "",
        91_296
      ),
    ] as [(String, String, Int128)])
  func activationKey(head: String, key: String, total: Int128) throws {
    func parameters(_ more: String) throws -> Int128? {
      try ParameterReport(model("{\(head)\"vocab_size\": 131\(more)}")).total.wholeConstant
    }
    #expect(try parameters("") == total)
    #expect(try parameters(", \"hidden_act\": \"xielu\"") == total)
    // Two slopes in each of three layers.
    if !key.isEmpty { #expect(try parameters(", \"\(key)\": \"xielu\"") == total + 6) }
  }

  @Test("Phi-MoE runs two experts for each token, and says so where a file has another number")
  func twoExperts() throws {
    let json = """
      {"model_type": "phimoe", \(Self.small) "num_local_experts": 6, "num_experts_per_tok": 1}
      """
    #expect(try products(json) == 2_981_664)
    #expect(try model(json).notes.contains { $0.contains("runs two experts for each token") })
  }

  @Test("The window of MiMo is sliding_window_size and the query's own position")
  func windowSize() throws {
    func decode(_ keys: String) throws -> Int128? {
      try products(
        """
        {"model_type": "mimo_v2_flash", "vocab_size": 512, "hidden_size": 128, "num_hidden_layers": 6,
         "intermediate_size": 256, "num_attention_heads": 4, "num_key_value_heads": 2,
         "head_dim": 32, \(keys)}
        """, past: 100)
    }
    #expect(
      try decode("\"sliding_window\": 64, \"sliding_window_size\": 64")
        == decode("\"sliding_window\": 65"))
    #expect(try decode("\"sliding_window\": 64") != decode("\"sliding_window\": 65"))
  }

  @Test("A saved Gemma 4 of more than ten layers has wide heads where its padded indices say so")
  func paddedIndices() throws {
    let sliding = Array(repeating: "\"sliding_attention\"", count: 5).joined(separator: ",")
    let json = """
      {"model_type": "gemma4_text", "vocab_size": 131, "vocab_size_per_layer_input": 131,
       "hidden_size": 48, "hidden_size_per_layer_input": 16, "intermediate_size": 40,
       "num_hidden_layers": 11, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 12,
       "layer_types": [\(sliding), "full_attention", \(sliding.dropLast(20)), "full_attention"],
       "per_layer_config": {"05": {"head_dim": 20}, "10": {"head_dim": 20}}}
      """
    #expect(try ParameterReport(model(json)).total.wholeConstant == 206_296)
  }

  @Test("What explain prints as a key is one that --set takes", arguments: Catalog.names)
  func presetKeys(name: String) throws {
    let preset = try #require(Catalog.preset(named: name))
    try Self.setEveryKey(of: preset.configuration)
  }

  @Test("The same for every type", arguments: OracleTests.files.dropLast())
  func typeKeys(file: String) throws {
    let text = try String(
      contentsOf: OracleTests.folder.appending(path: file), encoding: .utf8)
    for line in text.split(separator: "\n").prefix(2) {
      let row = try JSONValue(parsing: String(line))
      try Self.setEveryKey(of: #require(row["config"]?.object))
    }
  }

  /// Sets each key that a size has to the value that it has.
  private static func setEveryKey(of configuration: JSONObject) throws {
    let model = try Families.Description().model(from: configuration, named: "model")
    for binding in model.sizes where binding.isKey {
      let description = Families.Description(
        overrides: [binding.key: "\(binding.value)"])
      do {
        _ = try description.model(from: configuration, named: "set")
      } catch DescriptionError.unknownKey(let key, _, _) {
        Issue.record("\(model.modelType): \(key)")
      } catch {
        // A default that does not fit a small model is refused where it is given.
        #expect(error is DescriptionError)
      }
    }
  }

  @Test("Per-layer sizes that are not described are an error", arguments: ["11", "x", "-1"])
  func noLayer(index: String) throws {
    #expect(throws: DescriptionError.self) {
      try model(
        """
        {"model_type": "gemma4_text", \(Self.small) "per_layer_config": {"\(index)": {}}}
        """)
    }
  }
}
