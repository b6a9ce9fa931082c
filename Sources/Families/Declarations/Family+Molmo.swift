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
}

extension Model {
  /// Gives the token table rows that the vocabulary, and the head, have not.
  mutating func widenTable(by rows: Formula) {
    guard case .embedding(var table) = head[0].module else { return }
    table.rows += rows
    head[0].module = .embedding(table)
  }
}

extension Size {
  static let additionalRows = Size(
    "V_+", "additional_vocab_size", "rows of the token table that the head has not")
}
