import Architecture
import JSON
import Symbolic

/// inclusionAI's Ling and Ring (Bailing), with attention and with linear attention beside it.
extension Family {
  static let ofBailing: [Family] = [bailingMoE, bailingMoEV2, bailingHybrid]

  /// Ling and Ring of the first generation.
  ///
  /// - Source: inclusionAI/Ling-lite, `modeling_bailing_moe.py`; 16,801,974,272 parameters.
  static let bailingMoE = Family("bailing_moe", defaults: bailingDefaults) { keys in
    try keys.bailingDecoder()
  }

  /// Ling and Ring 2.0: a norm of each head, and a correction of the scores of experts.
  ///
  /// - Source: inclusionAI/Ling-mini-2.0, `modeling_bailing_moe_v2.py`; 16,255,638,528 parameters,
  ///   and 4,864 numbers of corrections.
  static let bailingMoEV2 = Family(
    "bailing_moe_v2", defaults: "\(bailingDefaults) partial_rotary_factor=1.0"
  ) { keys in
    try keys.bailingDecoder()
  }

  static let bailingHybrid = Family(
    "bailing_hybrid",
    spelling: kimiSpelling,
    fixed: "rotates_neighbours=true", predictors: .withFinalNorm,
    defaults: """
      vocab_size=157184 intermediate_size=6144 moe_intermediate_size=768 num_attention_heads=32
      n_shared_experts=1 kv_lora_rank=512 qk_rope_head_dim=64 v_head_dim=128
      qk_nope_head_dim=128 num_experts_per_tok=8 first_k_dense_replace=2 attention_bias=false
      num_local_experts=512 head_dim=128 short_conv_kernel_size=4 layer_group_size=6 layer_types=null
      mlp_layer_types=null
      routed_scaling_factor=2.5 kda_safe_gate=true norm_topk_prob=true n_group=8 topk_group=4
      """
  ) { keys in
    let period = try keys.period("layer_group_size")
    let types = try keys.layerKinds {
      ($0 + 1).isMultiple(of: period) ? "full_attention" : "linear_attention"
    }
    let delta = try keys.bailingDelta()
    let groups = try keys.denseOrRouted(
      types, path: "mlp", attention: "attention", score: "gate.expert_bias"
    ) {
      $0 ? .latentAttention(try keys.bailingLatent()) : delta
    }
    return try keys.decoder(groups, FrameNames(token: "model.word_embeddings"), untieable: true)
  }

  private static let bailingDefaults = """
    head_dim=null num_key_value_heads=null num_shared_experts=0 first_k_dense_replace=0
    use_bias=false use_qkv_bias=false use_qk_norm=false moe_router_enable_expert_bias=false
    norm_topk_prob=true routed_scaling_factor=1.0 n_group=1 topk_group=1 tie_word_embeddings=false
    """
}

extension Keys {
  fileprivate func bailingDecoder() throws -> Model {
    passOver(
      "norm_head", "norm_softmax", "router_type", "score_function",
      "moe_router_topk_scaling_factor",
      "use_rmsnorm", "use_sliding_window", "sliding_window", "max_window_layers", "rope_theta",
      "rope_scaling", "rms_norm_eps", "max_position_embeddings", "multi_gate", "group_norm_size")
    let bias = try flag("use_bias")
    let heads = try heads()
    let norms = [
      Normalization("query_layernorm", [heads.size], vectors: heads.query, of: .queries),
      Normalization("key_layernorm", [heads.size], vectors: heads.keyValue, of: .keys),
    ]
    let attention = try fusedAttention(
      heads, "query_key_value", "dense", inputBias: flag("use_qkv_bias"), outputBias: bias,
      norms: flag("use_qk_norm") ? norms : [])
    let width = try size(.expertSize)
    if let shared = try integer("moe_shared_expert_intermediate_size"),
      number(width) != Int128(shared)
    {
      throw DescriptionError.unsupported(
        key: "moe_shared_expert_intermediate_size", found: "\(shared)",
        supported: "as wide as moe_intermediate_size")
    }
    let counts = try expertCounts()
    let experts = try experts(
      counts, gated(width),
      correction: flag("moe_router_enable_expert_bias")
        ? scoreCorrection(counts.all, "gate.expert_bias") : nil,
      shared: sharedExperts("num_shared_experts", width: width, zeroIsNone: true))
    let paths = ("attention", "mlp")
    return try decoder(
      leading(
        "first_k_dense_replace",
        layer(attention, .feedForward(gated(bias: bias)), paths: paths),
        then: layer(attention, experts, paths: paths)),
      FrameNames(token: "model.word_embeddings"))
  }

  fileprivate func bailingDelta() throws -> Module {
    let d = try size(.hidden)
    let heads = try size(
      .mixerHeads, "linear_num_heads", else: size(.heads), "num_attention_heads")
    let width = try size(
      .mixerHeadSize, "linear_head_dim", else: size(.headSize), "head_dim")
    let hasOwnKernel = try reading("linear_conv_kernel_dim") != nil
    return try channelDelta(
      heads: heads, width: width,
      kernel: hasOwnKernel ? "linear_conv_kernel_dim" : "short_conv_kernel_size",
      decays: .init(Linear("f_proj", d, heads * width), [.decays]),
      gate: .init(Linear("g_proj", d, heads * width), [.gate]), output: "dense", rates: [heads],
      decay: isSet("kda_safe_gate") ? .bounded(required("kda_lower_bound")) : .softplus)
  }

  /// Latent attention whose queries are not compressed, with a gate for each head.
  fileprivate func bailingLatent() throws -> LatentAttention {
    let (d, h) = (try size(.hidden), try size(.heads))
    var attention = try latentAttention(bias: flag("attention_bias"))
    let width = attention.plainSize + attention.rotarySize
    attention.queryDown = nil
    attention.queryNorm = nil
    attention.queryUp = Linear("q_proj", d, h * width)
    attention.gateMap = Linear("g_proj", d, h)
    attention.output.name = "dense"
    attention.gate = .heads
    return attention
  }
}
