import Architecture
import Symbolic

/// AI2's OLMo, whose norms moved behind the modules, and its mixtures.
extension Family {
  static let olmoLike: [Family] = [olmo, olmo2, olmo3, olmoe, flexOlmo]

  static let olmo = Family("olmo", defaults: olmoDefaults + " clip_qkv=null") { keys in
    try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(bias: keys.biases(.all)), .feedForward(keys.gated()), norm: .bare)),
      norm: .bare)
  }

  private static let olmoDefaults = """
    vocab_size=50304 intermediate_size=11008 num_attention_heads=32 num_key_value_heads=null
    attention_bias=false tie_word_embeddings=false
    """

  static let olmo2 = Family("olmo2", defaults: olmoDefaults) { keys in
    try keys.decoder(
      keys.uniform(
        keys.postNormLayer(
          keys.attention(bias: keys.biases(.all), norm: .allHeads),
          .feedForward(keys.gated()))))
  }

  static let olmo3 = Family(
    "olmo3", defaults: olmoDefaults + " sliding_window=4096 layer_types=null"
  ) { keys in
    try keys.decoder(
      keys.windowedLayers(ofTypes: { ($0 + 1) % 4 == 0 }) { type in
        let heads = try keys.heads()
        return try keys.postNormLayer(
          keys.attention(
            heads, bias: keys.biases(.all), norm: .allHeads, reach: keys.window(ofType: type),
            position: keys.rotary(
              heads.size, table: type == "sliding_attention" ? "sliding" : "", of: type)),
          .feedForward(keys.gated()))
      })
  }

  static let olmoe = Family(
    "olmoe", spelling: "num_local_experts=num_experts",
    defaults: """
      vocab_size=50304 intermediate_size=2048 num_attention_heads=16 num_key_value_heads=null
      num_experts=64 num_experts_per_tok=8 attention_bias=false tie_word_embeddings=false
      clip_qkv=null norm_topk_prob=false
      """
  ) { keys in
    let heads = try keys.heads()
    let keyWidth = try heads.keyValue * .floor(keys.size(.hidden) / heads.query)
    let attention = try keys.attention(
      heads, bias: keys.biases(.all),
      norms: [
        keys.norm("q_norm", of: .queries),
        keys.norm("k_norm", .rootMeanSquare, keyWidth, of: .keys),
      ])
    return try keys.decoder(
      keys.uniform(
        keys.layer(
          attention, keys.experts(keys.expertCounts("num_local_experts"), keys.gated()))))
  }

  static let flexOlmo = Family(
    "flex_olmo", spelling: "num_local_experts=num_experts",
    defaults: """
      vocab_size=100352 intermediate_size=11008 num_attention_heads=32 num_key_value_heads=null
      num_experts=7 num_experts_per_tok=5 attention_bias=false tie_word_embeddings=false
      norm_topk_prob=false
      """
  ) { keys in
    try keys.decoder(
      keys.uniform(
        keys.postNormLayer(
          keys.attention(bias: keys.biases(.all), norm: .allHeads),
          keys.experts(keys.expertCounts("num_local_experts"), keys.gated()))))
  }
}
