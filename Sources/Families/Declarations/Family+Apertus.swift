import Architecture
import JSON
import Symbolic

/// The Swiss AI Initiative's Apertus.
extension Family {
  static let ofApertus: [Family] = [apertus]

  static let apertus = Family(
    "apertus",
    fixed: "has_own_base=true",
    defaults: """
      vocab_size=131072 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=null
      attention_bias=false hidden_act="xielu" tie_word_embeddings=false
      """
  ) { keys in
    try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(bias: keys.biases(.all), norm: .eachHead),
          .feedForward(keys.plain(nil, "up_proj", "down_proj", bias: false)),
          norms: ("attention_layernorm", "feedforward_layernorm"))))
  }
}
