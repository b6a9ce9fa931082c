import Architecture
import JSON
import Symbolic

/// IQuest Coder.
extension Family {
  static let ofIQuest: [Family] = [iquestcoder]

  static let iquestcoder = Family(
    "iquestcoder", like: llama,
    defaults: """
      vocab_size=76800 intermediate_size=27648 num_attention_heads=40 num_key_value_heads=8
      head_dim=128 attention_bias=false mlp_bias=false tie_word_embeddings=false
      """)
}
