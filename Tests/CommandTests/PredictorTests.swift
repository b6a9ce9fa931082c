import Arguments
import Foundation
import JSON
import Testing

@testable import tally

/// Layers for multi-token prediction, counted and executed beside the model.
@Suite struct PredictorTests {
  private func run(_ words: String) -> Outcome {
    Tally.tool.run(words.split(separator: " ").map(String.init), failure: Failure.describe)
  }

  @Test("DeepSeek-V3 has 685 billion parameters with its layer for multi-token prediction")
  func parameters() throws {
    let outcome = run("params deepseek-v3 --mtp --by tensor --format json")
    let models = try #require(try JSONValue(parsing: outcome.output)["models"]?.array)
    #expect(models.map { $0["name"]?.string } == ["deepseek-v3", "deepseek-v3-mtp"])
    let totals = models.compactMap { $0["parameters"]?["total"]?.integer }
    // A layer of 11,507,286,016, 2·7168² that join, three norms, a table and a head of 129280·7168:
    // 685B in all, as the hub prints; the parts of its 16 and 8 bits are 684,489,830,400.
    #expect(totals == [671_026_404_352, 13_463_426_048])
    #expect(totals.reduce(0, +) == 684_489_830_400)
    let names = Set(models[1]["tensors"]?.array?.compactMap { $0["name"]?.string } ?? [])
    for name in [
      "embed_tokens", "enorm", "hnorm", "eh_proj", "shared_head.norm", "shared_head.head",
      "self_attn.kv_a_proj_with_mqa", "mlp.gate", "input_layernorm",
    ] { #expect(names.contains("model.layers.61.\(name).weight"), "\(name)") }
    #expect(outcome.errors.contains("684.49B"))
  }

  /// The hub shows 81,324,862,720 for Qwen3-Next, and 7,833,409,536 for MiMo, of which 210,790,400 are of
  /// `model.mtp_layers`.
  @Test("A module that runs the model's table and head does not count them again")
  func borrowed() throws {
    let outcome = run("params qwen3-next-80b-a3b --mtp --by tensor --format json")
    let models = try #require(try JSONValue(parsing: outcome.output)["models"]?.array)
    let totals = models.compactMap { $0["parameters"]?["total"]?.integer }
    #expect(totals.reduce(0, +) == 81_324_862_720)
    let names = Set(models[1]["tensors"]?.array?.compactMap { $0["name"]?.string } ?? [])
    for name in [
      "fc", "pre_fc_norm_embedding", "pre_fc_norm_hidden", "norm", "layers.0.self_attn.q_proj",
      "layers.0.mlp.shared_expert_gate",
    ] { #expect(names.contains("mtp.\(name).weight"), "\(name)") }
    #expect(!names.contains { $0.contains("embed_tokens") || $0.contains("head") })
    let pass = run("flops qwen3-next-80b-a3b --mtp --tokens 1 --format json --by row")
    let rows = try #require(
      try JSONValue(parsing: pass.output)["models"]?.array?.last?["rows"]?.array)
    // 2·151936·2048: the head of the model is run again.
    let head = rows.first { $0["path"]?.string == "lm_head" }
    #expect(head?["flops"]?.integer == 622_329_856)
  }

  @Test("A table of its own, of which nothing is known, is not taken for the model's")
  func ownTable() throws {
    let file = URL(filePath: NSTemporaryDirectory()).appending(path: "mtp-\(UUID()).json")
    defer { try? FileManager.default.removeItem(at: file) }
    let text = """
      {"model_type": "qwen3_5_text", "hidden_size": 5120, "num_hidden_layers": 4,
       "mtp_num_hidden_layers": 1, "mtp_use_dedicated_embeddings": true}
      """
    try text.write(to: file, atomically: true, encoding: .utf8)
    let path = file.path(percentEncoded: false)
    #expect(run("params \(path)").exitCode == 0)
    #expect(run("params \(path) --mtp").exitCode == 65)
  }

  private func models(_ configuration: String) throws -> [JSONValue] {
    let file = URL(filePath: NSTemporaryDirectory()).appending(path: "mtp-\(UUID()).json")
    defer { try? FileManager.default.removeItem(at: file) }
    try configuration.write(to: file, atomically: true, encoding: .utf8)
    let path = file.path(percentEncoded: false)
    let outcome = run("params \(path) --mtp --by tensor --format json")
    return try #require(
      try JSONValue(parsing: outcome.output)["models"]?.array, "\(outcome.errors)")
  }

  @Test("MiMo's layer for multi-token prediction has 210,790,400 parameters")
  func miMo() throws {
    let models = try models(
      """
      {"model_type": "mimo", "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 36,
       "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 151680, "head_dim": 128,
       "num_nextn_predict_layers": 1, "tie_word_embeddings": false}
      """)
    let totals = models.compactMap { $0["parameters"]?["total"]?.integer }
    #expect(totals == [7_833_409_536 - 210_790_400, 210_790_400])
  }

  /// The names and shapes of Qwen3.6-27B's checkpoint, whose sizes these are.
  @Test("Qwen3.5's module has the 15 tensors of its files")
  func qwen35() throws {
    let tensors = try #require(
      models(
        """
        {"model_type": "qwen3_5_text", "hidden_size": 5120, "intermediate_size": 17408,
         "num_hidden_layers": 64, "num_attention_heads": 24, "num_key_value_heads": 4,
         "head_dim": 256, "mtp_num_hidden_layers": 1, "tie_word_embeddings": false}
        """
      ).last?["tensors"]?.array)
    let shapes = Dictionary(
      uniqueKeysWithValues: tensors.map { ($0["name"]?.string ?? "", $0["shape"]?.line ?? "") })
    #expect(shapes.count == 15)
    #expect(tensors.compactMap { $0["count"]?.integer }.reduce(0, +) == 424_699_392)
    for (name, shape) in [
      ("fc", "[5120, 10240]"), ("pre_fc_norm_embedding", "[5120]"), ("norm", "[5120]"),
      ("layers.0.self_attn.q_proj", "[12288, 5120]"), ("layers.0.self_attn.k_proj", "[1024, 5120]"),
      ("layers.0.self_attn.o_proj", "[5120, 6144]"), ("layers.0.self_attn.q_norm", "[256]"),
      ("layers.0.mlp.down_proj", "[5120, 17408]"),
    ] { #expect(shapes["mtp.\(name).weight"] == shape, "\(name)") }
  }

  /// The elements of 16 bits in the files of each, and of those of its module.
  @Test(
    "Modules whose files have been counted",
    arguments: [
      (
        #"""
        "qwen3_5_moe_text", "hidden_size": 2048, "num_hidden_layers": 40,
        "mtp_num_hidden_layers": 1
        """#, nil, 844_640_768
      ),
      (
        #"""
        "hy_v3", "hidden_size": 4096, "num_hidden_layers": 80, "num_nextn_predict_layers": 1
        """#, 298_786_140_416, 3_752_612_096
      ),
      (
        // 4096·(64·192 + 8·192 + 8·128 + 64·128) + 64 sinks + 3·4096·16384 + 5·4096 + 2·4096²: the 0.33B of
        // each module of MiMo-V2-Flash.
        #"""
        "mimo_v2_flash", "hidden_size": 4096, "num_hidden_layers": 48, "intermediate_size": 16384,
        "num_nextn_predict_layers": 3
        """#, nil, 329_273_408
      ),
      (
        // 2·4096·96·128 + 2·4096·8·128 + 4096·96 + 2·128 + 3·4096·11264 + 5·4096 + 2·4096², and a head
        // of 128896·4096: the 0.81B beside the 196B of Step-3.5-Flash.
        #"""
        "step3p5", "hidden_size": 4096, "num_hidden_layers": 2, "num_nextn_predict_layers": 3,
        "vocab_size": 128896, "num_attention_heads": 64, "sliding_window": 512,
        "attention_other_setting": {"num_attention_heads": 96},
        "layer_types": ["full_attention", "sliding_attention", "sliding_attention",
          "sliding_attention", "sliding_attention"],
        "mlp_layer_types": ["dense", "sparse", "dense", "dense", "dense"]
        """#, nil, 281_432_320 + 527_958_016
      ),
    ] as [(String, Int?, Int)])
  func counted(_ text: String, _ all: Int?, _ own: Int) throws {
    let totals = try models("{\"model_type\": \(text)}").compactMap {
      $0["parameters"]?["total"]?.integer
    }
    #expect(totals.last == Int128(own))
    if let all { #expect(totals.reduce(0, +) == Int128(all)) }
  }

  @Test("The command line may say how many there are")
  func set() throws {
    let words = "params qwen3-next-80b-a3b --mtp --set num_nextn_predict_layers=2 --format json"
    let outcome = run(words)
    let models = try #require(try JSONValue(parsing: outcome.output)["models"]?.array)
    #expect(
      models.map { $0["name"]?.string } == [
        "qwen3-next-80b-a3b", "qwen3-next-80b-a3b-mtp-1", "qwen3-next-80b-a3b-mtp-2",
      ])
    #expect(run("params qwen3-next-80b-a3b --mtp --set num_nextn_predict_layers=0").exitCode == 65)
    #expect(run("params deepseek-v3 --mtp --set num_nextn_predict_layers=x").exitCode == 65)
    let many = run("params deepseek-v3 --mtp --set num_nextn_predict_layers=1000000000")
    #expect(many.exitCode == 65)
    #expect(many.errors.contains("num_nextn_predict_layers is 1000000000"))
  }

  @Test("ERNIE's module has a dense layer, and its norm is the model's")
  func ernie() throws {
    let tensors = try #require(
      models(
        """
        {"model_type": "ernie4_5_moe", "hidden_size": 256, "intermediate_size": 512,
         "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2,
         "moe_intermediate_size": 64, "moe_num_experts": 8, "moe_k": 2, "vocab_size": 100,
         "num_nextn_predict_layers": 1}
        """
      ).last?["tensors"]?.array)
    let names = Set(tensors.compactMap { $0["name"]?.string })
    let layer = [
      "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
      "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj", "input_layernorm",
      "post_attention_layernorm",
    ].map { "mtp_block.0.\($0)" }
    let own = ["mtp_emb_norm.0", "mtp_hidden_norm.0", "mtp_linear_proj.0"]
    #expect(names == Set((layer + own).map { "model.\($0).weight" }))
  }

  @Test("Its FLOPs have a total and rows of their own")
  func operations() throws {
    let outcome = run("flops deepseek-v3 --mtp --tokens 1 --format json --by row")
    let models = try #require(try JSONValue(parsing: outcome.output)["models"]?.array)
    let rows = try #require(models.last?["rows"]?.array)
    let joined = rows.first { $0["path"]?.string == "model.layers.61.eh_proj" }
    // 2·2·7168²
    #expect(joined?["flops"]?.integer == 205_520_896)
    let head = rows.first { $0["path"]?.string == "model.layers.61.shared_head.head" }
    // 2·129280·7168
    #expect(head?["flops"]?.integer == 1_853_358_080)
    // 2·3·7168·2048 of one layer, and not of 61.
    #expect(models.last?["flops"]?["matmul"]?["shared_experts"]?.integer == 88_080_384)
  }

  @Test("It runs as it is counted")
  func executed() {
    let outcome = run("validate deepseek-v3 glm4.5 qwen3-next-80b-a3b --mtp --tokens 12")
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("6 models"))
    #expect(outcome.output.contains("glm4.5-mtp"))
    #expect(run("validate deepseek-v3 --mtp --tokens 9 --generate 4 --mask causal").exitCode == 0)
  }

  @Test(
    "Models without one say so",
    arguments: [
      ("params llama2-7b --mtp", "num_nextn_predict_layers"),
      ("params kimi-k2 --mtp", "num_nextn_predict_layers"),
      ("params deepseek-v3 --mtp --set num_hidden_layers=n", "a number with --mtp"),
    ])
  func mistakes(_ words: String, _ message: String) {
    let outcome = run(words)
    #expect(outcome.exitCode == 65)
    #expect(outcome.errors.contains(message), "\(outcome.errors)")
  }
}
