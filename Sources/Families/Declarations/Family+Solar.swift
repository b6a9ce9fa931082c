import Architecture
import JSON
import Symbolic

/// Upstage's Solar Open.
extension Family {
  static let ofSolar: [Family] = [solarOpen]

  static let solarOpen = Family(
    "solar_open", spelling: "num_local_experts=n_routed_experts",
    defaults: """
      vocab_size=196608 num_attention_heads=64 num_key_value_heads=8 head_dim=128
      attention_bias=false moe_intermediate_size=1280 num_experts_per_tok=8 n_shared_experts=1
      n_routed_experts=128 tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=1.0 n_group=1 topk_group=1
      """
  ) { keys in
    let counts = try keys.expertCounts("num_local_experts")
    let width = try keys.size(.expertSize)
    return try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(bias: keys.biases(.inputs)),
          keys.experts(
            counts, keys.gated(width), correction: keys.scoreCorrection(counts.all),
            shared: keys.sharedExperts(width: width)))))
  }
}
