import Architecture
import JSON
import Symbolic

/// Text models that have a `model_type` of their own inside a wrapper of several towers.
///
/// Most are built like a family that also stands alone, and differ in what an absent key means and
/// in which keys they know: several never read `head_dim`.
extension Family {
  static let textModels: [Family] = [
    qwen2VL, qwen25VL, qwen25Omni, qwen3VL, qwen3VLMoE, qwen3OmniMoE, glm4V, glm4VMoE, glmOCR,
    hunyuanVL, paddleOCR, granite4Vision, graniteDocling, unlimitedOCR, deepSeekOCR2, emu3, mllama,
    molmo2, mistral4, phi4Multimodal,
  ]

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
    try keys.noteIdleWindow()
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
    try keys.noteIdleWindow()
    let attention = try keys.attention(bias: keys.biases(.all), norm: .eachHead)
    return try keys.decoder(
      keys.sparseSteps { isSparse in
        guard isSparse else { return try keys.layer(attention, .feedForward(keys.gated())) }
        return try keys.layer(
          attention, keys.experts(keys.expertCounts(), keys.gated(keys.size(.expertSize))))
      })
  }

  /// GLM-4 with heads that always share the width, and biases that no key switches off.
  static let glm4V = Family(
    "glm4v_text",
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

  static let hunyuanVL = Family(
    "hunyuan_vl_text", like: hunyuanDense, spelling: "attention_head_dim=head_dim",
    defaults: """
      vocab_size=290943 intermediate_size=11008 num_attention_heads=32 num_key_value_heads=null
      head_dim=null attention_bias=false tie_word_embeddings=true
      """)

  static let paddleOCR = Family(
    "paddleocr_vl_text", like: ernie45,
    defaults: """
      vocab_size=103424 intermediate_size=3072 num_attention_heads=16 num_key_value_heads=2
      head_dim=128 use_bias=false tie_word_embeddings=true
      """)

  static let granite4Vision = Family(
    "granite4_vision_text", like: granite, defaults: granite.defaults)

  static let graniteDocling = Family(
    "granite_docling_text", like: llama,
    defaults: """
      vocab_size=133800 intermediate_size=2048 num_attention_heads=16 num_key_value_heads=4
      attention_bias=false mlp_bias=false tie_word_embeddings=true
      logits_scaling=4.0 embedding_multiplier=12.0 residual_multiplier=0.263
      """)

  /// Emu3: Llama without biases, whatever a file says.
  static let emu3 = Family(
    "emu3_text_model",
    defaults: """
      vocab_size=184622 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=8
      tie_word_embeddings=false
      """
  ) { keys in
    try keys.decoder(keys.uniform(keys.layer(keys.attention(), .feedForward(keys.gated()))))
  }

  /// DeepSeekMoE with attention of plain heads, as in DeepSeek-OCR 2.
  static let deepSeekOCR2 = Family(
    "deepseek_ocr2_text", spelling: "num_experts=n_routed_experts",
    defaults: """
      vocab_size=102400 intermediate_size=11008 moe_intermediate_size=1407 num_attention_heads=32
      num_key_value_heads=null n_shared_experts=2 n_routed_experts=64
      num_experts_per_tok=null first_k_dense_replace=1 mlp_layer_types=null attention_bias=false
      mlp_bias=false tie_word_embeddings=false
      topk_method="greedy" n_group=null topk_group=null routed_scaling_factor=1.0
      """
  ) { keys in
    // The class computes the width of a head, whatever a file says.
    keys.passOver("head_dim")
    let attention = try keys.attention(keys.heads(explicit: false), bias: keys.biases(.all))
    let bias = try keys.flag("mlp_bias")
    return try keys.decoder(
      keys.denseOrSparse(
        leading: keys.size(.leadingDense, least: 0),
        dense: keys.layer(attention, .feedForward(keys.gated(bias: bias))),
        sparse: keys.layer(attention, keys.fineGrainedExperts(sharedBias: bias))))
  }

  static let unlimitedOCR = Family(
    "unlimited_ocr_text", like: deepSeekOCR2,
    defaults: """
      vocab_size=129280 intermediate_size=6848 moe_intermediate_size=896 num_attention_heads=10
      num_key_value_heads=10 n_shared_experts=2 n_routed_experts=64
      num_experts_per_tok=6 first_k_dense_replace=1 mlp_layer_types=null attention_bias=false
      mlp_bias=false tie_word_embeddings=false
      topk_method="greedy" n_group=null topk_group=null routed_scaling_factor=1.0
      """)

  /// Llama 3.2 with images: some of the layers attend to an image and not to the text.
  ///
  /// The token table has eight rows more than the vocabulary, and is never the head.
  static let mllama = Family(
    "mllama_text_model",
    defaults: """
      vocab_size=128256 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=8
      cross_attention_layers=null
      """
  ) { keys in
    keys.passOver("tie_word_embeddings")
    let heads = try keys.heads(explicit: false)
    let own = try keys.layer(keys.attention(heads), .feedForward(keys.gated()))
    let gates = Branch.idle(
      "", ["cross_attn_attn_gate", "cross_attn_mlp_gate"].map { Weight($0, [1], .mixer) })
    let crossing =
      try keys.list("cross_attention_layers")?.compactMap(\.integer)
      ?? [3, 8, 13, 18, 23, 28, 33, 38]
    var model = try keys.decoder(
      keys.layers {
        crossing.contains(Int128($0))
      } _: { crosses in
        guard crosses else { return own }
        var layer = try keys.layer(
          keys.attention(heads, norm: .eachHead, position: PositionScheme.none),
          .feedForward(keys.gated()), paths: ("cross_attn", "mlp"))
        layer.idle.append(gates)
        return layer
      }, untieable: true)
    model.widenTable(by: 8)
    return model
  }

  /// Molmo 2: Qwen3 with rows of the token table that the head has not.
  static let molmo2 = Family(
    "molmo2_text", spelling: "qkv_bias=attention_bias layer_norm_eps=rms_norm_eps",
    defaults: """
      vocab_size=151936 additional_vocab_size=128 intermediate_size=12288 num_attention_heads=32
      num_key_value_heads=8 head_dim=128 attention_bias=false qk_norm_type="qwen3"
      norm_after=false tie_word_embeddings=false
      """
  ) { keys in
    let norm: QueryKeyNorm = try keys.text("qk_norm_type") == "qwen3" ? .eachHead : .allHeads
    let attention = try keys.attention(bias: keys.biases(.inputs), norm: norm)
    let feedForward = Module.feedForward(try keys.gated())
    let names = ("input_layernorm", "post_attention_layernorm")
    let layer =
      try keys.flag("norm_after")
      ? Layer([
        Block([], [Branch("self_attn", attention)], outputNorms: [keys.norm(names.0)]),
        Block([], [Branch("mlp", feedForward)], outputNorms: [keys.norm(names.1)]),
      ]) : keys.layer(attention, feedForward)
    var model = try keys.decoder(keys.uniform(layer))
    let rows = try keys.size(.additionalRows, least: 0)
    model.widenTable(by: rows)
    return model
  }

  /// Mistral 4: DeepSeek-V3 with a plain router, and experts that its checkpoints stack.
  static let mistral4 = Family(
    "mistral4", spelling: deepSeekV3.spelling,
    defaults: """
      vocab_size=131072 intermediate_size=12288 moe_intermediate_size=2048 num_attention_heads=32
      n_shared_experts=1 n_routed_experts=128 num_experts_per_tok=4 first_k_dense_replace=0
      kv_lora_rank=256 q_lora_rank=1024 qk_rope_head_dim=64 v_head_dim=128 qk_nope_head_dim=64
      attention_bias=false tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=1.0 n_group=1 topk_group=1
      """
  ) { keys in
    var latent = try keys.latentAttention(bias: keys.flag("attention_bias"))
    latent.positionScale = try keys.positionScale()
    let attention = Module.latentAttention(latent)
    func sparse() throws -> Layer {
      let counts = try keys.expertCounts("num_local_experts")
      let width = try keys.size(.expertSize)
      var router = try keys.routed(Router([Linear("gate", keys.size(.hidden), counts.all)]))
      // A group is as good as its two best experts.
      router.groupBest = 2
      return try keys.layer(
        attention,
        keys.stackedExperts(
          counts, keys.gated(width), router: router,
          outputFirst: true, shared: keys.sharedExperts(width: width)))
    }
    return try keys.decoder(
      keys.leading(
        "first_k_dense_replace", keys.layer(attention, .feedForward(keys.gated())), then: sparse()))
  }

  /// The text model of Phi-4-multimodal, without the adapters and towers beside it.
  static let phi4Multimodal = Family(
    "phi4_multimodal", like: phi3,
    defaults: """
      vocab_size=200064 intermediate_size=8192 num_attention_heads=32 num_key_value_heads=8
      sliding_window=null tie_word_embeddings=false
      partial_rotary_factor=1.0
      """)
}

extension Size {
  static let additionalRows = Size(
    "V_+", "additional_vocab_size", "rows of the token table that the head has not")
}

extension Keys {
  /// A window that no layer of the class has, though its cache heeds the key.
  fileprivate func noteIdleWindow() throws {
    guard let window = try reading("sliding_window")?.value else { return }
    noteForPasses(
      "sliding_window is \(window.line), which crops the cache of transformers and nothing else; "
        + "it is not counted.")
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
