import Architecture
import JSON
import Symbolic

/// Zhipu's GLM: ChatGLM, GLM-4, and those with experts, indexers and images.
extension Family {
  static let ofGLM: [Family] = [
    chatGLM, glm, glm4, glm4MoE, glm4MoELite, glmMoEDSA, glm4V, glmOCR, glm4VMoE,
  ]

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

  static let glm = Family(
    "glm",
    fixed: "rotates_neighbours=true",
    defaults: """
      vocab_size=151552 intermediate_size=13696 num_attention_heads=32 num_key_value_heads=2
      head_dim=128 attention_bias=true tie_word_embeddings=false
      partial_rotary_factor=0.5
      """
  ) { keys in
    try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(bias: keys.biases(.inputs)), .feedForward(keys.fusedGated()))))
  }

  static let glm4 = Family(
    "glm4",
    fixed: "rotates_neighbours=true",
    defaults: """
      vocab_size=151552 intermediate_size=13696 num_attention_heads=32 num_key_value_heads=2
      head_dim=128 attention_bias=true tie_word_embeddings=false
      partial_rotary_factor=0.5
      """
  ) { keys in
    try keys.decoder(
      keys.uniform(
        keys.sandwichLayer(
          keys.attention(bias: keys.biases(.inputs)), .feedForward(keys.fusedGated()),
          norms: [
            "input_layernorm", "post_self_attn_layernorm", "post_attention_layernorm",
            "post_mlp_layernorm",
          ])))
  }

  static let glm4MoE = Family(
    "glm4_moe", spelling: deepSeekV3.spelling,
    predictors: .deepSeek,
    defaults: """
      vocab_size=151552 intermediate_size=10944 moe_intermediate_size=1408 num_attention_heads=96
      num_key_value_heads=8 n_shared_experts=1 n_routed_experts=128 num_experts_per_tok=8
      first_k_dense_replace=1 use_qk_norm=false attention_bias=false tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=1.0 n_group=1 topk_group=1 partial_rotary_factor=0.5
      """
  ) { keys in
    let bias = try keys.biases(.inputs)
    let attention = try keys.attention(bias: bias, norm: keys.flag("use_qk_norm") ? .eachHead : nil)
    return try keys.decoder(
      keys.leading(
        "first_k_dense_replace", keys.layer(attention, .feedForward(keys.gated())),
        then: keys.layer(attention, keys.fineGrainedExperts(isCorrected: true))))
  }

  static let glm4MoELite = Family(
    "glm4_moe_lite", spelling: "\(deepSeekV3.spelling) head_dim=qk_rope_head_dim",
    predictors: .deepSeek,
    defaults: """
      vocab_size=154880 intermediate_size=10240 moe_intermediate_size=1536 num_attention_heads=20
      n_shared_experts=1 n_routed_experts=64 num_experts_per_tok=4 first_k_dense_replace=1
      kv_lora_rank=512 q_lora_rank=768 qk_rope_head_dim=64 v_head_dim=256 qk_nope_head_dim=192
      mlp_layer_types=null attention_bias=false tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=1.8 n_group=1 topk_group=1
      """
  ) { keys in
    let attention = try Module.latentAttention(
      keys.latentAttention(bias: keys.flag("attention_bias")))
    return try keys.decoder(
      keys.denseOrSparse(
        leading: keys.size(.leadingDense, least: 0),
        dense: keys.layer(attention, .feedForward(keys.gated())),
        sparse: keys.layer(attention, keys.fineGrainedExperts(isCorrected: true))))
  }

  /// GLM-5: some layers reuse the indexer of the layer before.
  static let glmMoEDSA = Family(
    "glm_moe_dsa", spelling: "num_local_experts=n_routed_experts num_experts=n_routed_experts",
    fixed: "rotates_neighbours=true",
    predictors: .glm5,
    defaults: """
      vocab_size=154880 intermediate_size=12288 moe_intermediate_size=2048 num_attention_heads=64
      n_shared_experts=1 n_routed_experts=256 num_experts_per_tok=8 first_k_dense_replace=3
      kv_lora_rank=512 q_lora_rank=2048 qk_rope_head_dim=64 v_head_dim=256 qk_nope_head_dim=192
      index_head_dim=128 index_n_heads=32 index_topk=2048 mlp_layer_types=null indexer_types=null
      index_topk_pattern=null index_topk_freq=1 index_skip_topk_offset=2 attention_bias=false
      tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=2.5 n_group=1 topk_group=1
      """
  ) { keys in
    let bias = try keys.flag("attention_bias")
    let first = try keys.integer("first_k_dense_replace") ?? 0
    let sparse = try keys.sparseLayers()
    let indexed = try keys.indexedLayers()
    return try keys.decoder(
      keys.layers {
        LayerKind(isSparse: sparse?[$0] ?? ($0 >= first), isIndexed: indexed[$0])
      } _: { kind in
        let attention = try Module.latentAttention(
          keys.latentAttention(bias: bias, chooses: kind.isIndexed ? .own : .before))
        return kind.isSparse
          ? try keys.layer(attention, keys.fineGrainedExperts(isCorrected: true))
          : try keys.layer(attention, .feedForward(keys.gated()))
      })
  }

  /// GLM-4 with heads that always share the width, and biases that no key switches off.
  static let glm4V = Family(
    "glm4v_text",
    fixed: "rotates_neighbours=true",
    defaults: """
      vocab_size=151552 intermediate_size=13696 num_attention_heads=32 num_key_value_heads=2
      tie_word_embeddings=false
      partial_rotary_factor=1.0
      """
  ) { keys in
    keys.passOver("attention_bias")
    return try keys.glmDecoder(keys.attention(keys.heads(explicit: false), bias: .inputs))
  }

  static let glmOCR = Family(
    "glm_ocr_text",
    fixed: "rotates_neighbours=true",
    defaults: """
      vocab_size=59392 intermediate_size=4096 num_attention_heads=16 num_key_value_heads=8
      tie_word_embeddings=false
      partial_rotary_factor=1.0
      """
  ) { keys in
    keys.passOver("attention_bias")
    return try keys.glmDecoder(keys.attention())
  }

  static let glm4VMoE = Family(
    "glm4v_moe_text", spelling: deepSeekV3.spelling,
    defaults: """
      vocab_size=151424 intermediate_size=10944 moe_intermediate_size=1408 num_attention_heads=96
      num_key_value_heads=8 n_shared_experts=1 n_routed_experts=128 num_experts_per_tok=8
      first_k_dense_replace=1 attention_bias=true tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=1.0 n_group=1 topk_group=1 partial_rotary_factor=0.5
      """
  ) { keys in
    let attention = try keys.attention(bias: keys.biases(.inputs))
    return try keys.decoder(
      keys.leading(
        "first_k_dense_replace", keys.layer(attention, .feedForward(keys.gated())),
        then: keys.layer(attention, keys.fineGrainedExperts(isCorrected: true))))
  }

  private struct LayerKind: Hashable {
    let isSparse: Bool
    let isIndexed: Bool
  }
}

extension Keys {
  /// Which layers have an indexer of their own.
  func indexedLayers() throws -> [Bool] {
    let step = max(try integer("index_topk_freq") ?? 1, 1)
    let offset = try integer("index_skip_topk_offset") ?? 2
    let count = try listedLayerCount()
    if case .string(let pattern) = try reading("index_topk_pattern")?.value,
      try reading("indexer_types") == nil
    {
      guard pattern.count == count, pattern.allSatisfy({ "FS".contains($0) }) else {
        throw DescriptionError.unsupported(
          key: "index_topk_pattern", found: "\"\(pattern)\"",
          supported: "one letter F or S for each of \(count) layers")
      }
      return pattern.map { $0 == "F" }
    }
    let key = try reading("indexer_types") == nil ? "index_topk_pattern" : "indexer_types"
    return try layerTypes(key, known: ["full", "shared"]) {
      max($0 - offset + 1, 0).isMultiple(of: step) ? "full" : "shared"
    }.map { $0 == "full" }
  }

  /// The decoder of GLM-4 around an attention module.
  fileprivate func glmDecoder(_ attention: Module) throws -> Model {
    try decoder(
      uniform(
        sandwichLayer(
          attention, .feedForward(fusedGated()),
          norms: [
            "input_layernorm", "post_self_attn_layernorm", "post_attention_layernorm",
            "post_mlp_layernorm",
          ])))
  }
}
