import Architecture
import JSON
import Symbolic

/// Karpathy's nanochat.
extension Family {
  static let ofNanoChat: [Family] = [nanoChat]

  /// No norm has a weight, and the tokens are normed before the first layer.
  static let nanoChat = Family(
    "nanochat",
    defaults: """
      vocab_size=50304 intermediate_size=8192 num_attention_heads=6 num_key_value_heads=null
      attention_bias=false hidden_act="relu2" tie_word_embeddings=false
      final_logit_softcapping=15.0
      """
  ) { keys in
    let heads = try keys.heads()
    let attention = try keys.attention(
      heads, bias: keys.biases(.all),
      norms: [
        Normalization("q_norm", [heads.size], weight: false, vectors: heads.query, of: .queries),
        Normalization("k_norm", [heads.size], weight: false, vectors: heads.keyValue, of: .keys),
      ]
    ).attending { attention in
      attention.normsFollowRotation = true
      guard case .rotary(var angles) = attention.position else { return }
      angles.turnsBack = true
      attention.position = .rotary(angles)
    }
    let feedForward = try keys.plain(nil, "fc1", "fc2", bias: false)
    return try keys.decoder(
      keys.uniform(keys.layer(attention, .feedForward(feedForward), norm: .bareRootMeanSquare)),
      norm: .bareRootMeanSquare,
      after: [Branch("model", .normalization(keys.norm("norm", .bareRootMeanSquare)))])
  }
}
