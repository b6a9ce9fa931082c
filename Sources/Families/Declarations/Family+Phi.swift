import Architecture
import JSON
import Symbolic

/// Phi and its neighbours: layer norms with biases, or experts, around modern attention.
extension Family {
  static let phiLike: [Family] = [
    phi, phi3, phiMoE, stableLM, starCoder2, nemotron, dbrx, nanoChat, modernBERTDecoder, bitNet,
    helium,
  ]

  static let phi = Family(
    "phi",
    defaults: """
      vocab_size=51200 intermediate_size=8192 num_attention_heads=32 num_key_value_heads=null
      qk_layernorm=false hidden_act="gelu_new" tie_word_embeddings=false
      partial_rotary_factor=0.5
      """
  ) { keys in
    let heads = try keys.heads()
    let width = try Formula.floor(keys.size(.hidden) / heads.query)
    let norms: [(String, Formula, Normalization.Subject)] =
      try keys.flag("qk_layernorm")
      ? [("q_layernorm", heads.query, .queries), ("k_layernorm", heads.keyValue, .keys)] : []
    let attention = try keys.attention(
      heads, bias: .all, names: .dense,
      norms: norms.map { Normalization($0, [width], .layer, bias: true, vectors: $1, of: $2) })
    let layer = try keys.parallelLayer(
      attention, .feedForward(keys.plain(nil, "fc1", "fc2")),
      norms: [keys.norm("input_layernorm", .layer)])
    return try keys.decoder(
      keys.uniform(layer), FrameNames(norm: "model.final_layernorm"), norm: .layer, headBias: true)
  }

  static let phi3 = Family(
    "phi3",
    defaults: """
      vocab_size=32064 intermediate_size=8192 num_attention_heads=32 num_key_value_heads=null
      sliding_window=null tie_word_embeddings=false
      partial_rotary_factor=1.0
      """
  ) { keys in
    let attention = try keys.fusedAttention(
      nil, "qkv_proj", "o_proj", inputBias: false, outputBias: false, reach: keys.window())
    return try keys.decoder(
      keys.uniform(keys.layer(attention, .feedForward(keys.fusedGated()))))
  }

  static let phiMoE = Family(
    "phimoe",
    defaults: """
      vocab_size=32064 intermediate_size=6400 num_attention_heads=32 num_key_value_heads=8
      num_local_experts=16 num_experts_per_tok=2 attention_bias=false lm_head_bias=false
      sliding_window=null tie_word_embeddings=false router_jitter_noise=0.01
      """
  ) { keys in
    let jitter = try keys.given("router_jitter_noise") ?? "0.01"
    let experts = try keys.experts(
      keys.phiMoECounts(), keys.gated(names: .numbered), scoring: .oneByOne(bound: "2" * jitter))
    let attention = try keys.attention(bias: keys.biases(.all), reach: keys.window())
    return try keys.decoder(
      keys.uniform(
        keys.layer(attention, experts, norm: .layer, paths: ("self_attn", "block_sparse_moe"))),
      norm: .layer, headBias: keys.flag("lm_head_bias"))
  }

  static let stableLM = Family(
    "stablelm",
    defaults: """
      vocab_size=50304 intermediate_size=6912 num_attention_heads=32 num_key_value_heads=32
      use_qkv_bias=false qk_layernorm=false use_parallel_residual=false tie_word_embeddings=false
      partial_rotary_factor=0.25
      """
  ) { keys in
    let heads = try keys.heads(explicit: false)
    func norm(
      _ name: String, _ count: Formula, of subject: Normalization.Subject
    ) -> Normalization {
      Normalization(
        "\(name)_layernorm.norms.#", [heads.size], .layer, copies: count, vectors: count,
        of: subject)
    }
    let attention = try keys.attention(
      heads, bias: keys.flag("use_qkv_bias") ? .inputs : [],
      norms: keys.flag("qk_layernorm")
        ? [norm("q", heads.query, of: .queries), norm("k", heads.keyValue, of: .keys)] : [])
    let feedForward = Module.feedForward(try keys.gated())
    let layer =
      try keys.flag("use_parallel_residual")
      ? keys.parallelLayer(
        attention, feedForward, norms: [keys.norm("input_layernorm", .layer)])
      : keys.layer(attention, feedForward, norm: .layer)
    return try keys.decoder(keys.uniform(layer), norm: .layer)
  }

  static let starCoder2 = Family(
    "starcoder2",
    defaults: """
      vocab_size=49152 intermediate_size=12288 num_attention_heads=24 num_key_value_heads=2
      use_bias=true sliding_window=null hidden_act="gelu_pytorch_tanh" tie_word_embeddings=true
      """
  ) { keys in
    let bias = try keys.flag("use_bias")
    let attention = try keys.attention(bias: bias ? .all : [], reach: keys.window())
    let feedForward = try keys.plain(nil, "c_fc", "c_proj", bias: bias)
    return try keys.decoder(
      keys.uniform(keys.layer(attention, .feedForward(feedForward), norm: .layer)), norm: .layer)
  }

  static let nemotron = Family(
    "nemotron",
    defaults: """
      vocab_size=256000 intermediate_size=24576 num_attention_heads=48 num_key_value_heads=null
      head_dim=null attention_bias=false mlp_bias=false hidden_act="relu2"
      tie_word_embeddings=false
      partial_rotary_factor=0.5
      """
  ) { keys in
    let attention = try keys.attention(bias: keys.biases(.all))
    let feedForward = try keys.plain(nil, "up_proj", "down_proj", bias: keys.flag("mlp_bias"))
    return try keys.decoder(
      keys.uniform(keys.layer(attention, .feedForward(feedForward), norm: .layer)), norm: .layer)
  }

  /// One tensor stacks the rows of every expert's matrix, in all three maps: `[E·f, d]`.
  static let dbrx = Family(
    "dbrx",
    spelling: "hidden_size=d_model num_attention_heads=n_heads num_hidden_layers=n_layers",
    defaults: """
      vocab_size=32000 n_heads=16 attn_config.kv_n_heads=1 ffn_config.ffn_hidden_size=3584
      ffn_config.moe_num_experts=4 ffn_config.moe_top_k=1
      ffn_config.moe_normalize_expert_weights=1.0 attn_config.clip_qkv=null
      """
  ) { keys in
    try keys.refuse("tie_word_embeddings")
    for key in ["attn_config", "ffn_config"] { _ = try keys.object(key) }
    var heads = try keys.equalHeads()
    heads.keyValue = try keys.size(.keyValueHeads, "attn_config.kv_n_heads")
    try keys.require(
      heads.query, "num_attention_heads", multipleOf: heads.keyValue, "attn_config.kv_n_heads")
    let attention = try keys.fusedAttention(
      heads, "Wqkv", "out_proj", inputBias: false, outputBias: false
    ).attending { $0.clip = try keys.given("attn_config.clip_qkv") }
    let (all, active) = try keys.expertCounts(
      "ffn_config.moe_num_experts", active: "ffn_config.moe_top_k")
    let d = try keys.size(.hidden)
    let f = try keys.size(.intermediate, "ffn_config.ffn_hidden_size")
    let function = try keys.object("ffn_config")?["ffn_act_fn"]?.object?["name"]?.string
    let experts = MixtureOfExperts(
      router: try keys.dbrxRouter(Linear("router.layer", d, all)), experts: all, active: active,
      expert: try keys.gated(
        f, names: GatedNames(gate: "w1", up: "v1", down: "w2"), fixed: function ?? "silu"),
      layout: .stacked(
        ["w1", "v1", "w2"].map { Weight("experts.mlp.\($0)", [all * f, d], .routedExperts) },
        inputFirst: ["experts.mlp.w2"]))
    let layer = try keys.layer(
      attention, .mixtureOfExperts(experts), norm: .layerWithoutBias,
      norms: ("norm_attn_norm.norm_1", "norm_attn_norm.norm_2"),
      paths: ("norm_attn_norm.attn", "ffn"))
    let names = FrameNames(
      token: "transformer.wte", layers: "transformer.blocks", norm: "transformer.norm_f")
    return try keys.decoder(
      keys.uniform(layer), names, norm: .layerWithoutBias, untieable: true)
  }

  /// No norm has a weight, and the tokens are normed before the first layer.
  static let nanoChat = Family(
    "nanochat",
    defaults: """
      vocab_size=50304 intermediate_size=8192 num_attention_heads=6 num_key_value_heads=null
      attention_bias=false hidden_act="relu2" tie_word_embeddings=false
      final_logit_softcapping=15.0
      """
  ) { keys in
    let heads = try keys.heads()
    let attention = try keys.attention(
      heads, bias: keys.biases(.all),
      norms: [
        Normalization("q_norm", [heads.size], weight: false, vectors: heads.query, of: .queries),
        Normalization("k_norm", [heads.size], weight: false, vectors: heads.keyValue, of: .keys),
      ]
    ).attending { attention in
      attention.normsFollowRotation = true
      guard case .rotary(var angles) = attention.position else { return }
      angles.turnsBack = true
      attention.position = .rotary(angles)
    }
    let feedForward = try keys.plain(nil, "fc1", "fc2", bias: false)
    return try keys.decoder(
      keys.uniform(keys.layer(attention, .feedForward(feedForward), norm: .bareRootMeanSquare)),
      norm: .bareRootMeanSquare,
      after: [Branch("model", .normalization(keys.norm("norm", .bareRootMeanSquare)))])
  }

  /// Norms stand inside both modules, before their output projections.
  static let bitNet = Family(
    "bitnet",
    defaults: """
      vocab_size=128256 intermediate_size=6912 num_attention_heads=20 num_key_value_heads=5
      attention_bias=false hidden_act="relu2" tie_word_embeddings=false
      """
  ) { keys in
    let attention = try keys.attention(
      bias: keys.biases(.all), norms: [keys.norm("attn_sub_norm", of: .output)])
    var feedForward = try keys.gated()
    feedForward.norms = [Normalization("ffn_sub_norm", [feedForward.width])]
    return try keys.decoder(
      keys.uniform(keys.layer(attention, .feedForward(feedForward))))
  }

  /// The output projection is square whatever the heads' width.
  static let helium = Family(
    "helium",
    defaults: """
      vocab_size=48000 intermediate_size=7040 num_attention_heads=20 num_key_value_heads=20
      head_dim=128 attention_bias=false mlp_bias=false tie_word_embeddings=false
      """
  ) { keys in
    let attention = try keys.attention(bias: keys.flag("attention_bias") ? .inputs : [])
      .withSquareOutput(keys.size(.hidden))
    return try keys.decoder(
      keys.uniform(
        keys.layer(attention, .feedForward(keys.gated(bias: keys.flag("mlp_bias"))))))
  }
}

extension Module {
  /// The same attention with an output projection from and to one width.
  fileprivate func withSquareOutput(_ width: Formula) -> Module {
    guard case .selfAttention(var attention) = self else { return self }
    attention.output.input = width
    return .selfAttention(attention)
  }
}

// MARK: - ModernBERT

extension Family {
  /// The first layer's attention has no norm of its own, because the tokens are normed.
  static let modernBERTDecoder = Family(
    "modernbert-decoder", spelling: "hidden_act:hidden_activation",
    defaults: """
      vocab_size=50368 intermediate_size=1152 num_attention_heads=12 norm_bias=false
      attention_bias=false mlp_bias=false decoder_bias=true classifier_bias=false
      local_attention=128 global_attn_every_n_layers=3 layer_types=null hidden_activation="gelu"
      tie_word_embeddings=true classifier_activation="gelu"
      """
  ) { keys in
    let style: NormStyle = try keys.flag("norm_bias") ? .layer : .layerWithoutBias
    let period = try keys.integer("global_attn_every_n_layers", least: 1) ?? 3
    // The window is on both sides of a token in ModernBERT, and only its half here.
    // A saved file has that half too, and what it says wins.
    let window =
      try keys.reading("sliding_window") != nil
      ? keys.window() : .window(.floor(keys.size(.window, "local_attention") / 2))
    let types = try keys.layerTypes(known: ["full_attention", "sliding_attention"]) {
      $0 % period == 0 ? "full_attention" : "sliding_attention"
    }
    let feedForward = Branch(
      "mlp", .feedForward(try keys.fusedGated(nil, "Wi", "Wo", bias: keys.flag("mlp_bias"))))
    let groups = try keys.layers(kind: { [types[$0], $0 == 0 ? "first" : ""] }) { kind in
      let attention = try keys.attention(
        keys.equalHeads(), bias: keys.biases(.all), names: ProjectionNames(output: "Wo"),
        reach: kind[0] == "full_attention" ? .all : window,
        position: keys.rotary(
          keys.equalHeads().size, table: kind[0] == "full_attention" ? "" : "local", of: kind[0]))
      return Layer([
        Block(
          kind[1] == "first" ? [] : [try keys.norm("attn_norm", style)],
          [Branch("attn", attention)]),
        Block([try keys.norm("mlp_norm", style)], [feedForward]),
      ])
    }
    let d = try keys.size(.hidden)
    let dense = Linear("lm_head.dense", d, d, bias: try keys.flag("classifier_bias"))
    let head = MappedFunction(
      dense, Activation(named: try keys.text("classifier_activation") ?? "gelu"),
      .languageModelHead)
    return try keys.decoder(
      groups,
      FrameNames(
        token: "model.embeddings.tok_embeddings", norm: "model.final_norm", head: "decoder"),
      norm: style,
      after: [Branch("model.embeddings", .normalization(keys.norm("norm", style)))],
      before: [
        Branch("", .stream(.mapped(head))),
        Branch("lm_head", .normalization(keys.norm("norm", style))),
      ], headBias: keys.flag("decoder_bias"))
  }
}

extension Keys {
  /// A router whose chosen weights are divided by a norm of them, if the key has its power.
  fileprivate func dbrxRouter(_ gate: Linear) throws -> Router {
    var router = Router([gate])
    let key = "ffn_config.moe_normalize_expert_weights"
    guard let power = try given(key), case .decimal(let text) = power else { return router }
    guard let number = Rational(decimal: text), number > .zero else {
      throw DescriptionError.unsupported(key: key, found: text, supported: "null, or above 0")
    }
    router.normalizes = true
    router.divisor = number == .one ? .sum : number == Rational(2) ? .rootOfSquares : .norm(power)
    return router
  }

  /// Two experts run for each token, whatever the key says.
  ///
  /// - Source: `sparsemixer` of transformers 5.23.0.
  fileprivate func phiMoECounts() throws -> (all: Formula, active: Formula) {
    let key = "num_experts_per_tok"
    let all = try size(.experts, "num_local_experts")
    if let given = try reading(key), given.value.integer != 2 {
      note(
        "\(key) is \(given.value.line), but \(modelType) runs two experts for each token, as in"
          + " transformers.")
    }
    let active = derived(.activeExperts, key: key, 2, "always two in \(modelType)")
    try require(active, key, atMost: all, "num_local_experts")
    return (all, active)
  }
}
