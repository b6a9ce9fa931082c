import Architecture
import Symbolic

/// Models that put attention and gated delta mixers into one stack.
extension Family {
  static let delta: [Family] = [qwen3Next, qwen35, qwen35Experts, olmoHybrid]

  static let qwen3Next = Family(
    "qwen3_next",
    defaults: """
      vocab_size=151936 intermediate_size=5632 num_attention_heads=16 num_key_value_heads=2
      head_dim=256 attention_bias=false linear_conv_kernel_dim=4 linear_key_head_dim=128
      linear_value_head_dim=128 linear_num_key_heads=16 linear_num_value_heads=32
      decoder_sparse_step=1 moe_intermediate_size=512 shared_expert_intermediate_size=512
      num_experts_per_tok=10 num_experts=512 mlp_only_layers=null layer_types=null
      full_attention_interval=4 tie_word_embeddings=false
      norm_topk_prob=true partial_rotary_factor=0.25
      """
  ) { keys in
    let types = try keys.intervalTypes()
    let step = try keys.period("decoder_sparse_step")
    let dense = try keys.indices("mlp_only_layers") ?? []
    let all = try keys.optional(.experts, least: 0)
    let mixes = all.map { keys.number($0) != 0 } ?? false
    let groups = try keys.layers(kind: { index in
      let routes = mixes && (index + 1).isMultiple(of: step) && !dense.contains(index)
      return [types[index] == "full_attention", routes]
    }) { kind in
      let feedForward =
        kind[1] ? try keys.gatedSharedExperts() : .feedForward(try keys.gated())
      return try keys.deltaLayer(attends: kind[0], fused: true, feedForward)
    }
    return try keys.decoder(groups)
  }

  static let qwen35 = Family(
    "qwen3_5_text",
    defaults: """
      vocab_size=248320 intermediate_size=12288 num_attention_heads=16 num_key_value_heads=4
      head_dim=256 attention_bias=false linear_conv_kernel_dim=4 linear_key_head_dim=128
      linear_value_head_dim=128 linear_num_key_heads=16 linear_num_value_heads=32
      layer_types=null full_attention_interval=4 tie_word_embeddings=false
      partial_rotary_factor=0.25
      """
  ) { keys in
    let types = try keys.intervalTypes()
    let feedForward = Module.feedForward(try keys.gated())
    let groups = try keys.layers(kind: { types[$0] == "full_attention" }) {
      try keys.deltaLayer(attends: $0, fused: false, feedForward)
    }
    return try keys.decoder(groups)
  }

  static let qwen35Experts = Family(
    "qwen3_5_moe_text",
    defaults: """
      vocab_size=248320 num_attention_heads=16 num_key_value_heads=2 head_dim=256
      attention_bias=false linear_conv_kernel_dim=4 linear_key_head_dim=128
      linear_value_head_dim=128 linear_num_key_heads=16 linear_num_value_heads=32
      moe_intermediate_size=512 shared_expert_intermediate_size=512 num_experts_per_tok=8
      num_experts=256 layer_types=null full_attention_interval=4 tie_word_embeddings=false
      partial_rotary_factor=0.25
      """
  ) { keys in
    let types = try keys.intervalTypes()
    let experts = try keys.gatedSharedExperts()
    let groups = try keys.layers(kind: { types[$0] == "full_attention" }) {
      try keys.deltaLayer(attends: $0, fused: false, experts)
    }
    return try keys.decoder(groups)
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
