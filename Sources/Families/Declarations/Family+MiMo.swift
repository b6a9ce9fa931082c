import Architecture
import JSON
import Symbolic

/// Xiaomi's MiMo.
extension Family {
  static let ofMiMo: [Family] = [mimo, mimoV2Flash]

  /// MiMo: Qwen2, beside whose layers one for multi-token prediction is stored.
  ///
  /// - Source: XiaomiMiMo/MiMo-7B-Base, `modeling_mimo.py`; 7,833,409,536 numbers, of which
  ///   210,790,400 are of that layer.
  static let mimo = Family("mimo", predictors: .miMo, defaults: qwen2.defaults) { keys in
    keys.passOver("attention_bias")
    return try qwen2.describe(keys)
  }

  /// Sliding layers have twice the key-value heads, and attention sinks.
  static let mimoV2Flash = Family(
    "mimo_v2_flash", spelling: "num_local_experts=n_routed_experts",
    fixed: "has_own_base=true", predictors: .miMoV2,
    defaults: """
      vocab_size=152576 intermediate_size=16384 num_attention_heads=64 num_key_value_heads=4
      head_dim=192 v_head_dim=128 attention_bias=false moe_intermediate_size=2048
      num_experts_per_tok=8 n_routed_experts=256 layer_types=null mlp_layer_types=null
      tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=1.0 n_group=1 topk_group=1
      sliding_window=129 attention_value_scale=0.707
      """
  ) { keys in
    let types = try keys.layerTypes(known: ["full_attention", "sliding_attention"]) { index in
      index == 0 || (index + 1).isMultiple(of: 6) ? "full_attention" : "sliding_attention"
    }
    let sparse = try keys.sparseLayers()
    let groups = try keys.layers(kind: { index in
      LayerKind(attention: types[index], isSparse: sparse?[index] ?? (index > 0))
    }) { kind in
      let attention = try keys.mimoAttention(slides: kind.attention == "sliding_attention")
      guard kind.isSparse else { return try keys.layer(attention, .feedForward(keys.gated())) }
      let counts = try keys.expertCounts("num_local_experts")
      return try keys.layer(
        attention,
        keys.experts(
          counts, keys.gated(keys.size(.expertSize)), correction: keys.scoreCorrection(counts.all)))
    }
    var model = try keys.decoder(groups)
    // Whatever the model's last layer is, these slide and are dense.
    if let prediction = model.prediction, prediction.count > 0 {
      model.prediction?.layer = try keys.layer(
        keys.mimoAttention(slides: true), .feedForward(keys.gated()),
        norms: ("input_layernorm", "pre_mlp_layernorm"))
    }
    return model
  }
}

extension Size {
  fileprivate static let before = Size(
    "W_b", "sliding_window_size", "positions before its own that a sliding layer sees")
}

extension Keys {
  fileprivate func mimoAttention(slides: Bool) throws -> Module {
    let d = try size(.hidden)
    let given = try heads()
    let v = try size(.valueSize)
    let groups = slides ? 2 * given.keyValue : given.keyValue
    let bias = try flag("attention_bias")
    let sinks = slides ? Weight("attention_sink_bias", [given.query], .attention) : nil
    var attention = SelfAttention(
      heads: given.query, keyValueHeads: groups, headSize: given.size, valueSize: v,
      inputs: [
        Linear("q_proj", d, given.query * given.size, bias: bias),
        Linear("k_proj", d, groups * given.size, bias: bias),
        Linear("v_proj", d, groups * v, bias: bias),
      ],
      output: Linear("o_proj", given.query * v, d), vectors: [sinks].compactMap(\.self),
      reach: try slides ? mimoWindow() : .all,
      position: try rotary(
        given.size, table: slides ? "sliding" : "",
        of: slides ? "sliding_attention" : "full_attention", isPartial: true))
    attention.sinks = sinks
    attention.valueScale = try setting("attention_value_scale")
    return .selfAttention(attention)
  }

  /// The window of MiMo; `sliding_window_size` leaves the query's own position out, and wins.
  private func mimoWindow() throws -> Reach {
    guard let before = try optional(.before, least: 0) else { return try window() }
    return .window(derived(.window, before + 1, "sliding_window_size + 1"))
  }
}
