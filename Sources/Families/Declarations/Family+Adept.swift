import Architecture
import JSON
import Symbolic

/// Adept's models: Persimmon, and the decoder of Fuyu.
extension Family {
  static let ofAdept: [Family] = [persimmon, fuyu]

  static let persimmon = Family(
    "persimmon",
    defaults: """
      vocab_size=262144 num_attention_heads=64 intermediate_size=16384 qk_layernorm=true
      hidden_act="relu2" tie_word_embeddings=false
      partial_rotary_factor=0.5
      """
  ) { keys in
    let heads = try keys.equalHeads()
    let norms: [(String, Formula, Normalization.Subject)] =
      try keys.flag("qk_layernorm")
      ? [("q_layernorm", heads.query, .queries), ("k_layernorm", heads.keyValue, .keys)] : []
    let attention = try keys.fusedAttention(
      heads, "query_key_value", "dense", inputBias: true, outputBias: true,
      norms: norms.map {
        Normalization($0, [heads.size], .layer, bias: true, vectors: $1, of: $2)
      }, order: .headByHead)
    let feedForward = try keys.plain(nil, "dense_h_to_4h", "dense_4h_to_h")
    return try keys.decoder(
      keys.uniform(keys.layer(attention, .feedForward(feedForward), norm: .layer)),
      FrameNames(norm: "model.final_layernorm"), norm: .layer)
  }

  /// Persimmon with other defaults; images enter as embeddings.
  static let fuyu = Family(
    "fuyu", like: persimmon,
    defaults: """
      vocab_size=262144 num_attention_heads=64 intermediate_size=16384 qk_layernorm=true
      hidden_act="relu2" tie_word_embeddings=false
      """)
}
