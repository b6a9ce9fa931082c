import Architecture
import JSON
import Symbolic

/// Shanghai AI Lab's InternLM 3.
extension Family {
  static let ofInternLM: [Family] = [internlm3]

  static let internlm3 = Family(
    "internlm3", like: llama, spelling: "qkv_bias=attention_bias bias=mlp_bias",
    defaults: """
      vocab_size=128512 intermediate_size=10240 num_attention_heads=32 num_key_value_heads=2
      head_dim=128 attention_bias=false mlp_bias=false tie_word_embeddings=false
      """)
}
