import Architecture
import JSON
import Symbolic

/// xAI's Grok-1.
extension Family {
  static let ofGrok: [Family] = [grok1]

  /// Grok-1, with the keys of Llama: there is no `model_type` of `transformers`.
  ///
  /// - Source: xai-org/grok-1, `run.py` and `model.py`; four norms a layer, a tied head.
  static let grok1 = Family(
    "grok-1",
    defaults: """
      vocab_size=131072 intermediate_size=32768 num_attention_heads=48 num_key_value_heads=8
      head_dim=128 num_experts=8 num_experts_per_tok=2 tie_word_embeddings=true
      """
  ) { keys in
    let expert = try keys.gated(names: GatedNames(gate: "linear", up: "linear_v", down: "linear_1"))
    return try keys.decoder(
      keys.uniform(
        keys.sandwichLayer(
          keys.attention(), keys.experts(keys.expertCounts(), expert),
          norms: ["pre_attn_norm", "post_attn_norm", "pre_moe_norm", "post_moe_norm"],
          paths: ("attn", "moe_block"))))
  }
}
