import Architecture
import Symbolic

extension Size {
  fileprivate static let gatedNormRank = Size(
    "r_n", "gated_norm_rank", "rank of the gate inside a norm")
  fileprivate static let queryHeadSize = Size("d_q", "qk_head_dim", "width of one query head")
  fileprivate static let zeroExperts = Size(
    "E_0", "zero_expert_num", "routed experts that return their input")
}

/// Families of 2024 and later with multi-head latent attention.
extension Family {
  static let latentLike: [Family] = [minicpm3, youtu, axk1, axk2, longcatFlash, hyV4]

  static let minicpm3 = Family(
    "minicpm3",
    defaults: """
      vocab_size=73448 intermediate_size=6400 num_attention_heads=40 attention_bias=false
      mlp_bias=false kv_lora_rank=256 q_lora_rank=768 qk_nope_head_dim=64 qk_rope_head_dim=32
      v_head_dim=null tie_word_embeddings=true scale_emb=12 scale_depth=1.4 dim_model_base=256
      """
  ) { keys in
    let v = try keys.optional(.valueSize)
    let value = try v ?? keys.equalHeads(keys.size(.hidden), keys.size(.heads))
    let attention = try keys.latentAttention(bias: keys.flag("attention_bias"), valueSize: value)
    var layer = try keys.layer(
      .latentAttention(attention), .feedForward(keys.gated(bias: keys.flag("mlp_bias"))))
    let depth = try keys.size(.layers)
    let scale = try keys.setting("scale_depth").map { $0 * .inverseRoot(depth) }
    for block in layer.blocks.indices { layer.blocks[block].scale = scale }
    var model = try keys.decoder(keys.uniform(layer))
    model.scaleTokens(by: try keys.setting("scale_emb"))
    let width = try keys.size(.hidden)
    model.logits.inputScale = try keys.setting("dim_model_base").map { $0 * .inverse(.size(width)) }
    return model
  }

  static let youtu = Family(
    "youtu",
    defaults: """
      vocab_size=128256 intermediate_size=6144 num_attention_heads=16 kv_lora_rank=512
      q_lora_rank=1536 qk_rope_head_dim=64 v_head_dim=128 qk_nope_head_dim=128
      attention_bias=false tie_word_embeddings=true
      """
  ) { keys in
    let attention = try keys.latentAttention(bias: keys.flag("attention_bias"))
    return try keys.decoder(
      keys.uniform(keys.layer(.latentAttention(attention), .feedForward(keys.gated()))))
  }

  static let axk1 = Family(
    "axk1", spelling: deepSeekV3.spelling,
    defaults: """
      vocab_size=163840 intermediate_size=18432 moe_intermediate_size=2048 num_attention_heads=64
      n_shared_experts=1 n_routed_experts=192 kv_lora_rank=512 q_lora_rank=1536
      qk_rope_head_dim=64 v_head_dim=128 qk_nope_head_dim=128 num_experts_per_tok=8
      attention_bias=false mlp_layer_types=null first_k_dense_replace=1 moe_layer_freq=1
      tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=2.5 n_group=8 topk_group=4
      """
  ) { keys in
    let attention = Module.latentAttention(
      try keys.latentAttention(bias: keys.flag("attention_bias")))
    func sparse() throws -> Layer {
      var layer = try keys.layer(attention, keys.fineGrainedExperts(isCorrected: true))
      layer.blocks[1].outputNorms = [try keys.norm("post_mlp_layernorm")]
      return layer
    }
    return try keys.decoder(
      keys.deepseekLayers(
        dense: keys.layer(attention, .feedForward(keys.gated())), sparse: sparse()))
  }

  /// The queries come with an output gate, and most norms are gated by a small network.
  static let axk2 = Family(
    "axk2", spelling: deepSeekV3.spelling,
    defaults: """
      vocab_size=163840 intermediate_size=5120 moe_intermediate_size=512 num_attention_heads=32
      n_shared_experts=1 n_routed_experts=128 kv_lora_rank=128 q_lora_rank=384
      qk_rope_head_dim=32 v_head_dim=64 qk_nope_head_dim=64 num_experts_per_tok=8
      attention_bias=false index_head_dim=128 index_n_heads=16 gated_norm_rank=16
      mlp_layer_types=null first_k_dense_replace=1 moe_layer_freq=1 tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=2.5 index_topk=2048 n_group=null topk_group=null
      """
  ) { keys in
    let rank = try keys.size(.queryRank)
    var latent = try keys.latentAttention(bias: keys.flag("attention_bias"), chooses: .own)
    let widths = latent.plainSize + latent.rotarySize + latent.valueSize
    latent.queryUp = Linear("q_b_proj", 2 * rank, latent.heads * widths)
    latent.queryUpGates = true
    latent.gate = .elements
    let attention = Module.latentAttention(latent)
    let input = "input_layernorm"
    let output = "post_attention_layernorm"
    func layer(_ feedForward: Module, gatedOutput: Bool) throws -> Layer {
      var layer = try keys.layer(
        attention, feedForward, norms: ("\(input).norm", gatedOutput ? "\(output).norm" : output))
      layer.blocks[0].inputNorms[0].gate = try keys.normGate(input)
      if gatedOutput { layer.blocks[1].inputNorms[0].gate = try keys.normGate(output) }
      return layer
    }
    return try keys.decoder(
      keys.deepseekLayers(
        dense: layer(.feedForward(keys.gated()), gatedOutput: false),
        sparse: layer(keys.fineGrainedExperts(isCorrected: true), gatedOutput: true)))
  }

  /// Two attentions and two dense layers to a layer, and a mixture that bridges the second half.
  ///
  /// - Source: Meituan 2025, <https://arxiv.org/abs/2509.01322>.
  static let longcatFlash = Family(
    "longcat_flash",
    spelling: """
      num_hidden_layers:num_layers intermediate_size=ffn_hidden_size num_experts_per_tok=moe_topk
      num_local_experts=n_routed_experts moe_intermediate_size=expert_ffn_hidden_size
      """,
    defaults: """
      vocab_size=131072 num_attention_heads=64 attention_bias=false ffn_hidden_size=12288
      q_lora_rank=1536 kv_lora_rank=512 qk_nope_head_dim=128 qk_rope_head_dim=64 v_head_dim=128
      qk_head_dim=null moe_topk=12 n_routed_experts=512 zero_expert_num=256 router_bias=false
      expert_ffn_hidden_size=2048 tie_word_embeddings=false
      routed_scaling_factor=6.0
      """
  ) { keys in
    var latent = try keys.latentAttention(bias: keys.flag("attention_bias"))
    if let width = try keys.optional(.queryHeadSize) {
      latent.queryUp = Linear("q_b_proj", try keys.size(.queryRank), latent.heads * width)
      latent.scale = try .inverseRoot(width) * keys.scoreMagnitude()
    }
    latent.scaling = .queries
    let dense = Module.feedForward(try keys.gated())
    var experts = Branch("mlp", try keys.longcatExperts())
    experts.isBridge = true
    let blocks = try [0, 1].flatMap { half in
      [
        Block(
          [try keys.norm("input_layernorm.\(half)")],
          [Branch("self_attn.\(half)", .latentAttention(latent))]),
        Block(
          [try keys.norm("post_attention_layernorm.\(half)")],
          [Branch("mlps.\(half)", dense)] + (half == 0 ? [experts] : [])),
      ]
    }
    return try keys.decoder(keys.uniform(Layer(blocks)))
  }

  /// Four residual streams, and an indexer that every fourth layer recomputes.
  static let hyV4 = Family(
    "hy_v4", spelling: "num_local_experts=n_routed_experts",
    defaults: """
      vocab_size=120832 intermediate_size=6912 moe_intermediate_size=768 num_attention_heads=32
      attention_bias=false n_routed_experts=256 n_shared_experts=1 num_experts_per_tok=8
      q_lora_rank=1536 kv_lora_rank=512 qk_nope_head_dim=192 qk_rope_head_dim=64 v_head_dim=256
      mlp_layer_types=null index_head_dim=128 index_n_heads=16 indexer_types=null hc_mult=4
      tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=2.827 n_group=1 topk_group=1 index_topk=2048
      """
  ) { keys in
    let indexers = try keys.layerTypes("indexer_types", known: ["full", "shared"]) { index in
      index == 0 || (index - 1).isMultiple(of: 4) ? "full" : "shared"
    }
    let sparse = try keys.sparseLayers()
    let groups = try keys.layers(kind: { index in
      LayerKind(attention: indexers[index], isSparse: sparse?[index] ?? (index > 0))
    }) { kind in
      let names = GatedNames(gate: "linear_gate")
      let layer = try keys.layer(
        .latentAttention(keys.hyV4Attention(chooses: kind.attention == "full" ? .own : .before)),
        kind.isSparse
          ? keys.hyV4Experts(names) : .feedForward(keys.gated(names: names)))
      return try layer.connected(
        ["hc_pre.hc_attn_layer.hc_", "hc_pre.hc_mlp_layer.hc_"].map {
          try keys.hyperConnection($0, .residual, normsOutput: true)
        })
    }
    let head = try keys.hyperConnection(
      "model.hc_pre.hc_head.hc_head_", .head, normsOutput: true)
    return try keys.collapsed(keys.decoder(groups), by: head)
  }
}

// MARK: - Their modules

extension Keys {
  fileprivate func normGate(_ name: String) throws -> NormGate {
    let d = try size(.hidden)
    let rank = try size(.gatedNormRank)
    return NormGate(
      name, down: Linear("\(name).W_down", d, rank), up: Linear("\(name).W_up", rank, d))
  }

  /// Zero experts have gates and up maps in `transformers`, which never uses them, and in no
  /// checkpoint.
  fileprivate func longcatExperts() throws -> Module {
    let counts = try expertCounts("num_local_experts")
    let d = try size(.hidden)
    let width = try size(.expertSize)
    let zero = try optional(.zeroExperts, least: 0) ?? 0
    if number(zero) != 0 {
      note("A token may choose zero experts, which compute nothing: active counts are the most.")
      noteForPasses(
        "Bytes of weights are of all that the library allocates, with maps for zero experts that no "
          + "checkpoint holds; 'tally params' gives both counts. No pass reads them.")
    }
    let all = derived(
      Size("E_a", "n_routed_experts", "experts, those that do nothing included"),
      counts.all + zero, "n_routed_experts + zero_expert_num")
    let weights = [
      Weight(
        "experts.#.gate_proj.weight", [width, d], .routedExperts, copies: all, unstored: zero),
      Weight("experts.#.up_proj.weight", [width, d], .routedExperts, copies: all, unstored: zero),
      Weight("experts.#.down_proj.weight", [d, width], .routedExperts, copies: counts.all),
    ]
    let correction = scoreCorrection(all, "router.e_score_correction_bias")
    var router = Router(
      [Linear("router.classifier", d, all, bias: try flag("router_bias"))], correction: correction)
    router = try routed(router)
    var mixture = MixtureOfExperts(
      router: router, experts: counts.all, active: counts.active, expert: try gated(width),
      layout: .stacked(weights))
    if number(zero) != 0 {
      mixture.idle = zero
      mixture.idleReturnsInput = true
    }
    return .mixtureOfExperts(mixture)
  }

  fileprivate func hyV4Attention(chooses: IndexerPlace) throws -> LatentAttention {
    let d = try size(.hidden)
    var attention = try latentAttention(bias: flag("attention_bias"), chooses: chooses)
    attention.gateMap = Linear("linear_gate", d, attention.heads * attention.valueSize)
    attention.sinks = Weight("learnable_sink_param", [attention.heads], .attention)
    attention.gate = .elements
    if case .own(var indexer) = attention.chooses {
      indexer.rotatesEnd = true
      indexer.scalesWeights = true
      // The class gives this norm the ε of the others.
      indexer.keyNorm.epsilon = nil
      attention.chooses = .own(indexer)
    }
    return attention
  }

  fileprivate func hyV4Experts(_ names: GatedNames) throws -> Module {
    let d = try size(.hidden)
    let counts = try expertCounts("num_local_experts")
    let width = try size(.expertSize)
    let shared = try size(.sharedExperts, "n_shared_experts", least: 0)
    var router = Router([Linear("gate", d, counts.all)], correction: scoreCorrection(counts.all))
    router.scoring = .sigmoid
    var expert = try fusedGated(width)
    expert.clip = try constant("swiglu_limit")
    expert.clipsBeforeFunction = true
    return try stackedExperts(
      counts, expert, router: routed(router), outputFirst: true,
      shared: gated(shared * width, names: names))
  }
}
