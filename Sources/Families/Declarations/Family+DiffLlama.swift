import Architecture
import JSON
import Symbolic

/// DiffLlama: the difference of two softmax maps.
extension Family {
  static let ofDiffLlama: [Family] = [diffllama]

  /// Differential attention: the two halves of the heads are subtracted, with a learned weight.
  ///
  /// - Source: Ye et al. 2024, <https://arxiv.org/abs/2410.05258>.
  static let diffllama = Family(
    "diffllama",
    defaults: """
      vocab_size=32000 intermediate_size=8192 num_attention_heads=32 num_key_value_heads=null
      head_dim=null attention_bias=false tie_word_embeddings=false
      """
  ) { keys in
    let heads = try keys.heads()
    let lambdas = ["lambda_q1", "lambda_k1", "lambda_q2", "lambda_k2"]
      .map { Weight($0, [heads.size], .attention) }
    let norm = Normalization(
      "groupnorm", [2 * heads.size], weight: false, vectors: heads.query / 2, of: .output)
    // λ₀ = 0.8 − 0.6·e^(−0.3·i), from the class.
    let fall = Constant.exponential(.product("-0.3", .layerIndex))
    let difference = HeadDifference(
      raising: Array(lambdas[..<2]), lowering: Array(lambdas[2...]),
      start: .sum("0.8", .product("-0.6", fall)),
      rest: .sum("0.2", .product("0.6", fall)))
    let attention = try keys.attention(
      heads, bias: keys.biases(.all), norms: [norm], vectors: lambdas)
    return try keys.decoder(
      keys.uniform(
        keys.layer(
          attention.attending { $0.difference = difference }, .feedForward(keys.gated()))))
  }
}
