import Architecture
import JSON
import Symbolic

/// AI2's OLMo, dense, with experts and with delta rules.
extension Family {
  static let ofOlmo: [Family] = [olmo, olmo2, olmo3, olmoe, flexOlmo, olmoHybrid]

  static let olmo = Family(
    "olmo", fixed: "epsilon=1e-5",
    defaults: olmoDefaults + " clip_qkv=null"
  ) { keys in
    try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(bias: keys.biases(.all)), .feedForward(keys.gated()), norm: .bare)),
      norm: .bare)
  }

  static let olmo2 = Family("olmo2", defaults: olmoDefaults) { keys in
    try keys.decoder(
      keys.uniform(
        keys.postNormLayer(
          keys.attention(bias: keys.biases(.all), norm: .allHeads),
          .feedForward(keys.gated()))))
  }

  static let olmo3 = Family(
    "olmo3", defaults: olmoDefaults + " sliding_window=4096 layer_types=null"
  ) { keys in
    try keys.decoder(
      keys.windowedLayers(ofTypes: { ($0 + 1) % 4 == 0 }) { type in
        let heads = try keys.heads()
        return try keys.postNormLayer(
          keys.attention(
            heads, bias: keys.biases(.all), norm: .allHeads, reach: keys.window(ofType: type),
            position: keys.rotary(
              heads.size, table: type == "sliding_attention" ? "sliding" : "", of: type)),
          .feedForward(keys.gated()))
      })
  }

  static let olmoe = Family(
    "olmoe", spelling: "num_local_experts=num_experts",
    defaults: """
      vocab_size=50304 intermediate_size=2048 num_attention_heads=16 num_key_value_heads=null
      num_experts=64 num_experts_per_tok=8 attention_bias=false tie_word_embeddings=false
      clip_qkv=null norm_topk_prob=false
      """
  ) { keys in
    let heads = try keys.heads()
    let keyWidth = try heads.keyValue * .floor(keys.size(.hidden) / heads.query)
    let attention = try keys.attention(
      heads, bias: keys.biases(.all),
      norms: [
        keys.norm("q_norm", of: .queries),
        keys.norm("k_norm", .rootMeanSquare, keyWidth, of: .keys),
      ])
    return try keys.decoder(
      keys.uniform(
        keys.layer(
          attention, keys.experts(keys.expertCounts("num_local_experts"), keys.gated()))))
  }

  static let flexOlmo = Family(
    "flex_olmo", spelling: "num_local_experts=num_experts",
    defaults: """
      vocab_size=100352 intermediate_size=11008 num_attention_heads=32 num_key_value_heads=null
      num_experts=7 num_experts_per_tok=5 attention_bias=false tie_word_embeddings=false
      norm_topk_prob=false
      """
  ) { keys in
    try keys.decoder(
      keys.uniform(
        keys.postNormLayer(
          keys.attention(bias: keys.biases(.all), norm: .allHeads),
          keys.experts(keys.expertCounts("num_local_experts"), keys.gated()))))
  }

  static let olmoHybrid = Family(
    "olmo_hybrid",
    defaults: """
      vocab_size=100352 intermediate_size=11008 num_attention_heads=30 num_key_value_heads=null
      attention_bias=false layer_types=null linear_num_key_heads=null linear_num_value_heads=null
      linear_key_head_dim=null linear_value_head_dim=null linear_conv_kernel_dim=4
      linear_allow_neg_eigval=true tie_word_embeddings=false
      """
  ) { keys in
    let last = try keys.listedLayerCount() - 1
    let types = try keys.layerKinds {
      $0 % 4 == 3 || ($0 == last && last < 3) ? "full_attention" : "linear_attention"
    }
    let feedForward = Module.feedForward(try keys.gated())
    let groups = try keys.layers(kind: { types[$0] == "full_attention" }) { attends in
      guard attends else {
        return try keys.layer(
          keys.olmoDelta(), feedForward, norms: ("attention_layer_norm", "feedforward_layer_norm"),
          paths: ("linear_attn", "mlp"))
      }
      let bias = try keys.biases(.all)
      let attention = try keys.attention(bias: bias, norm: .allHeads)
      // A checkpoint gives this norm after attention the name of another layer's norm before it.
      return Layer([
        Block(
          [], [Branch("self_attn", attention)],
          outputNorms: [try keys.norm("feedforward_layer_norm")]),
        Block(
          [], [Branch("mlp", feedForward)],
          outputNorms: [try keys.norm("post_feedforward_layernorm")]),
      ])
    }
    return try keys.decoder(groups)
  }

  private static let olmoDefaults = """
    vocab_size=50304 intermediate_size=11008 num_attention_heads=32 num_key_value_heads=null
    attention_bias=false tie_word_embeddings=false
    """
}

extension Keys {
  /// The gated delta mixer of OLMo, with a map for each of its inputs.
  ///
  /// A checkpoint cuts the one convolution into thirds, whatever the widths of keys and values.
  fileprivate func olmoDelta() throws -> Module {
    let (d, h) = (try size(.hidden), try size(.heads))
    let keyHeads = try size(.deltaKeyHeads, else: h, "num_attention_heads")
    let valueHeads = try size(.deltaValueHeads, else: h, "num_attention_heads")
    let keySize = try size(
      .deltaKeySize, else: .floor(3 * d / (4 * keyHeads)),
      "⌊3/4 · hidden_size / linear_num_key_heads⌋")
    let valueSize = try size(.deltaValueSize, else: 2 * keySize, "2 · linear_key_head_dim")
    let heads = DeltaHeads(
      keys: keyHeads, values: valueHeads, keySize: keySize, valueSize: valueSize)
    let channels = 2 * heads.keyWidth + heads.valueWidth
    let third = Formula.ceiling(channels / 3)
    let widths = [("q", third), ("k", third), ("v", channels - 2 * third)]
    var norm = Normalization("o_norm", [valueSize], vectors: valueHeads)
    // The class fixes it.
    norm.epsilon = "1e-5"
    var rule = heads.rule
    rule.writesTwice = try flag("linear_allow_neg_eigval")
    return .recurrent(
      .gatedDelta(
        DeltaMixer(
          [
            .init(Linear("q_proj", d, heads.keyWidth), [.queries]),
            .init(Linear("k_proj", d, heads.keyWidth), [.keys]),
            .init(Linear("v_proj", d, heads.valueWidth), [.values]),
            .init(Linear("a_proj", d, valueHeads), [.decays]),
            .init(Linear("b_proj", d, valueHeads), [.strengths]),
            .init(Linear("g_proj", d, heads.valueWidth), [.gate]),
          ],
          convolutions: try widths.map {
            try convolution(
              $0.1, "linear_conv_kernel_dim", name: "\($0.0)_conv1d", bias: false)
          },
          activation: try activation(), rule: rule, norm: norm, gate: .silu,
          output: Linear("o_proj", heads.valueWidth, d))))
  }
}
