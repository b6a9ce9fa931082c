import Architecture
import JSON
import Symbolic

/// Hugging Face's SmolLM 3.
extension Family {
  static let ofSmolLM: [Family] = [smollm3]

  static let smollm3 = Family(
    "smollm3",
    defaults: """
      vocab_size=128256 intermediate_size=11008 num_attention_heads=16 num_key_value_heads=4
      attention_bias=false mlp_bias=false use_sliding_window=false sliding_window=null
      no_rope_layers=null no_rope_layer_interval=4 layer_types=null tie_word_embeddings=true
      """
  ) { keys in
    let layer = try keys.layer(
      keys.attention(bias: keys.biases(.all)),
      .feedForward(keys.gated(bias: keys.flag("mlp_bias"))))
    let rotates = try keys.rotating()
    var groups = try keys.uniform(layer)
    if let rotates {
      groups = try keys.layers(kind: { rotates[$0] }) { isRotated in
        isRotated ? layer : layer.attending { $0.position = .none }
      }
    }
    guard try keys.isSet("use_sliding_window") else { return try keys.decoder(groups) }
    return try keys.decoder(keys.sliding(groups) { !(rotates?[$0] ?? true) })
  }
}
