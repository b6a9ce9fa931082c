import Architecture
import JSON
import Symbolic

/// Flint: heads and experts in blocks.
extension Family {
  static let ofFlint: [Family] = [flint]

  static let flint = Family(
    "flint",
    defaults: """
      vocab_size=150144 intermediate_size=6144 num_attention_heads=32 num_key_value_heads=4
      head_dim=128 attention_bias=false decoder_sparse_step=1 moe_intermediate_size=512
      shared_expert_intermediate_size=1024 num_experts_per_tok=6 num_experts=256
      mlp_only_layers=null tie_word_embeddings=false
      norm_topk_prob=true
      sliding_window=513 layer_types=null
      """
  ) { keys in
    let heads = try keys.heads()
    let attention = try keys.attention(
      heads, bias: keys.biases(.all), norm: .eachHead,
      sinks: Weight("softmax_offset", [heads.query], .attention))
    let step = try keys.integer("decoder_sparse_step", least: 1) ?? 1
    let dense = try keys.list("mlp_only_layers")?.compactMap(\.integer) ?? [0, 1]
    let groups = try keys.layers(kind: { index in
      !dense.contains(Int128(index)) && (index + 1).isMultiple(of: step)
    }) { isSparse in
      guard isSparse else { return try keys.layer(attention, .feedForward(keys.gated())) }
      return try keys.layer(
        attention,
        keys.experts(
          keys.expertCounts(), keys.gated(keys.size(.expertSize)),
          shared: keys.gated(keys.size(.sharedSize)), sharedPath: "shared_expert",
          scoring: .sigmoid))
    }
    let last = try keys.listedLayerCount() - 1
    return try keys.decoder(
      keys.sliding(groups, whole: PositionScheme.none) {
        $0 >= 2 && $0 % 4 != 1 && $0 != last
      })
  }
}
