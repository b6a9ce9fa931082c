import Architecture
import JSON
import Symbolic

/// Naver's HyperCLOVA X.
extension Family {
  static let ofHyperCLOVAX: [Family] = [hyperclovax]

  /// A multiplier of null means one over the root of a head's width.
  static let hyperclovax = Family(
    "hyperclovax",
    fixed: "attention_multiplier=null",
    defaults: """
      vocab_size=32000 intermediate_size=11008 num_attention_heads=32 num_key_value_heads=null
      head_dim=null attention_bias=false mlp_bias=false use_post_norm=true
      tie_word_embeddings=false
      logits_scaling=1.0 embedding_multiplier=1.0 residual_multiplier=1.0
      """
  ) { keys in
    let attention = try keys.attention(bias: keys.biases(.all))
    let feedForward = Module.feedForward(try keys.gated(bias: keys.flag("mlp_bias")))
    let norms = ["input_layernorm", "post_norm1", "post_attention_layernorm", "post_norm2"]
    var model = try keys.decoder(
      keys.uniform(
        keys.flag("use_post_norm")
          ? keys.sandwichLayer(attention, feedForward, norms: norms)
          : keys.layer(attention, feedForward)))
    // Granite divides by this, and HyperCLOVA X multiplies.
    model.logits.scale = try keys.setting("logits_scaling")
    return model
  }
}
