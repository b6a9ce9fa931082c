import Architecture
import JSON
import Symbolic

/// JetBrains' Mellum.
extension Family {
  static let ofMellum: [Family] = [mellum]

  static let mellum = Family(
    "mellum", spelling: "num_local_experts=num_experts",
    fixed: "has_own_base=true", predictors: .mellum,
    defaults: """
      vocab_size=98304 intermediate_size=7168 num_attention_heads=32 num_key_value_heads=4
      head_dim=128 attention_bias=false moe_intermediate_size=896 num_experts_per_tok=8
      num_experts=64 mlp_layer_types=null tie_word_embeddings=false
      norm_topk_prob=true
      sliding_window=1024 layer_types=null
      """
  ) { keys in
    let heads = try keys.heads()
    let attention = try keys.attention(
      heads, bias: keys.biases(.all), norm: .eachHead,
      position: keys.rotary(heads.size, of: "full_attention", isPartial: true))
    let dense = try keys.layer(attention, .feedForward(keys.gated()))
    let sparse = try keys.layer(
      attention,
      keys.experts(keys.expertCounts("num_local_experts"), keys.gated(keys.size(.expertSize))))
    let groups = try keys.denseOrSparse(leading: 0, dense: dense, sparse: sparse)
    let near = try keys.rotary(
      heads.size, table: "sliding", of: "sliding_attention", isPartial: true)
    var model =
      try keys.list("layer_types") == nil
      ? keys.decoder(groups) : keys.decoder(keys.sliding(groups, near: near) { _ in false })
    try model.prediction?.layer = keys.mellumPredictor(dense: dense, sparse: sparse, near: near)
    return model
  }
}

extension Keys {
  /// The layer that predicts a further token, which slides and has experts unless lists say otherwise.
  fileprivate func mellumPredictor(
    dense: Layer, sparse: Layer, near: PositionScheme
  ) throws -> Layer {
    func first(_ key: String) -> String? { configuration[key]?.array?.first?.string }
    passOver("mtp_layer_types", "mtp_mlp_layer_types")
    let layer = first("mtp_mlp_layer_types") == "dense" ? dense : sparse
    guard first("mtp_layer_types") != "full_attention" else { return layer }
    let reach = try window()
    return layer.attending {
      $0.reach = reach
      $0.position = near
    }
  }
}
