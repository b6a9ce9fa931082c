import Architecture
import JSON
import Symbolic

/// Stability's StableLM.
extension Family {
  static let ofStableLM: [Family] = [stableLM]

  static let stableLM = Family(
    "stablelm",
    defaults: """
      vocab_size=50304 intermediate_size=6912 num_attention_heads=32 num_key_value_heads=32
      use_qkv_bias=false qk_layernorm=false use_parallel_residual=false tie_word_embeddings=false
      partial_rotary_factor=0.25
      """
  ) { keys in
    let heads = try keys.heads(explicit: false)
    func norm(
      _ name: String, _ count: Formula, of subject: Normalization.Subject
    ) -> Normalization {
      Normalization(
        "\(name)_layernorm.norms.#", [heads.size], .layer, copies: count, vectors: count,
        of: subject)
    }
    let attention = try keys.attention(
      heads, bias: keys.flag("use_qkv_bias") ? .inputs : [],
      norms: keys.flag("qk_layernorm")
        ? [norm("q", heads.query, of: .queries), norm("k", heads.keyValue, of: .keys)] : [])
    let feedForward = Module.feedForward(try keys.gated())
    let layer =
      try keys.flag("use_parallel_residual")
      ? keys.parallelLayer(
        attention, feedForward, norms: [keys.norm("input_layernorm", .layer)])
      : keys.layer(attention, feedForward, norm: .layer)
    return try keys.decoder(keys.uniform(layer), norm: .layer)
  }
}
