import Architecture
import JSON
import Symbolic

/// Alibaba's Qwen up to 3.5: dense, with experts, with images, and with gated delta rules.
extension Family {
  static let ofQwen: [Family] = [
    qwen, qwen2, qwen2MoE, qwen3, qwen3MoE, qwen3Next, qwen35, qwen35Experts, qwen2VL, qwen25VL,
    qwen25Omni, qwen3VL, qwen3VLMoE, qwen3OmniMoE,
  ]

  /// Qwen of 2023: its `intermediate_size` is twice the width of its feed-forward layers.
  ///
  /// - Source: Qwen/Qwen-7B, `modeling_qwen.py`; 7,721,324,544 parameters.
  static let qwen = Family(
    "qwen", spelling: "head_dim=kv_channels",
    defaults: """
      vocab_size=151936 intermediate_size=22016 num_attention_heads=32 kv_channels=128 no_bias=true
      tie_word_embeddings=false
      """
  ) { keys in
    keys.passOver(
      "num_key_value_heads", "rotary_pct", "rotary_emb_base", "seq_length", "use_dynamic_ntk",
      "use_logn_attn", "layer_norm_epsilon", "max_position_embeddings", "onnx_safe", "fp16", "bf16",
      "fp32", "scale_attn_weights", "use_cache_quantization", "use_cache_kernel", "softmax_in_fp32")
    let bias = try !keys.flag("no_bias")
    let attention = try keys.fusedAttention(
      keys.heads(grouped: false), "c_attn", "c_proj", inputBias: true, outputBias: bias)
    let feedForward = try keys.gated(
      keys.feedForwardWidth() / 2, names: GatedNames(gate: "w2", up: "w1", down: "c_proj"),
      bias: bias)
    return try keys.decoder(
      keys.uniform(
        keys.layer(
          attention, .feedForward(feedForward), norms: ("ln_1", "ln_2"), paths: ("attn", "mlp"))),
      .gpt2)
  }

  static let qwen2 = Family(
    "qwen2",
    defaults: """
      vocab_size=151936 intermediate_size=22016 num_attention_heads=32 num_key_value_heads=32
      tie_word_embeddings=false
      use_sliding_window=false sliding_window=4096 max_window_layers=28 layer_types=null
      """
  ) { keys in
    try keys.decoder(
      keys.slidingLast(
        keys.uniform(keys.layer(keys.attention(bias: .inputs), .feedForward(keys.gated())))))
  }

  static let qwen2MoE = Family(
    "qwen2_moe",
    defaults: """
      vocab_size=151936 intermediate_size=5632 num_attention_heads=16 num_key_value_heads=16
      moe_intermediate_size=1408 shared_expert_intermediate_size=5632 num_experts=60
      num_experts_per_tok=4 decoder_sparse_step=1 mlp_only_layers=null qkv_bias=true
      tie_word_embeddings=false
      norm_topk_prob=false
      use_sliding_window=false sliding_window=4096 max_window_layers=28 layer_types=null
      """
  ) { keys in
    let bias = try keys.biases(.inputs, if: "qkv_bias")
    let attention = try keys.attention(bias: bias)
    let groups = try keys.sparseSteps { isSparse in
      guard isSparse else {
        return try keys.layer(attention, .feedForward(keys.gated()))
      }
      let experts = try keys.experts(
        keys.expertCounts(), keys.gated(keys.size(.expertSize)),
        shared: keys.gated(keys.size(.sharedSize)), sharedPath: "shared_expert",
        sharedGate: "shared_expert_gate")
      return try keys.layer(attention, experts)
    }
    guard try keys.isSet("use_sliding_window") else { return try keys.decoder(groups) }
    let first = try keys.integer("max_window_layers") ?? 0
    return try keys.decoder(keys.sliding(groups) { $0.isMultiple(of: 2) && $0 < first })
  }

  static let qwen3 = Family(
    "qwen3",
    defaults: """
      vocab_size=151936 intermediate_size=22016 num_attention_heads=32 num_key_value_heads=32
      head_dim=128 attention_bias=false tie_word_embeddings=false
      use_sliding_window=false sliding_window=4096 max_window_layers=28 layer_types=null
      """
  ) { keys in
    let bias = try keys.biases(.all)
    return try keys.decoder(
      keys.slidingLast(
        keys.uniform(
          keys.layer(
            keys.attention(bias: bias, norm: .eachHead), .feedForward(keys.gated())))))
  }

  static let qwen3MoE = Family(
    "qwen3_moe", spelling: "num_local_experts=num_experts",
    defaults: """
      vocab_size=151936 intermediate_size=6144 num_attention_heads=32 num_key_value_heads=4
      moe_intermediate_size=768 num_experts=128 num_experts_per_tok=8 decoder_sparse_step=1
      mlp_only_layers=null attention_bias=false tie_word_embeddings=false
      norm_topk_prob=false
      use_sliding_window=false sliding_window=4096
      """
  ) { keys in
    let bias = try keys.biases(.all)
    let attention = try keys.attention(
      bias: bias, norm: .eachHead,
      reach: keys.isSet("use_sliding_window") ? keys.window() : .all)
    return try keys.decoder(
      keys.sparseSteps { isSparse in
        guard isSparse else {
          return try keys.layer(attention, .feedForward(keys.gated()))
        }
        return try keys.layer(
          attention, keys.experts(keys.expertCounts(), keys.gated(keys.size(.expertSize))))
      })
  }

  static let qwen3Next = Family(
    "qwen3_next",
    fixed: "norms_add_one=true", predictors: .qwen3Next,
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
    fixed: "norms_add_one=true", predictors: .qwen35,
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
    fixed: "norms_add_one=true", predictors: .qwen35,
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

  /// Qwen2 with heads that always share the width.
  static let qwen2VL = Family(
    "qwen2_vl_text",
    defaults: """
      vocab_size=152064 intermediate_size=29568 num_attention_heads=64 num_key_value_heads=8
      tie_word_embeddings=false
      use_sliding_window=false sliding_window=4096 max_window_layers=80 layer_types=null
      """
  ) { keys in
    let attention = try keys.attention(keys.heads(explicit: false), bias: .inputs)
    return try keys.decoder(
      keys.slidingLast(keys.uniform(keys.layer(attention, .feedForward(keys.gated())))))
  }

  static let qwen25VL = Family("qwen2_5_vl_text", like: qwen2VL, defaults: qwen2VL.defaults)

  static let qwen25Omni = Family(
    "qwen2_5_omni_text", like: qwen2,
    defaults: """
      vocab_size=152064 intermediate_size=18944 num_attention_heads=28 num_key_value_heads=4
      tie_word_embeddings=true
      use_sliding_window=false sliding_window=32768 max_window_layers=28 layer_types=null
      """)

  static let qwen3VL = Family(
    "qwen3_vl_text",
    defaults: """
      vocab_size=151936 intermediate_size=22016 num_attention_heads=32 num_key_value_heads=32
      head_dim=128 attention_bias=false tie_word_embeddings=false
      """
  ) { keys in
    let attention = try keys.attention(bias: keys.biases(.all), norm: .eachHead)
    return try keys.decoder(keys.uniform(keys.layer(attention, .feedForward(keys.gated()))))
  }

  /// Qwen3 with experts, whose checkpoints stack them.
  static let qwen3VLMoE = Family(
    "qwen3_vl_moe_text", spelling: "num_local_experts=num_experts",
    defaults: """
      vocab_size=151936 intermediate_size=5632 num_attention_heads=16 num_key_value_heads=16
      head_dim=null moe_intermediate_size=1408 num_experts=60 num_experts_per_tok=4
      decoder_sparse_step=1 mlp_only_layers=null attention_bias=false tie_word_embeddings=true
      """
  ) { keys in
    try keys.noteUnusedWindow()
    let attention = try keys.attention(bias: keys.biases(.all), norm: .eachHead)
    return try keys.decoder(
      keys.sparseSteps { isSparse in
        guard isSparse else { return try keys.layer(attention, .feedForward(keys.gated())) }
        let counts = try keys.expertCounts()
        let router = try keys.routed(
          Router([Linear("gate", keys.size(.hidden), counts.all)]), normalizes: true)
        return try keys.layer(
          attention,
          keys.stackedExperts(
            counts, keys.gated(keys.size(.expertSize)), router: router, outputFirst: true))
      })
  }

  static let qwen3OmniMoE = Family(
    "qwen3_omni_moe_text", spelling: "num_local_experts:num_experts",
    defaults: """
      vocab_size=3584 intermediate_size=18944 num_attention_heads=28 num_key_value_heads=4
      moe_intermediate_size=768 num_experts=128 num_experts_per_tok=8 decoder_sparse_step=1
      mlp_only_layers=null attention_bias=false tie_word_embeddings=false norm_topk_prob=true
      """
  ) { keys in
    try keys.noteUnusedWindow()
    let attention = try keys.attention(bias: keys.biases(.all), norm: .eachHead)
    return try keys.decoder(
      keys.sparseSteps { isSparse in
        guard isSparse else { return try keys.layer(attention, .feedForward(keys.gated())) }
        return try keys.layer(
          attention, keys.experts(keys.expertCounts(), keys.gated(keys.size(.expertSize))))
      })
  }
}

extension Keys {
  /// Layers of which those behind the first few slide, where the configuration switches that on.
  func slidingLast(_ groups: [LayerGroup]) throws -> [LayerGroup] {
    guard try isSet("use_sliding_window") else { return groups }
    let first = try integer("max_window_layers") ?? 0
    return try sliding(groups) { $0 >= first }
  }

  /// Layers of which every `decoder_sparse_step`-th has experts, without `mlp_only_layers`.
  func sparseSteps(_ build: (Bool) throws -> Layer) throws -> [LayerGroup] {
    let step = try integer("decoder_sparse_step", least: 1) ?? 1
    let dense = try list("mlp_only_layers") ?? []
    // Without experts every layer is dense, as in transformers.
    let hasExperts = try integer("num_experts") != 0
    guard hasExperts else { return try uniform(build(false)) }
    if step == 1 && dense.isEmpty { return try uniform(build(true)) }
    return try layers { index in
      (index + 1).isMultiple(of: step) && !dense.contains(.integer(index))
    } _: { isSparse in
      try build(isSparse)
    }
  }

  /// A window that no layer of the class has, though its cache heeds the key.
  func noteUnusedWindow() throws {
    guard let window = try reading("sliding_window")?.value else { return }
    noteForPasses(
      "sliding_window is \(window.line), which crops the cache of transformers and nothing else; "
        + "it is not counted.")
  }
}
