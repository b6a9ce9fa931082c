import Architecture
import JSON
import Symbolic

/// Kyutai's models: Helium, and the text decoder of Moshi, which grew out of it.
extension Family {
  static let ofKyutai: [Family] = [helium, moshi]

  /// The output projection is square whatever the heads' width.
  static let helium = Family(
    "helium",
    fixed: "rotates_neighbours=true",
    defaults: """
      vocab_size=48000 intermediate_size=7040 num_attention_heads=20 num_key_value_heads=20
      head_dim=128 attention_bias=false mlp_bias=false tie_word_embeddings=false
      """
  ) { keys in
    let attention = try keys.attention(bias: keys.flag("attention_bias") ? .inputs : [])
      .withSquareOutput(keys.size(.hidden))
    return try keys.decoder(
      keys.uniform(
        keys.layer(attention, .feedForward(keys.gated(bias: keys.flag("mlp_bias"))))))
  }

  /// The text decoder of Moshi; the decoder of the depth of sound beside it is not counted.
  ///
  /// Gate and factor are the halves of one map as wide as `ffn_dim`. The token table has a row
  /// more than the head, for a place without text.
  static let moshi = Family(
    "moshi", spelling: "intermediate_size:ffn_dim",
    defaults: """
      vocab_size=32000 ffn_dim=22528 num_attention_heads=32 num_key_value_heads=null head_dim=null
      """
  ) { keys in
    keys.passOver("tie_word_embeddings", "depth_decoder_config")
    try keys.noteUnusedWindow()
    let attention = try keys.attention(
      names: ProjectionNames(
        query: "q_proj.linear", key: "k_proj.linear", value: "v_proj.linear",
        output: "o_proj.linear"))
    let width = try keys.size(.intermediate)
    try keys.require(width, "intermediate_size", multipleOf: 2, "2")
    let feedForward = try keys.fusedGated(width / 2, "fc1", "fc2")
    var model = try keys.decoder(
      keys.uniform(keys.layer(attention, .feedForward(feedForward))), untieable: true)
    model.widenTable(by: 1)
    return model
  }
}

extension Module {
  /// The same attention with an output projection from and to one width.
  fileprivate func withSquareOutput(_ width: Formula) -> Module {
    guard case .selfAttention(var attention) = self else { return self }
    attention.output.input = width
    return .selfAttention(attention)
  }
}
