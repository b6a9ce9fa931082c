import Architecture
import JSON
import Symbolic

/// Families whose code lies beside their weights on the hub, and not in `transformers`.
///
/// A size that decides a count has no default here unless that code gives one.
extension Family {
  static let hubCode: [Family] = [qwen, mimo, chatGLM, bailingMoE, bailingMoEV2, molmo]

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

  /// MiMo: Qwen2, beside whose layers one for multi-token prediction is stored.
  ///
  /// - Source: XiaomiMiMo/MiMo-7B-Base, `modeling_mimo.py`; 7,833,409,536 numbers, of which
  ///   210,790,400 are of that layer.
  static let mimo = Family("mimo", defaults: qwen2.defaults) { keys in
    keys.passOver("attention_bias")
    return try qwen2.describe(keys)
  }

  /// ChatGLM2, ChatGLM3 and GLM-4 as first published.
  ///
  /// - Source: THUDM/chatglm3-6b, `modeling_chatglm.py`; 6,243,584,000 parameters, and 32 numbers of
  ///   rotary frequencies.
  static let chatGLM = Family(
    "chatglm",
    spelling: """
      num_hidden_layers=num_layers intermediate_size=ffn_hidden_size head_dim=kv_channels \
      vocab_size:padded_vocab_size num_key_value_heads:multi_query_group_num
      """,
    defaults: """
      padded_vocab_size=65024 ffn_hidden_size=13696 num_attention_heads=32 kv_channels=128
      multi_query_attention=false multi_query_group_num=1 add_bias_linear=false add_qkv_bias=false
      rmsnorm=true post_layer_norm=true pre_seq_len=null tie_word_embeddings=false
      """
  ) { keys in
    keys.passOver(
      "vocab_size", "num_hidden_layers", "num_key_value_heads", "layernorm_epsilon", "seq_length",
      "rope_ratio", "original_rope",
      "apply_query_key_layer_scaling", "fp32_residual_connection", "interleaved_qkv",
      "quantization_bit", "prefix_projection", "apply_residual_connection_post_layernorm")
    for key in ["rmsnorm", "post_layer_norm"] where try !keys.flag(key) {
      throw DescriptionError.unsupported(key: key, found: "false", supported: "true")
    }
    if let prompt = try keys.integer("pre_seq_len"), prompt > 0 {
      throw DescriptionError.unsupported(key: "pre_seq_len", found: "\(prompt)", supported: nil)
    }
    let bias = try keys.flag("add_bias_linear")
    let inputBias = try bias || keys.flag("add_qkv_bias")
    let size = try keys.size(.headSize)
    let heads = Heads(
      query: try keys.size(.heads),
      keyValue: try keys.flag("multi_query_attention") ? keys.size(.keyValueHeads) : nil, size: size
    )
    let attention = try keys.fusedAttention(
      heads, "query_key_value", "dense", inputBias: inputBias, outputBias: bias,
      position: .rotary(.floor(size / 2), table: ""))
    let feedForward = try keys.fusedGated(nil, "dense_h_to_4h", "dense_4h_to_h", bias: bias)
    return try keys.decoder(
      keys.uniform(
        keys.layer(attention, .feedForward(feedForward), paths: ("self_attention", "mlp"))),
      FrameNames(
        token: "transformer.embedding.word_embeddings", layers: "transformer.encoder.layers",
        norm: "transformer.encoder.final_layernorm", head: "transformer.output_layer"))
  }

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

  private static let bailingDefaults = """
    head_dim=null num_key_value_heads=null num_shared_experts=0 first_k_dense_replace=0
    use_bias=false use_qkv_bias=false use_qk_norm=false moe_router_enable_expert_bias=false
    norm_topk_prob=true routed_scaling_factor=1.0 n_group=1 topk_group=1 tie_word_embeddings=false
    """

  /// Molmo: its `intermediate_size` is the width of two maps together, and the token table has rows
  /// for tokens of images that the head has not.
  ///
  /// - Source: allenai/Molmo-7B-D-0924, `modeling_molmo.py`; 8,021,025,280 parameters, of which
  ///   404,950,016 are of the towers.
  static let molmo = Family(
    "molmo",
    defaults: """
      num_key_value_heads=null qkv_bias=false attention_layer_norm=false norm_after=false
      layer_norm_type="rms" weight_tying=false embedding_size=null tie_word_embeddings=false
      """
  ) { keys in
    keys.passOver(
      "clip_qkv", "layer_norm_eps", "rope_theta", "max_position_embeddings", "use_position_ids",
      "tie_word_embeddings", "embedding_size")
    for (key, value) in [
      ("attention_layer_norm", false), ("norm_after", false), ("weight_tying", false),
    ]
    where try keys.flag(key) != value {
      throw DescriptionError.unsupported(key: key, found: "\(!value)", supported: "\(value)")
    }
    if let norm = try keys.text("layer_norm_type"), norm != "rms" {
      throw DescriptionError.unsupported(
        key: "layer_norm_type", found: "\"\(norm)\"", supported: "\"rms\"")
    }
    let vocabulary = try keys.size(.vocabulary)
    if let rows = try keys.integer("embedding_size"), Formula(Int128(rows)) != vocabulary,
      keys.number(vocabulary) != Int128(rows)
    {
      throw DescriptionError.unsupported(
        key: "embedding_size", found: "\(rows)", supported: "as many as vocab_size")
    }
    let attention = try keys.fusedAttention(
      keys.heads(explicit: false), "att_proj", "attn_out", inputBias: keys.flag("qkv_bias"),
      outputBias: false)
    let feedForward = try keys.fusedGated(keys.feedForwardWidth() / 2, "ff_proj", "ff_out")
    var model = try keys.decoder(
      keys.uniform(
        keys.layer(
          attention, .feedForward(feedForward), norms: ("attn_norm", "ff_norm"), paths: ("", ""))),
      FrameNames(
        token: "model.transformer.wte", layers: "model.transformer.blocks",
        norm: "model.transformer.ln_f", head: "model.transformer.ff_out"))
    model.widenTable(by: 128)
    return model
  }
}

extension Model {
  /// Multiplies what the token table gives by a constant, if there is one.
  mutating func scaleTokens(by factor: Constant?) {
    guard case .embedding(var table) = head[0].module else { return }
    table.scale = factor
    head[0].module = .embedding(table)
  }

  /// Gives the token table rows that the vocabulary, and the head, have not.
  mutating func widenTable(by rows: Formula) {
    guard case .embedding(var table) = head[0].module else { return }
    table.rows += rows
    head[0].module = .embedding(table)
  }
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
}
