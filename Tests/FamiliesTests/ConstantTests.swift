import Architecture
import Families
import JSON
import Testing

/// Constants that decide numbers and no count: nonsense is said, and never replaced by a default.
@Suite struct ConstantTests {
  @Test(
    "What is no constant is refused, with its key",
    arguments: [
      (#""rms_norm_eps": "small""#, "rms_norm_eps"), (#""rms_norm_eps": Infinity"#, "rms_norm_eps"),
      (#""rope_parameters": [1, 2]"#, "rope_parameters"),
      (#""rope_scaling": "linear""#, "rope_scaling"),
      (#""rope_theta": 0"#, "rope_theta"),
      (#""rope_parameters": {"rope_theta": -1}"#, "rope_theta"),
      (#""rope_scaling": {"type": "linear", "factor": "2"}"#, "rope_parameters.factor"),
    ])
  func refused(_ member: String, _ key: String) throws {
    let text = """
      {"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, \(member)}
      """
    let configuration = try #require(JSONValue(parsing: text).object)
    let error = #expect(throws: DescriptionError.self) {
      try Description().model(from: configuration, named: "x")
    }
    #expect("\(try #require(error))".contains("\(key) is"))
  }

  /// The bases are those of `AutoConfig.for_model(TYPE, rope_theta=777.0).rope_parameters` in
  /// transformers 5.23.0.
  @Test(
    "A base beside the rotary parameters is read where the class reads it",
    arguments: [
      ("zaya", #""hybrid", "hybrid_sliding""#, ["5000000.0", "10000.0"]),
      ("gemma4_text", full, ["1000000.0", "10000.0"]), ("laguna", full, ["500000.0", "10000.0"]),
      ("mellum", full, ["500000.0", "10000.0"]), ("mimo_v2_flash", full, ["5000000.0", "10000.0"]),
      ("lfm3", full, ["1000000.0", "10000.0"]),
      ("modernbert-decoder", full, ["160000.0", "10000.0"]),
      ("apertus", full, ["12000000.0"]), ("cwm", full, ["1000000.0"]),
      ("ministral3", full, ["1000000.0"]), ("mistral4", full, ["10000.0"]),
      ("gpt_neox", full, ["10000.0"]), ("gpt_neox_japanese", full, ["10000.0"]),
      ("llama", full, ["777.0"]), ("gemma3_text", full, ["777.0", "10000.0"]),
    ] as [(String, String, Set<String>)])
  func outerBase(_ type: String, _ layers: String, _ bases: Set<String>) throws {
    let text = """
      {"model_type": "\(type)", "hidden_size": 64, "num_hidden_layers": 2, "rope_theta": 777.0,
       "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "intermediate_size": 128,
       "sliding_window": 4, "layer_types": [\(layers)]}
      """
    let configuration = try #require(JSONValue(parsing: text).object)
    let model = try Description().model(from: configuration, named: "x")
    let found = model.groups.flatMap(\.layer.program.rotations).map { "\($0.base)" }
    #expect(Set(found) == bases)
  }

  private static let full = #""sliding_attention", "full_attention""#
}
