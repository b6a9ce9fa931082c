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
}
