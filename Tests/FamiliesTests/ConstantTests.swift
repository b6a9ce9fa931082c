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

  /// `ZayaConfig(num_hidden_layers=2, rope_theta=777.0).rope_parameters` of transformers 5.23 says
  /// 5000000.0 and 10000.0.
  @Test("A base beside the rotary parameters is not read where the class does not read it")
  func outerBase() throws {
    let text = """
      {"model_type": "zaya", "hidden_size": 64, "num_hidden_layers": 2, "rope_theta": 777.0,
       "sliding_window": 4,
       "layer_types": ["hybrid", "hybrid_sliding"]}
      """
    let configuration = try #require(JSONValue(parsing: text).object)
    let model = try Description().model(from: configuration, named: "x")
    let bases = model.groups.flatMap(\.layer.branches).compactMap { branch -> String? in
      guard case .selfAttention(let attention) = branch.module,
        case .rotary(let angles) = attention.position
      else { return nil }
      return "\(angles.base)"
    }
    #expect(bases == ["5000000.0", "10000.0"])
  }
}
