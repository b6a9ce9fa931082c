import Architecture
import JSON
import Symbolic

/// SK Telecom's A.X K1 and K2: latent attention.
extension Family {
  static let ofAXK: [Family] = [axk1, axk2]

  static let axk1 = Family(
    "axk1", spelling: deepSeekV3.spelling,
    defaults: """
      vocab_size=163840 intermediate_size=18432 moe_intermediate_size=2048 num_attention_heads=64
      n_shared_experts=1 n_routed_experts=192 kv_lora_rank=512 q_lora_rank=1536
      qk_rope_head_dim=64 v_head_dim=128 qk_nope_head_dim=128 num_experts_per_tok=8
      attention_bias=false mlp_layer_types=null first_k_dense_replace=1 moe_layer_freq=1
      tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=2.5 n_group=8 topk_group=4
      """
  ) { keys in
    let attention = Module.latentAttention(
      try keys.latentAttention(bias: keys.flag("attention_bias")))
    func sparse() throws -> Layer {
      var layer = try keys.layer(attention, keys.fineGrainedExperts(isCorrected: true))
      layer.blocks[1].outputNorms = [try keys.norm("post_mlp_layernorm")]
      return layer
    }
    return try keys.decoder(
      keys.deepseekLayers(
        dense: keys.layer(attention, .feedForward(keys.gated())), sparse: sparse()))
  }

  /// The queries come with an output gate, and most norms are gated by a small network.
  static let axk2 = Family(
    "axk2", spelling: deepSeekV3.spelling,
    fixed: "rotates_neighbours=true indexes_halves=true keeps_other_groups_at_zero=true",
    defaults: """
      vocab_size=163840 intermediate_size=5120 moe_intermediate_size=512 num_attention_heads=32
      n_shared_experts=1 n_routed_experts=128 kv_lora_rank=128 q_lora_rank=384
      qk_rope_head_dim=32 v_head_dim=64 qk_nope_head_dim=64 num_experts_per_tok=8
      attention_bias=false index_head_dim=128 index_n_heads=16 gated_norm_rank=16
      mlp_layer_types=null first_k_dense_replace=1 moe_layer_freq=1 tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=2.5 index_topk=2048 n_group=null topk_group=null
      """
  ) { keys in
    let rank = try keys.size(.queryRank)
    var latent = try keys.latentAttention(bias: keys.flag("attention_bias"), chooses: .own)
    let widths = latent.plainSize + latent.rotarySize + latent.valueSize
    latent.queryUp = Linear("q_b_proj", 2 * rank, latent.heads * widths)
    latent.queryUpGates = true
    latent.gate = .elements
    let attention = Module.latentAttention(latent)
    let input = "input_layernorm"
    let output = "post_attention_layernorm"
    func layer(_ feedForward: Module, gatedOutput: Bool) throws -> Layer {
      var layer = try keys.layer(
        attention, feedForward, norms: ("\(input).norm", gatedOutput ? "\(output).norm" : output))
      layer.blocks[0].inputNorms[0].gate = try keys.normGate(input)
      if gatedOutput { layer.blocks[1].inputNorms[0].gate = try keys.normGate(output) }
      return layer
    }
    return try keys.decoder(
      keys.deepseekLayers(
        dense: layer(.feedForward(keys.gated()), gatedOutput: false),
        sparse: layer(keys.fineGrainedExperts(isCorrected: true), gatedOutput: true)))
  }
}

extension Size {
  fileprivate static let gatedNormRank = Size(
    "r_n", "gated_norm_rank", "rank of the gate inside a norm")
}

extension Keys {
  fileprivate func normGate(_ name: String) throws -> NormGate {
    let d = try size(.hidden)
    let rank = try size(.gatedNormRank)
    return NormGate(
      name, down: Linear("\(name).W_down", d, rank), up: Linear("\(name).W_up", rank, d))
  }
}
