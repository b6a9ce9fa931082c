import Architecture
import JSON
import Symbolic

/// Meta's Muse models.
extension Family {
  static let ofMuse: [Family] = [museGlimmer]

  /// Four norms around each pair of modules, which add one; gates of the output of attention; queries
  /// and keys that are normalized without a weight, and queries then multiplied by a constant.
  static let museGlimmer = Family(
    "muse_glimmer_text", spelling: "hidden_act:hidden_activation",
    defaults: """
      vocab_size=202048 intermediate_size=19968 num_attention_heads=32 num_key_value_heads=2
      head_dim=128 attention_bias=false hidden_activation="silu" tie_word_embeddings=false
      sliding_window=2048 layer_types=null layer_rope_theta=null final_logit_softcapping=20.0
      """
  ) { keys in
    try keys.requireEqualHeads()
    let count = try keys.listedLayerCount()
    // Counted back from the last layer, every fourth sees all, and does not rotate.
    func isFourth(_ index: Int) -> Bool { (count - 1 - index).isMultiple(of: 4) }
    let types = try keys.layerTypes(known: ["full_attention", "sliding_attention"]) {
      isFourth($0) ? "full_attention" : "sliding_attention"
    }
    let rotates = try keys.layerBases(count)?.map { Rational(decimal: $0) != .zero }
    var model = try keys.decoder(
      keys.layers {
        MuseLayer(type: types[$0], rotates: rotates?[$0] ?? !isFourth($0))
      } _: {
        try keys.museLayer($0)
      },
      after: [
        Branch("", .normalization(keys.norm("model.embed_tokens.embed_norm", .bareRootMeanSquare)))
      ])
    model.logits.scale = try keys.constant("output_multiplier")
    return model
  }

  fileprivate struct MuseLayer: Hashable {
    let type: String
    let rotates: Bool
  }
}

extension Keys {
  fileprivate func museLayer(_ kind: Family.MuseLayer) throws -> Layer {
    let heads = try heads()
    let norms = [
      Normalization("q_norm", [heads.size], weight: false, vectors: heads.query, of: .queries),
      Normalization("k_norm", [heads.size], weight: false, vectors: heads.keyValue, of: .keys),
    ]
    let factor = try constant("qk_scale_factor")
    let attention = try attention(
      heads, bias: biases(.all), norms: norms,
      extra: [Linear("gate_proj", size(.hidden), heads.query * heads.size)],
      reach: window(ofType: kind.type), position: kind.rotates ? nil : PositionScheme.none
    ).attending {
      $0.gate = .elements
      $0.queryScale = factor
    }
    var layer = try sandwichLayer(attention, .feedForward(gated()))
    let after = try constant("post_norm_eps")
    for block in layer.blocks.indices {
      layer.blocks[block].inputNorms[0].addsOne = true
      layer.blocks[block].outputNorms[0].addsOne = true
      layer.blocks[block].outputNorms[0].epsilon = after
    }
    return layer
  }
}
