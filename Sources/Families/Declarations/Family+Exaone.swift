import Architecture
import JSON
import Symbolic

/// LG's EXAONE, dense and with experts.
extension Family {
  static let ofExaone: [Family] = [exaone4, exaoneMoE]

  static let exaone4 = Family(
    "exaone4",
    defaults: """
      vocab_size=102400 intermediate_size=16384 num_attention_heads=32 num_key_value_heads=32
      tie_word_embeddings=false
      sliding_window=4096 sliding_window_pattern=4 layer_types=null
      """
  ) { keys in
    let layer = try keys.postNormLayer(
      keys.attention(norm: .eachHead), .feedForward(keys.gated()))
    return try keys.decoder(keys.exaoneSliding(keys.uniform(layer)))
  }

  static let exaoneMoE = Family(
    "exaone_moe",
    defaults: """
      vocab_size=102400 intermediate_size=16384 num_attention_heads=32 num_key_value_heads=32
      mlp_layer_types=null first_k_dense_replace=1 moe_intermediate_size=1024 num_experts=64
      num_experts_per_tok=8 num_shared_experts=1 tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=2.5 n_group=1 topk_group=1
      sliding_window=4096 sliding_window_pattern=4 layer_types=null
      """
  ) { keys in
    let attention = try keys.attention(norm: .eachHead)
    func sparse() throws -> Layer {
      let counts = try keys.expertCounts()
      let width = try keys.size(.expertSize)
      return try keys.layer(
        attention,
        keys.experts(
          counts, keys.gated(width),
          correction: keys.scoreCorrection(counts.all, "e_score_correction_bias"),
          shared: keys.sharedExperts("num_shared_experts", width: width)))
    }
    return try keys.decoder(
      keys.exaoneSliding(
        keys.denseOrSparse(
          leading: keys.size(.leadingDense, least: 0),
          dense: keys.layer(attention, .feedForward(keys.gated())), sparse: sparse())))
  }
}

extension Keys {
  /// Layers of which one in each period sees all positions; these do not rotate.
  ///
  /// A pattern may be a number or a text of L (local) and G (global).
  func exaoneSliding(_ groups: [LayerGroup]) throws -> [LayerGroup] {
    let pattern = try reading("sliding_window_pattern")?.value
    let letters = pattern?.string.map(Array.init) ?? []
    let period = pattern?.integer.flatMap { Int(exactly: $0) } ?? 0
    guard !letters.isEmpty || period > 0, try window() != .all else { return groups }
    return try sliding(groups, whole: PositionScheme.none) { index in
      letters.isEmpty
        ? !(index + 1).isMultiple(of: period) : letters[index % letters.count] == "L"
    }
  }
}
