import Architecture
import JSON
import Symbolic

/// ByteDance's Seed-OSS.
extension Family {
  static let ofSeedOSS: [Family] = [seedOSS]

  static let seedOSS = Family(
    "seed_oss",
    defaults: """
      vocab_size=155136 intermediate_size=27648 num_attention_heads=80 num_key_value_heads=8
      head_dim=128 attention_bias=true attention_out_bias=false mlp_bias=false
      tie_word_embeddings=false
      """
  ) { keys in
    let bias = try keys.biases(.inputs).union(keys.biases(.output, if: "attention_out_bias"))
    return try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(bias: bias), .feedForward(keys.gated(bias: keys.flag("mlp_bias"))))))
  }
}
