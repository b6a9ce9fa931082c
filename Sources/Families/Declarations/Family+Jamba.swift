import Architecture
import JSON
import Symbolic

/// AI21's Jamba: attention among state spaces, and experts.
extension Family {
  static let ofJamba: [Family] = [jamba]

  static let jamba = Family(
    "jamba",
    spelling: "num_local_experts=num_experts",
    traits: [.doesNotRotate],
    defaults: """
      vocab_size=65536 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=8
      num_experts_per_tok=2 num_experts=16 expert_layer_period=2 expert_layer_offset=1
      attn_layer_period=8 attn_layer_offset=4 mamba_d_state=16 mamba_d_conv=4 mamba_expand=2
      mamba_dt_rank="auto" mamba_conv_bias=true mamba_proj_bias=false tie_word_embeddings=false
      """
  ) { keys in
    let attends = try keys.phase("attn_layer_period", "attn_layer_offset")
    let routes = try keys.phase("expert_layer_period", "expert_layer_offset")
    let mixes = try keys.number(keys.size(.experts, "num_local_experts")) != 1
    let groups = try keys.layers(kind: { [attends($0), mixes && routes($0)] }) { kind in
      let mixer =
        kind[0]
        ? try keys.attention()
        : try keys.mamba(
          keys.expanded("mamba_expand", inner: "mamba_intermediate_size"),
          keys: ("mamba_d_state", "mamba_d_conv", "mamba_dt_rank"),
          bias: keys.flag("mamba_proj_bias"), convolutionBias: keys.flag("mamba_conv_bias"),
          norms: .weighted)
      let feedForward =
        kind[1]
        ? try keys.experts(keys.expertCounts("num_local_experts"), keys.gated(), gate: "router")
        : .feedForward(try keys.gated())
      return try keys.hybridLayer(mixer, feedForward, path: kind[0] ? "self_attn" : "mamba")
    }
    return try keys.decoder(groups, finalNorm)
  }
}

extension Keys {
  /// Whether a layer's index has the offset of a period.
  fileprivate func phase(_ period: String, _ offset: String) throws -> (Int) -> Bool {
    let length = try self.period(period)
    let first = try integer(offset) ?? 0
    try require(Formula(Int128(first + 1)), offset, atMost: Formula(Int128(length)), period)
    return { $0 % length == first }
  }

  /// A mixer or attention, then a feed-forward layer, each behind a norm.
  func hybridLayer(
    _ mixer: Module, _ feedForward: Module, path: String
  ) throws -> Layer {
    try layer(
      mixer, feedForward, norms: ("input_layernorm", "pre_ff_layernorm"),
      paths: (path, "feed_forward"))
  }
}
