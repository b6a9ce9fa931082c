import Architecture
import JSON
import Symbolic

/// AI2's Molmo, without its towers.
extension Family {
  static let ofMolmo: [Family] = [molmo, molmo2]

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
    var feedForward = try keys.fusedGated(keys.feedForwardWidth() / 2, "ff_proj", "ff_out")
    feedForward.fusion = .gateLast
    var model = try keys.decoder(
      keys.uniform(
        keys.layer(
          attention, .feedForward(feedForward), norms: ("attn_norm", "ff_norm"), paths: ("", ""))),
      FrameNames(
        token: "model.transformer.wte", layers: "model.transformer.blocks",
        norm: "model.transformer.ln_f", head: "model.transformer.ff_out"))
    model.widenTable(by: 128, inTensors: true)
    return model
  }

  /// Molmo 2: Qwen3 with rows of the token table that the head has not, and perhaps with other angles in
  /// some layers.
  ///
  /// Its names are those of the files: AI2's own.
  static let molmo2 = Family(
    "molmo2_text", spelling: "qkv_bias=attention_bias layer_norm_eps=rms_norm_eps",
    defaults: """
      vocab_size=151936 additional_vocab_size=128 intermediate_size=12288 num_attention_heads=32
      num_key_value_heads=8 head_dim=128 attention_bias=false qk_norm_type="qwen3"
      norm_after=false rope_scaling_layers=null tie_word_embeddings=false
      """
  ) { keys in
    // The head has fewer rows than the table, whatever a file says.
    keys.passOver("tie_word_embeddings")
    let heads = try keys.heads()
    let scaled = try keys.angles(heads.size)
    var plain = scaled
    (plain.scaling, plain.table) = (.none, "unscaled")
    let isScaled = try keys.scaledLayers()
    var groups = try keys.uniform(keys.molmo2Layer(heads, scaled))
    if scaled.scaling != .none, let isScaled {
      groups = try keys.layers(kind: isScaled) {
        try keys.molmo2Layer(heads, $0 ? scaled : plain)
      }
    }
    var model = try keys.decoder(
      groups,
      FrameNames(
        token: "model.transformer.wte", layers: "model.transformer.blocks",
        norm: "model.transformer.ln_f"), untieable: true)
    // The class makes both tables, whether a layer reads them or not.
    if scaled.scaling != .none { model.unreadAngles = [scaled, plain] }
    model.widenTable(by: try keys.size(.additionalRows, least: 0), inTensors: true)
    return model
  }
}

extension Keys {
  /// Which layers rotate by the scaled angles, where a list says it.
  fileprivate func scaledLayers() throws -> ((Int) -> Bool)? {
    guard let list = try list("rope_scaling_layers") else { return nil }
    let indices = Set(list.compactMap(\.integer))
    return { indices.contains(Int128($0)) }
  }

  /// A layer with fused maps; its norms stand before its modules, or behind them.
  fileprivate func molmo2Layer(_ heads: Heads, _ angles: RotaryAngles) throws -> Layer {
    let (q, kv) = (heads.query * heads.size, heads.keyValue * heads.size)
    let norms =
      try text("qk_norm_type") == "qwen3"
      ? [
        Normalization("q_norm", [heads.size], vectors: heads.query, of: .queries),
        Normalization("k_norm", [heads.size], vectors: heads.keyValue, of: .keys),
      ] : [Normalization("q_norm", [q], of: .queries), Normalization("k_norm", [kv], of: .keys)]
    let attention = try fusedAttention(
      heads, "att_proj", "attn_out", inputBias: flag("attention_bias"), outputBias: false,
      norms: norms, position: .rotary(angles))
    var feedForward = try fusedGated(nil, "ff_proj", "ff_out")
    feedForward.fusion = .gateLast
    guard try flag("norm_after") else {
      return try layer(attention, .feedForward(feedForward), norms: ("attn_norm", "ff_norm"))
    }
    return Layer([
      Block([], [Branch("self_attn", attention)], outputNorms: [try norm("attn_norm")]),
      Block([], [Branch("mlp", .feedForward(feedForward))], outputNorms: [try norm("ff_norm")]),
    ])
  }
}

extension Model {
  /// Gives the token table rows that the vocabulary, and the head, have not.
  ///
  /// - `inTensors`: whether a file has the table in two tensors, as AI2's files have it.
  mutating func widenTable(by rows: Formula, inTensors: Bool = false) {
    guard case .embedding(var table) = head[0].module else { return }
    table.rows += rows
    if inTensors {
      table.name = "embedding"
      table.addition = Embedding.Addition("new_embedding", rows: rows)
    }
    head[0].module = .embedding(table)
  }
}

extension Size {
  static let additionalRows = Size(
    "V_+", "additional_vocab_size", "rows of the token table that the head has not")
}
