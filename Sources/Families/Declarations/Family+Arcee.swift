import Architecture
import JSON
import Symbolic

/// Arcee's models: AFM, and Trinity with experts.
extension Family {
  static let ofArcee: [Family] = [arcee, afmoe]

  static let arcee = Family(
    "arcee",
    defaults: """
      vocab_size=32000 intermediate_size=18432 num_attention_heads=32 num_key_value_heads=null
      head_dim=null attention_bias=false mlp_bias=false tie_word_embeddings=false
      hidden_act="relu2"
      """
  ) { keys in
    let bias = try keys.flag("mlp_bias")
    return try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(bias: keys.biases(.all)),
          .feedForward(keys.plain(nil, "up_proj", "down_proj", bias: bias)))))
  }

  static let afmoe = Family(
    "afmoe",
    defaults: """
      vocab_size=200192 intermediate_size=6144 num_attention_heads=16 num_key_value_heads=null
      head_dim=128 attention_bias=false moe_intermediate_size=1408 num_dense_layers=1
      num_experts=64 num_experts_per_tok=6 num_shared_experts=2 tie_word_embeddings=false
      sliding_window=1024 global_attn_every_n_layers=4 layer_types=null route_norm=true
      route_scale=1.0 mup_enabled=false
      """
  ) { keys in
    let norms = [
      "input_layernorm", "post_attention_layernorm", "pre_mlp_layernorm", "post_mlp_layernorm",
    ]
    let d = try keys.size(.hidden)
    let heads = try keys.heads()
    let attention = try keys.attention(
      heads, bias: keys.biases(.all), norm: .eachHead,
      extra: [Linear("gate_proj", d, heads.query * heads.size)]
    ).attending { $0.gate = .elements }
    let groups = try keys.leading(
      "num_dense_layers",
      keys.sandwichLayer(attention, .feedForward(keys.gated()), norms: norms),
      then: keys.sandwichLayer(attention, keys.afmoeExperts(), norms: norms))
    let period = try keys.period("global_attn_every_n_layers")
    return try keys.decoder(
      keys.sliding(groups, whole: PositionScheme.none) { !($0 + 1).isMultiple(of: period) },
      scaled: keys.isSet("mup_enabled"))
  }
}

extension Keys {
  fileprivate func afmoeExperts() throws -> Module {
    let counts = try expertCounts()
    let width = try size(.expertSize)
    return try experts(
      counts, gated(width), gate: "router.gate",
      correction: scoreCorrection(counts.all, "expert_bias", isBuffer: false),
      shared: sharedExperts("num_shared_experts", width: width), normalizes: true
    ).routing { $0.scale = try setting("route_scale") }
  }
}
