import Architecture
import JSON
import Symbolic

/// Microsoft's BitNet, with norms inside its modules.
extension Family {
  static let ofBitNet: [Family] = [bitNet]

  /// Norms stand inside both modules, before their output projections.
  static let bitNet = Family(
    "bitnet",
    defaults: """
      vocab_size=128256 intermediate_size=6912 num_attention_heads=20 num_key_value_heads=5
      attention_bias=false hidden_act="relu2" tie_word_embeddings=false
      """
  ) { keys in
    let attention = try keys.attention(
      bias: keys.biases(.all), norms: [keys.norm("attn_sub_norm", of: .output)])
    var feedForward = try keys.gated()
    feedForward.norms = [Normalization("ffn_sub_norm", [feedForward.width])]
    return try keys.decoder(
      keys.uniform(keys.layer(attention, .feedForward(feedForward))))
  }
}
