import Architecture
import JSON
import Symbolic

/// Dense families of 2024 and later that are built like Llama.
extension Family {
  static let denseLike: [Family] = [
    arcee, seedOSS, exaone4, smollm3, ernie45, hunyuanDense, glm, glm4, cwm, ministral, ministral3,
    hyperclovax, internlm3, jais2, iquestcoder, apertus, diffllama, cohereCompass,
  ]

  static let arcee = Family(
    "arcee",
    defaults: """
      vocab_size=32000 intermediate_size=18432 num_attention_heads=32 num_key_value_heads=null
      head_dim=null attention_bias=false mlp_bias=false tie_word_embeddings=false
      hidden_act="relu2"
      """
  ) { keys in
    let bias = try keys.flag("mlp_bias")
    return try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(bias: keys.biases(.all)),
          .feedForward(keys.plain(nil, "up_proj", "down_proj", bias: bias)))))
  }

  static let seedOSS = Family(
    "seed_oss",
    defaults: """
      vocab_size=155136 intermediate_size=27648 num_attention_heads=80 num_key_value_heads=8
      head_dim=128 attention_bias=true attention_out_bias=false mlp_bias=false
      tie_word_embeddings=false
      """
  ) { keys in
    let bias = try keys.biases(.inputs).union(keys.biases(.output, if: "attention_out_bias"))
    return try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(bias: bias), .feedForward(keys.gated(bias: keys.flag("mlp_bias"))))))
  }

  static let exaone4 = Family(
    "exaone4",
    defaults: """
      vocab_size=102400 intermediate_size=16384 num_attention_heads=32 num_key_value_heads=32
      tie_word_embeddings=false
      sliding_window=4096 sliding_window_pattern=4 layer_types=null
      """
  ) { keys in
    let layer = try keys.postNormLayer(
      keys.attention(norm: .eachHead), .feedForward(keys.gated()))
    return try keys.decoder(keys.exaoneSliding(keys.uniform(layer)))
  }

  static let smollm3 = Family(
    "smollm3",
    defaults: """
      vocab_size=128256 intermediate_size=11008 num_attention_heads=16 num_key_value_heads=4
      attention_bias=false mlp_bias=false use_sliding_window=false sliding_window=null
      no_rope_layers=null no_rope_layer_interval=4 layer_types=null tie_word_embeddings=true
      """
  ) { keys in
    let layer = try keys.layer(
      keys.attention(bias: keys.biases(.all)),
      .feedForward(keys.gated(bias: keys.flag("mlp_bias"))))
    let rotates = try keys.rotating()
    var groups = try keys.uniform(layer)
    if let rotates {
      groups = try keys.layers(kind: { rotates[$0] }) { isRotated in
        isRotated ? layer : layer.attending { $0.position = .none }
      }
    }
    guard try keys.isSet("use_sliding_window") else { return try keys.decoder(groups) }
    return try keys.decoder(keys.sliding(groups) { !(rotates?[$0] ?? true) })
  }

  static let ernie45 = Family(
    "ernie4_5",
    defaults: """
      vocab_size=103424 intermediate_size=3072 num_attention_heads=16 num_key_value_heads=2
      head_dim=128 use_bias=false tie_word_embeddings=true
      """
  ) { keys in
    let bias = try keys.flag("use_bias")
    return try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(bias: bias ? .all : []), .feedForward(keys.gated(bias: bias)))))
  }

  static let hunyuanDense = Family(
    "hunyuan_v1_dense",
    defaults: """
      vocab_size=290943 intermediate_size=11008 num_attention_heads=32 num_key_value_heads=null
      head_dim=null attention_bias=false tie_word_embeddings=false
      """
  ) { keys in
    try keys.decoder(
      keys.uniform(keys.layer(keys.hunyuanAttention(), .feedForward(keys.gated()))))
  }

  static let glm = Family(
    "glm",
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

  static let cwm = Family(
    "cwm",
    defaults: """
      vocab_size=128256 intermediate_size=21504 num_attention_heads=48 num_key_value_heads=8
      head_dim=128 mlp_bias=false tie_word_embeddings=false
      sliding_window=8192 layer_types=null
      """
  ) { keys in
    let layer = try keys.layer(
      keys.attention(), .feedForward(keys.gated(bias: keys.flag("mlp_bias"))))
    return try keys.decoder(keys.sliding(keys.uniform(layer)) { !$0.isMultiple(of: 4) })
  }

  static let ministral = Family(
    "ministral",
    defaults: """
      vocab_size=32000 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=8
      head_dim=null sliding_window=4096 layer_types=null tie_word_embeddings=false
      """
  ) { keys in
    let layer = try keys.layer(keys.attention(), .feedForward(keys.gated()))
    return try keys.decoder(keys.sliding(keys.uniform(layer)) { _ in true })
  }

  static let ministral3 = Family(
    "ministral3",
    defaults: """
      vocab_size=131072 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=8
      head_dim=128 sliding_window=null tie_word_embeddings=false
      """
  ) { keys in
    let scale = try keys.positionScale()
    let attention = try keys.attention(reach: keys.window()).attending { $0.positionScale = scale }
    return try keys.decoder(keys.uniform(keys.layer(attention, .feedForward(keys.gated()))))
  }

  static let hyperclovax = Family(
    "hyperclovax",
    defaults: """
      vocab_size=32000 intermediate_size=11008 num_attention_heads=32 num_key_value_heads=null
      head_dim=null attention_bias=false mlp_bias=false use_post_norm=true
      tie_word_embeddings=false
      logits_scaling=1.0 embedding_multiplier=1.0 residual_multiplier=1.0
      """
  ) { keys in
    let attention = try keys.attention(bias: keys.biases(.all))
    let feedForward = Module.feedForward(try keys.gated(bias: keys.flag("mlp_bias")))
    let norms = ["input_layernorm", "post_norm1", "post_attention_layernorm", "post_norm2"]
    var model = try keys.decoder(
      keys.uniform(
        keys.flag("use_post_norm")
          ? keys.sandwichLayer(attention, feedForward, norms: norms)
          : keys.layer(attention, feedForward)))
    // Granite divides by this, and HyperCLOVA X multiplies.
    model.logits.scale = try keys.setting("logits_scaling")
    return model
  }

  static let internlm3 = Family(
    "internlm3", like: llama, spelling: "qkv_bias=attention_bias bias=mlp_bias",
    defaults: """
      vocab_size=128512 intermediate_size=10240 num_attention_heads=32 num_key_value_heads=2
      head_dim=128 attention_bias=false mlp_bias=false tie_word_embeddings=false
      """)

  static let jais2 = Family(
    "jais2",
    defaults: """
      vocab_size=150272 intermediate_size=26624 num_attention_heads=26 num_key_value_heads=null
      head_dim=null attention_bias=true mlp_bias=true tie_word_embeddings=false
      hidden_act="relu2"
      """
  ) { keys in
    let bias = try keys.flag("mlp_bias")
    return try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(bias: keys.biases(.all)),
          .feedForward(keys.plain(nil, "up_proj", "down_proj", bias: bias)), norm: .layer)),
      norm: .layer)
  }

  static let iquestcoder = Family(
    "iquestcoder", like: llama,
    defaults: """
      vocab_size=76800 intermediate_size=27648 num_attention_heads=40 num_key_value_heads=8
      head_dim=128 attention_bias=false mlp_bias=false tie_word_embeddings=false
      """)
}

// MARK: - With vectors of their own

extension Family {
  static let apertus = Family(
    "apertus",
    defaults: """
      vocab_size=131072 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=null
      attention_bias=false hidden_act="xielu" tie_word_embeddings=false
      """
  ) { keys in
    try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(bias: keys.biases(.all), norm: .eachHead),
          .feedForward(keys.plain(nil, "up_proj", "down_proj", bias: false)),
          norms: ("attention_layernorm", "feedforward_layernorm"))))
  }

  /// Differential attention: the two halves of the heads are subtracted, with a learned weight.
  ///
  /// - Source: Ye et al. 2024, <https://arxiv.org/abs/2410.05258>.
  static let diffllama = Family(
    "diffllama",
    defaults: """
      vocab_size=32000 intermediate_size=8192 num_attention_heads=32 num_key_value_heads=null
      head_dim=null attention_bias=false tie_word_embeddings=false
      """
  ) { keys in
    let heads = try keys.heads()
    let lambdas = ["lambda_q1", "lambda_k1", "lambda_q2", "lambda_k2"]
      .map { Weight($0, [heads.size], .attention) }
    let norm = Normalization(
      "groupnorm", [2 * heads.size], weight: false, vectors: heads.query / 2, of: .output)
    // λ₀ = 0.8 − 0.6·e^(−0.3·i), from the class.
    let fall = Constant.exponential(.product("-0.3", .layerIndex))
    let difference = HeadDifference(
      raising: Array(lambdas[..<2]), lowering: Array(lambdas[2...]),
      start: .sum("0.8", .product("-0.6", fall)),
      rest: .sum("0.2", .product("0.6", fall)))
    let attention = try keys.attention(
      heads, bias: keys.biases(.all), norms: [norm], vectors: lambdas)
    return try keys.decoder(
      keys.uniform(
        keys.layer(
          attention.attending { $0.difference = difference }, .feedForward(keys.gated()))))
  }

  static let cohereCompass = Family(
    "cohere_compass_text",
    defaults: """
      vocab_size=256000 intermediate_size=22528 num_attention_heads=64 num_key_value_heads=null
      attention_bias=false tie_word_embeddings=true
      sliding_window=4096 layer_types=null logit_scale=null
      """
  ) { keys in
    func layer(_ type: String) throws -> Layer {
      let heads = try keys.heads()
      // A type of layers whose rules are null does not rotate.
      let isRotated =
        try keys.object("rope_parameters").map { ($0[type] ?? .boolean(true)) != .null } ?? true
      return try keys.parallelLayer(
        keys.attention(
          heads, bias: keys.biases(.all), reach: keys.window(ofType: type),
          position: isRotated
            ? keys.rotary(heads.size, table: type == "full_attention" ? "" : "local", of: type)
            : PositionScheme.none),
        .feedForward(keys.gated()), norms: [keys.norm("input_layernorm", .layerWithoutBias)])
    }
    guard try keys.list("layer_types") != nil else {
      return try keys.decoder(keys.uniform(layer("full_attention")), norm: .layerWithoutBias)
    }
    let types = try keys.layerTypes(known: ["full_attention", "sliding_attention"]) { _ in
      "full_attention"
    }
    return try keys.decoder(
      keys.layers(kind: { types[$0] }) { try layer($0) }, norm: .layerWithoutBias)
  }
}

extension Keys {
  /// Layers of which one in each period sees all positions; these do not rotate.
  ///
  /// A pattern may be a number or a text of L (local) and G (global).
  func exaoneSliding(_ groups: [LayerGroup]) throws -> [LayerGroup] {
    let pattern = try reading("sliding_window_pattern")?.value
    let letters = pattern?.string.map(Array.init) ?? []
    let period = pattern?.integer.flatMap { Int(exactly: $0) } ?? 0
    guard !letters.isEmpty || period > 0, try window() != .all else { return groups }
    return try sliding(groups, whole: PositionScheme.none) { index in
      letters.isEmpty
        ? !(index + 1).isMultiple(of: period) : letters[index % letters.count] == "L"
    }
  }

  /// Attention with the norms of queries and keys as Hunyuan names them.
  func hunyuanAttention() throws -> Module {
    try attention(
      bias: biases(.all), norm: .eachHead, normNames: ("query_layernorm", "key_layernorm")
    ).attending { $0.normsFollowRotation = true }
  }
}
