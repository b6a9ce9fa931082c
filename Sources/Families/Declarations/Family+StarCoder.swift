import Architecture
import JSON
import Symbolic

/// BigCode's StarCoder 2; the first is gpt_bigcode, with GPT.
extension Family {
  static let ofStarCoder: [Family] = [starCoder2]

  static let starCoder2 = Family(
    "starcoder2",
    defaults: """
      vocab_size=49152 intermediate_size=12288 num_attention_heads=24 num_key_value_heads=2
      use_bias=true sliding_window=null hidden_act="gelu_pytorch_tanh" tie_word_embeddings=true
      """
  ) { keys in
    let bias = try keys.flag("use_bias")
    let attention = try keys.attention(bias: bias ? .all : [], reach: keys.window())
    let feedForward = try keys.plain(nil, "c_fc", "c_proj", bias: bias)
    return try keys.decoder(
      keys.uniform(keys.layer(attention, .feedForward(feedForward), norm: .layer)), norm: .layer)
  }
}
