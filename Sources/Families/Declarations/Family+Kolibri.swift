import Architecture
import JSON
import Symbolic

/// Kolibri 1.
extension Family {
  static let ofKolibri: [Family] = [kolibri1]

  static let kolibri1 = Family(
    "kolibri1", spelling: "num_local_experts=num_experts",
    defaults: """
      vocab_size=128000 num_attention_heads=48 num_key_value_heads=4 head_dim=128
      moe_intermediate_size=512 num_experts_per_tok=6 num_experts=384
      shared_expert_intermediate_size=512 tie_word_embeddings=false
      norm_topk_prob=false
      sliding_window=513 layer_types=null
      """
  ) { keys in
    let counts = try keys.expertCounts("num_local_experts")
    // The checkpoint stores the score correction under a module of its own.
    let correction = keys.scoreCorrection(counts.all, "moe.router.expert_bias")
    let experts = try keys.experts(
      counts, keys.gated(keys.size(.expertSize)), gate: "mlp.gate", correction: correction,
      shared: keys.gated(keys.size(.sharedSize)), sharedPath: "mlp.shared_experts",
      path: "mlp.experts.#", scoring: .sigmoidOfChosen)
    let layer = try keys.sandwichLayer(
      keys.attention(norm: .eachHead), experts,
      norms: ["input_layernorm", "post_attn_norm", "post_attention_layernorm", "post_ffn_norm"],
      paths: ("self_attn", ""))
    return try keys.decoder(
      keys.sliding(keys.uniform(layer), whole: PositionScheme.none) {
        !($0 + 1).isMultiple(of: 5)
      })
  }
}
