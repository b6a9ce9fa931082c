import Architecture
import JSON
import Symbolic

/// BAAI's Emu 3.
extension Family {
  static let ofEmu: [Family] = [emu3]

  /// Emu3: Llama without biases, whatever a file says.
  static let emu3 = Family(
    "emu3_text_model",
    defaults: """
      vocab_size=184622 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=8
      tie_word_embeddings=false
      """
  ) { keys in
    try keys.decoder(keys.uniform(keys.layer(keys.attention(), .feedForward(keys.gated()))))
  }
}
