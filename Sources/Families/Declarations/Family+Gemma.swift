import Architecture

/// Gemma, and Cohere's Command models, whose layers are parallel.
extension Family {
  static let gemmaLike: [Family] = [gemma, gemma2, gemma3, vaultGemma, cohere, cohere2]

  static let gemma = Family(
    "gemma",
    defaults: """
      vocab_size=256000 intermediate_size=24576 num_attention_heads=16 num_key_value_heads=16
      head_dim=256 attention_bias=false hidden_act="gelu_pytorch_tanh" tie_word_embeddings=true
      """
  ) { keys in
    try keys.noteMaskOfFusedAttention()
    // Files of the first release say "gelu" and mean its approximation.
    let feedForward = try keys.gated().reading("gelu", as: "gelu_pytorch_tanh")
    return try keys.decoder(
      keys.uniform(
        keys.layer(keys.attention(bias: keys.biases(.all)), .feedForward(feedForward))),
      scaled: true)
  }

  static let gemma2 = Family(
    "gemma2", spelling: "hidden_act:hidden_activation",
    defaults: """
      vocab_size=256000 intermediate_size=9216 num_attention_heads=8 num_key_value_heads=4
      head_dim=256 attention_bias=false sliding_window=4096 layer_types=null
      hidden_activation="gelu_pytorch_tanh" tie_word_embeddings=true
      attn_logit_softcapping=50.0 final_logit_softcapping=30.0
      """
  ) { keys in
    try keys.requireEqualHeads()
    try keys.noteMaskOfFusedAttention()
    return try keys.decoder(
      keys.windowedLayers(keys.window(), full: { $0 % 2 == 1 }) { window in
        try keys.sandwichLayer(
          keys.attention(bias: keys.biases(.all), reach: window), .feedForward(keys.gated()))
      }, scaled: true)
  }

  static let gemma3 = Family(
    "gemma3_text", spelling: "hidden_act:hidden_activation",
    defaults: """
      vocab_size=262208 intermediate_size=9216 num_attention_heads=8 num_key_value_heads=4
      head_dim=256 attention_bias=false sliding_window=4096 sliding_window_pattern=6
      layer_types=null hidden_activation="gelu_pytorch_tanh" tie_word_embeddings=true
      use_bidirectional_attention=false final_logit_softcapping=null
      """
  ) { keys in
    try keys.requireEqualHeads()
    let period = try keys.integer("sliding_window_pattern", least: 1) ?? 6
    let seesAhead = try keys.seesAhead()
    return try keys.decoder(
      keys.windowedLayers(keys.window(seesAhead: seesAhead), full: { ($0 + 1) % period == 0 }) {
        window in
        let isFull = window == .all
        return try keys.sandwichLayer(
          keys.attention(
            bias: keys.biases(.all), norm: .eachHead, reach: window, seesAhead: seesAhead,
            position: keys.rotary(
              keys.size(.headSize), table: isFull ? "" : "local",
              of: isFull ? "full_attention" : "sliding_attention")),
          .feedForward(keys.gated()))
      }, scaled: true)
  }

  static let vaultGemma = Family(
    "vaultgemma", spelling: gemma2.spelling, defaults: gemma2.defaults
  ) { keys in
    try keys.requireEqualHeads()
    return try keys.decoder(
      keys.windowedLayers(keys.window(), full: { $0 % 2 == 1 }) { window in
        try keys.layer(
          keys.attention(bias: keys.biases(.all), reach: window), .feedForward(keys.gated()),
          norms: ("input_layernorm", "pre_feedforward_layernorm"))
      }, scaled: true)
  }

  // MARK: - Cohere

  static let cohere = Family(
    "cohere",
    defaults: """
      vocab_size=256000 intermediate_size=22528 num_attention_heads=64 num_key_value_heads=null
      attention_bias=false use_qk_norm=false tie_word_embeddings=true
      logit_scale=0.0625
      """
  ) { keys in
    let heads = try keys.heads()
    let hasNorms = try keys.flag("use_qk_norm")
    let norms = [
      Normalization(
        "q_norm", [heads.query, heads.size], .layer, vectors: heads.query, of: .queries),
      Normalization(
        "k_norm", [heads.keyValue, heads.size], .layer, vectors: heads.keyValue, of: .keys),
    ]
    let attention = try keys.attention(
      heads, bias: keys.biases(.all), norms: hasNorms ? norms : [])
    return try keys.decoder(
      keys.uniform(
        keys.parallelLayer(
          attention, .feedForward(keys.gated()),
          norms: [keys.norm("input_layernorm", .layerWithoutBias)])),
      norm: .layerWithoutBias)
  }

  static let cohere2 = Family(
    "cohere2",
    defaults: """
      vocab_size=256000 intermediate_size=22528 num_attention_heads=64 num_key_value_heads=null
      attention_bias=false sliding_window=4096 sliding_window_pattern=4 layer_types=null
      tie_word_embeddings=true
      logit_scale=0.0625
      """
  ) { keys in
    let heads = try keys.heads()
    let period = try keys.integer("sliding_window_pattern", least: 1) ?? 4
    return try keys.decoder(
      keys.windowedLayers(keys.window(), full: { ($0 + 1) % period == 0 }) { window in
        try keys.parallelLayer(
          keys.attention(
            heads, bias: keys.biases(.all), reach: window,
            position: window == .all ? PositionScheme.none : keys.rotary(heads.size)),
          .feedForward(keys.gated()), norms: [keys.norm("input_layernorm", .layerWithoutBias)])
      }, norm: .layerWithoutBias)
  }
}

extension Keys {
  /// Gemma's width must be a multiple of its heads even though they have a size of their own.
  fileprivate func requireEqualHeads() throws {
    try require(
      size(.hidden), "hidden_size", multipleOf: size(.heads), "num_attention_heads")
  }
}
