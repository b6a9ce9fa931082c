import Architecture
import JSON
import Symbolic

/// Inception's Jais 2.
extension Family {
  static let ofJais: [Family] = [jais2]

  static let jais2 = Family(
    "jais2",
    defaults: """
      vocab_size=150272 intermediate_size=26624 num_attention_heads=26 num_key_value_heads=null
      head_dim=null attention_bias=true mlp_bias=true tie_word_embeddings=false
      hidden_act="relu2"
      """
  ) { keys in
    let bias = try keys.flag("mlp_bias")
    return try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(bias: keys.biases(.all)),
          .feedForward(keys.plain(nil, "up_proj", "down_proj", bias: bias)), norm: .layer)),
      norm: .layer)
  }
}
