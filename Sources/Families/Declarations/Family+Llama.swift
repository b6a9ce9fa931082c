import Architecture

/// Llama and the families built like it: attention and a gated feed-forward layer in sequence.
extension Family {
  static let llamaLike: [Family] = [llama, mistral, qwen2, qwen3]

  static let llama = Family(
    "llama",
    defaults: """
      vocab_size=32000 intermediate_size=11008 num_attention_heads=32 num_key_value_heads=null
      head_dim=null attention_bias=false mlp_bias=false tie_word_embeddings=false
      """
  ) { keys in
    let bias = try keys.biases(.all)
    return try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(bias: bias),
          .feedForward(keys.gated(bias: keys.flag("mlp_bias"))))))
  }

  static let mistral = Family(
    "mistral",
    defaults: """
      vocab_size=32000 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=8
      head_dim=null tie_word_embeddings=false
      sliding_window=4096
      """
  ) { keys in
    try keys.decoder(
      keys.uniform(keys.layer(keys.attention(reach: keys.window()), .feedForward(keys.gated()))))
  }

  static let qwen2 = Family(
    "qwen2",
    defaults: """
      vocab_size=151936 intermediate_size=22016 num_attention_heads=32 num_key_value_heads=32
      tie_word_embeddings=false
      use_sliding_window=false sliding_window=4096 max_window_layers=28 layer_types=null
      """
  ) { keys in
    try keys.decoder(
      keys.slidingLast(
        keys.uniform(keys.layer(keys.attention(bias: .inputs), .feedForward(keys.gated())))))
  }

  static let qwen3 = Family(
    "qwen3",
    defaults: """
      vocab_size=151936 intermediate_size=22016 num_attention_heads=32 num_key_value_heads=32
      head_dim=128 attention_bias=false tie_word_embeddings=false
      use_sliding_window=false sliding_window=4096 max_window_layers=28 layer_types=null
      """
  ) { keys in
    let bias = try keys.biases(.all)
    return try keys.decoder(
      keys.slidingLast(
        keys.uniform(
          keys.layer(
            keys.attention(bias: bias, norm: .eachHead), .feedForward(keys.gated())))))
  }
}

extension Keys {
  /// Layers of which those behind the first few slide, where the configuration switches that on.
  func slidingLast(_ groups: [LayerGroup]) throws -> [LayerGroup] {
    guard try isSet("use_sliding_window") else { return groups }
    let first = try integer("max_window_layers") ?? 0
    return try sliding(groups) { $0 >= first }
  }
}
