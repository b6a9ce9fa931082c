import Architecture
import JSON
import Symbolic

/// Families with biased (ALiBi) scores, and others that name or norm things in their own way.
extension Family {
  static let falconLike: [Family] = [bloom, falcon, mpt, persimmon, cpmAnt]

  static let bloom = Family(
    "bloom", spelling: "n_embed=hidden_size num_attention_heads=n_head num_hidden_layers=n_layer",
    defaults: """
      vocab_size=250880 n_head=8 tie_word_embeddings=true
      apply_residual_connection_post_layernorm=false
      """
  ) { keys in
    let attention = try keys.fusedAttention(
      keys.equalHeads(), "query_key_value", "dense", inputBias: true, outputBias: true,
      order: .headByHead)
    let feedForward = try keys.plain(
      4 * keys.size(.hidden), "dense_h_to_4h", "dense_4h_to_h", fixed: "gelu_fast")
    var layer = try keys.layer(
      attention, .feedForward(feedForward), norm: .layer, paths: ("self_attention", "mlp"))
    let keepsNormed = try keys.isSet("apply_residual_connection_post_layernorm")
    for block in layer.blocks.indices { layer.blocks[block].keepsNormed = keepsNormed }
    let norm = Branch(
      "transformer", .normalization(try keys.norm("word_embeddings_layernorm", .layer)))
    return try keys.decoder(keys.uniform(layer), .bloom, norm: .layer, after: [norm])
  }

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
    return try keys.decoder(keys.uniform(layer), .bloom, norm: .layer)
  }

  static let mpt = Family(
    "mpt", spelling: "hidden_size=d_model num_attention_heads=n_heads num_hidden_layers=n_layers",
    defaults: """
      vocab_size=50368 n_heads=16 tie_word_embeddings=true attn_config.clip_qkv=null
      attn_config.softmax_scale=null
      """
  ) { keys in
    try keys.noteIgnoredAttention()
    let attention = try keys.fusedAttention(
      keys.equalHeads(), "Wqkv", "out_proj", inputBias: false, outputBias: false
    ).attending {
      $0.clip = try keys.setting("attn_config.clip_qkv")
      $0.scale = try keys.given("attn_config.softmax_scale") ?? $0.scale
    }
    let feedForward = try keys.plain(
      4 * keys.size(.hidden), "up_proj", "down_proj", bias: false, fixed: "gelu")
    let layer = try keys.layer(
      attention, .feedForward(feedForward), norm: .layerWithoutBias, norms: ("norm_1", "norm_2"),
      paths: ("attn", "ffn"))
    let names = FrameNames(
      token: "transformer.wte", layers: "transformer.blocks", norm: "transformer.norm_f")
    return try keys.decoder(keys.uniform(layer), names, norm: .layerWithoutBias)
  }

  static let persimmon = Family(
    "persimmon",
    defaults: """
      vocab_size=262144 num_attention_heads=64 intermediate_size=16384 qk_layernorm=true
      hidden_act="relu2" tie_word_embeddings=false
      partial_rotary_factor=0.5
      """
  ) { keys in
    let heads = try keys.equalHeads()
    let norms: [(String, Formula, Normalization.Subject)] =
      try keys.flag("qk_layernorm")
      ? [("q_layernorm", heads.query, .queries), ("k_layernorm", heads.keyValue, .keys)] : []
    let attention = try keys.fusedAttention(
      heads, "query_key_value", "dense", inputBias: true, outputBias: true,
      norms: norms.map {
        Normalization($0, [heads.size], .layer, bias: true, vectors: $1, of: $2)
      }, order: .headByHead)
    let feedForward = try keys.plain(nil, "dense_h_to_4h", "dense_4h_to_h")
    return try keys.decoder(
      keys.uniform(keys.layer(attention, .feedForward(feedForward), norm: .layer)),
      FrameNames(norm: "model.final_layernorm"), norm: .layer)
  }

  /// The token table has rows for prompts besides, so the head is never tied to it.
  static let cpmAnt = Family(
    "cpmant",
    defaults: """
      vocab_size=30720 num_attention_heads=32 dim_head=128 dim_ff=10240 prompt_types=32
      prompt_length=32 segment_types=32 position_bias_num_buckets=512
      """
  ) { keys in
    let d = try keys.size(.hidden)
    let segments = try keys.size(.segments)
    let rows = try keys.size(.vocabulary) + keys.size(.promptTypes) * keys.size(.promptLength)
    let attention = try keys.attention(
      Heads(query: keys.size(.heads), size: keys.size(.headSize, "dim_head")),
      names: ProjectionNames(
        query: "project_q", key: "project_k", value: "project_v", output: "attention_out"))
    let feedForward = try keys.gated(
      keys.size(.intermediate, "dim_ff"),
      names: GatedNames(gate: "w_in.w_0", up: "w_in.w_1", down: "w_out"), fixed: "gelu")
    let layer = try keys.layer(
      attention, .feedForward(feedForward),
      norms: ("self_att.layernorm_before_attention", "ffn.layernorm_before_ffn"),
      paths: ("self_att.self_attention", "ffn.ffn"))
    let bias = Weight(
      "cpmant.position_bias.relative_attention_bias",
      [try segments * segments + keys.size(.buckets), try keys.size(.heads)], .embedding)
    var model = try keys.decoder(
      keys.uniform(layer),
      FrameNames(
        token: "cpmant.input_embedding", layers: "cpmant.encoder.layers",
        norm: "cpmant.encoder.output_layernorm"),
      untieable: true)
    model.head = [
      Branch("cpmant.input_embedding", .embedding(Embedding(.token, rows: rows, width: d))),
      Branch(
        "cpmant.segment_embedding", .embedding(Embedding(.position, rows: segments, width: d))),
      .idle("", [bias]),
    ]
    return model
  }
}

extension Size {
  fileprivate static let segments = Size("n_g", "segment_types", "kinds of segments")
  fileprivate static let promptTypes = Size("n_p", "prompt_types", "kinds of prompts")
  fileprivate static let promptLength = Size("l_p", "prompt_length", "tokens of a prompt")
  fileprivate static let buckets = Size(
    "n_b", "position_bias_num_buckets", "buckets of relative positions")
}

extension FrameNames {
  fileprivate static let bloom = FrameNames(
    token: "transformer.word_embeddings", layers: "transformer.h", norm: "transformer.ln_f")
}

extension Keys {
  /// Of `attn_config`, the class of MPT reads numbers alone: it has one kind of attention.
  fileprivate func noteIgnoredAttention() throws {
    guard let reading = try reading("attn_config") else { return }
    let built: [(String, JSONValue)] = [
      ("attn_type", .string("multihead_attention")), ("alibi", .boolean(true)),
      ("qk_ln", .boolean(false)), ("prefix_lm", .boolean(false)),
    ]
    for (key, value) in built {
      guard let other = reading.value[key], other != value else { continue }
      note(
        "attn_config.\(key) is \(other.line), which transformers ignores for \(modelType); so does the count."
      )
    }
  }
}
