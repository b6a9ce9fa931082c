import Architecture
import JSON
import Symbolic

/// Mistral's models: Mistral, Mixtral, Ministral.
extension Family {
  static let ofMistral: [Family] = [mistral, mixtral, ministral, ministral3, mistral4]

  static let mistral = Family(
    "mistral",
    defaults: """
      vocab_size=32000 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=8
      head_dim=null tie_word_embeddings=false
      sliding_window=4096
      """
  ) { keys in
    try keys.decoder(
      keys.uniform(keys.layer(keys.attention(reach: keys.window()), .feedForward(keys.gated()))))
  }

  static let mixtral = Family(
    "mixtral", spelling: "num_experts=num_local_experts",
    defaults: """
      vocab_size=32000 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=8
      head_dim=null num_local_experts=8 num_experts_per_tok=2 tie_word_embeddings=false
      sliding_window=null
      """
  ) { keys in
    let experts = try keys.experts(
      keys.expertCounts(), keys.gated(names: .numbered), normalizes: true)
    return try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(reach: keys.window()), experts, paths: ("self_attn", "block_sparse_moe"))))
  }

  static let ministral = Family(
    "ministral",
    defaults: """
      vocab_size=32000 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=8
      head_dim=null sliding_window=4096 layer_types=null tie_word_embeddings=false
      """
  ) { keys in
    let layer = try keys.layer(keys.attention(), .feedForward(keys.gated()))
    return try keys.decoder(keys.sliding(keys.uniform(layer)) { _ in true })
  }

  static let ministral3 = Family(
    "ministral3",
    fixed: "has_own_base=true",
    defaults: """
      vocab_size=131072 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=8
      head_dim=128 sliding_window=null tie_word_embeddings=false
      """
  ) { keys in
    let scale = try keys.positionScale()
    let attention = try keys.attention(reach: keys.window()).attending { $0.positionScale = scale }
    return try keys.decoder(keys.uniform(keys.layer(attention, .feedForward(keys.gated()))))
  }

  /// Mistral 4: DeepSeek-V3 with a plain router, and experts that its checkpoints stack.
  static let mistral4 = Family(
    "mistral4", spelling: deepSeekV3.spelling,
    fixed: "has_own_base=true",
    defaults: """
      vocab_size=131072 intermediate_size=12288 moe_intermediate_size=2048 num_attention_heads=32
      n_shared_experts=1 n_routed_experts=128 num_experts_per_tok=4 first_k_dense_replace=0
      kv_lora_rank=256 q_lora_rank=1024 qk_rope_head_dim=64 v_head_dim=128 qk_nope_head_dim=64
      attention_bias=false tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=1.0 n_group=1 topk_group=1
      """
  ) { keys in
    var latent = try keys.latentAttention(bias: keys.flag("attention_bias"))
    latent.positionScale = try keys.positionScale()
    let attention = Module.latentAttention(latent)
    func sparse() throws -> Layer {
      let counts = try keys.expertCounts("num_local_experts")
      let width = try keys.size(.expertSize)
      var router = try keys.routed(Router([Linear("gate", keys.size(.hidden), counts.all)]))
      // A group is as good as its two best experts.
      router.groupBest = 2
      return try keys.layer(
        attention,
        keys.stackedExperts(
          counts, keys.gated(width), router: router,
          outputFirst: true, shared: keys.sharedExperts(width: width)))
    }
    return try keys.decoder(
      keys.leading(
        "first_k_dense_replace", keys.layer(attention, .feedForward(keys.gated())), then: sparse()))
  }
}
