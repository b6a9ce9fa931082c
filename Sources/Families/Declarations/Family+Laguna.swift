import Architecture
import JSON
import Symbolic

/// Poolside's Laguna.
extension Family {
  static let ofLaguna: [Family] = [laguna]

  static let laguna = Family(
    "laguna",
    fixed: "has_own_base=true",
    defaults: """
      vocab_size=100352 intermediate_size=8192 num_attention_heads=48 num_key_value_heads=8
      sliding_window=512 moe_intermediate_size=512 shared_expert_intermediate_size=512
      num_experts_per_tok=8 num_experts=256 layer_types=null head_dim=128 attention_bias=false
      gating=true num_attention_heads_per_layer=null mlp_layer_types=null
      tie_word_embeddings=false moe_routed_scaling_factor=1.0 moe_router_logit_softcapping=0.0
      """
  ) { keys in
    let types = try keys.layerKinds(known: ["full_attention", "sliding_attention"]) { _ in
      "full_attention"
    }
    let forms = try keys.layerKinds("mlp_layer_types", known: ["dense", "sparse"]) {
      $0 == 0 ? "dense" : "sparse"
    }
    let heads = try keys.headsPerLayer(types.count)
    let groups = try keys.layers(kind: {
      LagunaLayer(type: types[$0], heads: heads?[$0], routes: forms[$0] == "sparse")
    }) { kind in
      try keys.layer(
        keys.lagunaAttention(kind),
        kind.routes ? keys.lagunaExperts() : .feedForward(keys.gated()))
    }
    return try keys.decoder(groups)
  }
}

private struct LagunaLayer: Hashable {
  var type: String
  /// The query heads, where each layer has a number of its own.
  var heads: Int128?
  var routes: Bool
}

extension Keys {
  fileprivate func headsPerLayer(_ count: Int) throws -> [Int128]? {
    let key = "num_attention_heads_per_layer"
    guard let list = try list(key) else { return nil }
    guard list.count == count else {
      throw DescriptionError.wrongLength(key: key, count: list.count, expected: count)
    }
    return try list.map { entry in
      guard let heads = entry.integer, heads > 0 else {
        throw DescriptionError.notASize(key: key, found: entry.line)
      }
      return heads
    }
  }

  /// Attention with a gate for each head, or for each of its outputs.
  fileprivate func lagunaAttention(_ kind: LagunaLayer) throws -> Module {
    let d = try size(.hidden)
    let h = try kind.heads.map { Formula($0) } ?? size(.heads)
    let heads = Heads(query: h, keyValue: try size(.keyValueHeads), size: try size(.headSize))
    try require(
      h, "num_attention_heads", multipleOf: heads.keyValue, "num_key_value_heads")
    let gating = try reading("gating")?.value
    let isPerHead = gating == .boolean(true) || gating == .string("per-head")
    let gate = Linear("g_proj", d, isPerHead ? h : h * heads.size)
    return try attention(
      heads, bias: flag("attention_bias") ? .all : [], norm: .eachHead, extra: [gate],
      reach: window(ofType: kind.type),
      position: rotary(
        heads.size, table: kind.type == "full_attention" ? "" : "sliding", of: kind.type,
        isPartial: true)
    ).attending {
      $0.gate = isPerHead ? .heads : .elements
      $0.gateFunction = .softplus
    }
  }

  fileprivate func lagunaExperts() throws -> Module {
    let counts = try expertCounts()
    let score = scoreCorrection(
      counts.all, "experts.e_score_correction_bias", isBuffer: false)
    // The class refuses it too.
    try refuse("moe_apply_router_weight_on_input")
    let cap = try setting("moe_router_logit_softcapping")
    let scale = try setting("moe_routed_scaling_factor")
    return try experts(
      counts, gated(size(.expertSize)), correction: score, shared: gated(size(.sharedSize)),
      sharedPath: "shared_expert", normalizes: true
    ).mixing {
      $0.router.cap = cap
      $0.scale = scale
    }
  }
}
