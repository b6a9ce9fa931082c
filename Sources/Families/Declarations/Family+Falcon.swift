import Architecture
import JSON
import Symbolic

/// TII's Falcon: attention, state spaces, and both.
extension Family {
  static let ofFalcon: [Family] = [falcon, falconMamba, falconH1]

  static let falcon = Family(
    "falcon", spelling: "hidden_act:activation",
    defaults: """
      vocab_size=65024 num_attention_heads=71 num_kv_heads=null ffn_hidden_size=null
      num_ln_in_parallel_attn=null new_decoder_architecture=false multi_query=true
      parallel_attn=true bias=false activation="gelu" tie_word_embeddings=true
      alibi=false
      """
  ) { keys in
    // An old name of the width, which wins where a file has both.
    _ = try keys.optional(.hidden, "n_embed")
    let bias = try keys.flag("bias")
    let isNew = try keys.flag("new_decoder_architecture")
    var heads = try keys.equalHeads()
    if isNew {
      heads.keyValue = try keys.size(
        .keyValueHeads, "num_kv_heads", else: heads.query, "num_attention_heads")
      try keys.require(
        heads.query, "num_attention_heads", multipleOf: heads.keyValue, "num_kv_heads")
    }
    let isShared = try !isNew && keys.flag("multi_query")
    if isShared { heads.keyValue = 1 }
    let attention = try keys.fusedAttention(
      heads, "query_key_value", "dense", inputBias: bias, outputBias: bias,
      order: isNew ? .groupByGroup : isShared ? .sideBySide : .headByHead
    ).attending { $0.scalesLinearBias = true }
    let feedForward = Module.feedForward(
      try keys.plain(
        keys.quadrupleWidth("ffn_hidden_size"), "dense_h_to_4h", "dense_4h_to_h", bias: bias))
    let norms = try keys.integer("num_ln_in_parallel_attn") ?? (isNew ? 2 : 1)
    let names = norms == 2 ? ["ln_attn", "ln_mlp"] : ["input_layernorm"]
    let paths = ("self_attention", "mlp")
    let layer =
      try keys.flag("parallel_attn")
      ? keys.parallelLayer(
        attention, feedForward, norms: names.map { try keys.norm($0, .layer) }, paths: paths)
      : keys.layer(attention, feedForward, norm: .layer, paths: paths)
    var model = try keys.decoder(keys.uniform(layer), .bloom, norm: .layer)
    // Its class makes the table whether layers rotate or not.
    if try keys.flag("alibi") { model.unreadAngles = [try keys.angles(heads.size)] }
    return model
  }

  static let falconMamba = Family("falcon_mamba", like: mamba, defaults: mambaDefaults)

  static let falconH1 = Family(
    "falcon_h1",
    defaults: """
      vocab_size=128000 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=8
      mamba_d_ssm=1024 mamba_n_heads=128 mamba_d_head="auto" mamba_n_groups=1 mamba_d_state=256
      mamba_d_conv=4 mamba_expand=2 mamba_conv_bias=true mamba_proj_bias=false
      mamba_chunk_size=256 mamba_rms_norm=false projectors_bias=false attention_bias=false mlp_bias=false
      tie_word_embeddings=false
      embedding_multiplier=1.0 lm_head_multiplier=1.0 mlp_multipliers=[1.0,1.0] key_multiplier=1.0
      attention_in_multiplier=1.0 attention_out_multiplier=1.0 ssm_in_multiplier=1.0
      ssm_out_multiplier=1.0 ssm_multipliers=[1.0,1.0,1.0,1.0,1.0] mamba_norm_before_gate=true
      """
  ) { keys in
    let inner =
      try keys.optional(.innerSize, "mamba_d_ssm")
      ?? keys.expanded("mamba_expand", inner: "mamba_d_ssm")
    var mixer = try keys.mamba2(
      inner, keys: mamba2Keys,
      biases: (keys.flag("mamba_proj_bias"), keys.flag("projectors_bias")),
      convolutionBias: keys.flag("mamba_conv_bias"), normed: keys.flag("mamba_rms_norm"),
      chunk: "mamba_chunk_size")
    let multipliers = try keys.multipliers("ssm_multipliers", count: 5)
    mixer.scales = DualStateSpace.Scales(
      gate: multipliers[0], values: multipliers[1], inputs: multipliers[2],
      outputs: multipliers[3], steps: multipliers[4])
    mixer.normPrecedesGate = try keys.flag("mamba_norm_before_gate")
    let keyScale = try keys.setting("key_multiplier")
    let attention = try keys.attention(bias: keys.flag("attention_bias") ? .all : [])
      .attending { $0.keyScale = keyScale }
    var feedForward = try keys.gated(bias: keys.flag("mlp_bias"))
    let scales = try keys.multipliers("mlp_multipliers", count: 2)
    feedForward.gateScale = scales[0]
    func branch(
      _ path: String, _ module: Module, _ input: Constant?, _ output: Constant?
    ) -> Branch {
      var branch = Branch(path, module)
      (branch.inputScale, branch.outputScale) = (input, output)
      return branch
    }
    let layer = Layer([
      Block(
        [try keys.norm("input_layernorm")],
        [
          branch(
            "mamba", .recurrent(.duality(mixer)), try keys.setting("ssm_in_multiplier"),
            try keys.setting("ssm_out_multiplier")),
          branch(
            "self_attn", attention, try keys.setting("attention_in_multiplier"),
            try keys.setting("attention_out_multiplier")),
        ]),
      Block(
        [try keys.norm("pre_ff_layernorm")],
        [branch("feed_forward", .feedForward(feedForward), nil, scales[1])]),
    ])
    var model = try keys.decoder(keys.uniform(layer), finalNorm)
    model.logits.scale = try keys.setting("lm_head_multiplier")
    return model
  }
}

extension Keys {
  /// A list of `count` multipliers; null means ones.
  fileprivate func multipliers(_ key: String, count: Int) throws -> [Constant] {
    guard let list = try list(key) else {
      return [Constant](repeating: .one, count: count)
    }
    guard list.count == count else {
      throw DescriptionError.wrongLength(key: spelled(key), count: list.count, expected: count)
    }
    return try list.map { entry in
      guard case .number(let text) = entry else {
        throw DescriptionError.wrongType(
          key: spelled(key), found: entry.kind, expected: "numbers")
      }
      return .decimal(text)
    }
  }
}
