import Architecture
import JSON
import Symbolic

/// Beam: layers that look as far as a prefix.
extension Family {
  static let ofBeam: [Family] = [beam]

  static let beam = Family(
    "beam",
    fixed: "has_own_base=true",
    defaults: """
      vocab_size=151936 intermediate_size=20480 num_attention_heads=48 num_key_value_heads=8
      head_dim=128 attention_bias=false moe_intermediate_size=2560 num_experts_per_tok=8
      num_experts=256 mlp_layer_types=null tie_word_embeddings=false
      final_logit_softcapping=30.0 norm_topk_prob=true routed_scaling_factor=2.5 n_group=8 topk_group=4
      sliding_window=512 layer_types=null
      """
  ) { keys in
    let d = try keys.size(.hidden)
    let heads = try keys.heads()
    let gateBias = Weight("gate_bias", [heads.query], .attention)
    let attention = try keys.attention(
      heads, bias: keys.biases(.all), norm: .eachHead,
      extra: [Linear("gate_proj", d, heads.query * heads.size)], vectors: [gateBias],
      position: keys.beamPosition("full_attention")
    ).attending {
      $0.gate = .elements
      $0.gateBias = gateBias
    }
    let scale = try keys.setting("routed_scaling_factor")
    func sparse() throws -> Layer {
      let counts = try keys.expertCounts()
      return try keys.sandwichLayer(
        attention,
        keys.experts(
          counts, keys.gated(keys.size(.expertSize)), correction: keys.scoreCorrection(counts.all)
        ).mixing {
          $0.router.scale = nil
          $0.scale = scale
        })
    }
    let groups = try keys.denseOrSparse(
      leading: 3, dense: keys.sandwichLayer(attention, .feedForward(keys.gated())),
      sparse: sparse())
    let last = try keys.listedLayerCount() - 1
    let near = try keys.beamPosition("sliding_attention")
    var layers = try keys.sliding(groups, near: near) {
      !($0 + 1).isMultiple(of: 6) && $0 != last
    }
    for index in layers.indices { layers[index].layer = layers[index].layer.asInBeam() }
    return try keys.decoder(layers)
  }
}

extension Layer {
  /// The layer with a stream that keeps its variance.
  ///
  /// The *i*-th addition, of which the first is the second, multiplies what is added by `1/√i` and
  /// the stream by `√((i − 1)/i)`. Layers that do not rotate scale their queries by the position.
  fileprivate func asInBeam() -> Layer {
    var layer = attending {
      if $0.position == .none {
        $0.positionScale = .power(exponent: "0.1", length: "2048")
      }
    }
    for block in layer.blocks.indices {
      let number = 2 * Formula(Symbol.layer) + 2 + Formula(Int128(block))
      layer.blocks[block].scale = .inverseRoot(number)
      layer.blocks[block].streamScale = .product(.root(number - 1), .inverseRoot(number))
    }
    return layer
  }
}

extension Keys {
  /// How a type of layers of Beam knows positions; without rules for it, it does not rotate.
  fileprivate func beamPosition(_ type: String) throws -> PositionScheme {
    let rules = try object("rope_parameters")?[type]
    let isRotated = rules.map { $0 != .null } ?? (type == "sliding_attention")
    return isRotated
      ? try rotary(size(.headSize), table: type == "full_attention" ? "" : "sliding", of: type)
      : .none
  }
}
