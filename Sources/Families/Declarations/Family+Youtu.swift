import Architecture
import JSON
import Symbolic

/// Tencent's Youtu.
extension Family {
  static let ofYoutu: [Family] = [youtu]

  static let youtu = Family(
    "youtu",
    defaults: """
      vocab_size=128256 intermediate_size=6144 num_attention_heads=16 kv_lora_rank=512
      q_lora_rank=1536 qk_rope_head_dim=64 v_head_dim=128 qk_nope_head_dim=128
      attention_bias=false tie_word_embeddings=true
      """
  ) { keys in
    let attention = try keys.latentAttention(bias: keys.flag("attention_bias"))
    return try keys.decoder(
      keys.uniform(keys.layer(.latentAttention(attention), .feedForward(keys.gated()))))
  }
}
