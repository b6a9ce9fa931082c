import Architecture
import JSON
import Symbolic

/// Reformer: attention within chunks, or among keys that a hash has brought together.
extension Family {
  static let ofReformer: [Family] = [reformer]

  /// Layers are reversible: two streams go through them, and norm and head read both.
  ///
  /// - Source: Kitaev et al. 2020, <https://arxiv.org/abs/2001.04451>.
  static let reformer = Family(
    "reformer",
    traits: [.doesNotRotate, .makesOwnMask],
    defaults: """
      vocab_size=320 attention_head_size=64 num_attention_heads=12 feed_forward_size=512
      hidden_act="relu" axial_pos_embds=true axial_pos_shape=[64,64] axial_pos_embds_dim=[64,192]
      max_position_embeddings=4096
      """
  ) { keys in
    let d = try keys.size(.hidden)
    let types = try keys.reformerTypes()
    // The class counts the entries, and its head is never the table, which has half of its width.
    keys.passOver("num_hidden_layers", "tie_word_embeddings")
    let heads = try keys.size(.heads)
    let size = try keys.size(.headSize, "attention_head_size")
    let feedForward = try keys.plain(
      keys.size(.intermediate, "feed_forward_size"), "dense.dense", "output.dense")
    let groups = try keys.layers(kind: { types[$0] }) { type in
      let width = heads * size
      let isHashed = type == "lsh"
      let names = isHashed ? ["query_key", "value"] : ["query", "key", "value"]
      let attention = SelfAttention(
        heads: heads, keyValueHeads: heads, headSize: size,
        inputs: names.map { Linear("self_attention.\($0)", d, width) },
        layout: isHashed ? InputLayout([[.queries, .keys], [.values]]) : .separate,
        output: Linear("output.dense", width, d))
      return try keys.layer(
        .selfAttention(attention), .feedForward(feedForward), norm: .layer,
        norms: ("attention.layer_norm", "feed_forward.layer_norm"),
        paths: ("attention", "feed_forward"))
    }
    let base = "reformer.embeddings"
    var model = try keys.decoder(
      groups,
      FrameNames(token: "\(base).word_embeddings", layers: "reformer.encoder.layers", norm: nil),
      after: keys.reformerPositions(d).map {
        Branch("\(base).position_embeddings", .embedding($0))
      },
      untieable: true)
    var head = Linear("decoder", 2 * d, try keys.size(.vocabulary), bias: true)
    head.ownBiasName = "bias"
    model.tail = [
      Branch("", .normalization(try keys.norm("reformer.encoder.layer_norm", .layer, 2 * d))),
      Branch("lm_head", .head(head, isTied: false)),
    ]
    return model
  }
}

extension Keys {
  /// The type of each layer, whose number is that of the entries.
  fileprivate func reformerTypes() throws -> [String] {
    // The class with a head is one that does not look ahead.
    guard try flag("is_decoder") else {
      throw DescriptionError.unsupported(key: "is_decoder", found: "false", supported: "true")
    }
    guard let list = try list("attn_layers") else {
      throw DescriptionError.missing(key: "attn_layers", symbol: "", modelType: modelType)
    }
    let types = try list.map { entry in
      guard let type = entry.string, ["local", "lsh"].contains(type) else {
        throw DescriptionError.unsupported(
          key: "attn_layers", found: entry.line, supported: "local, lsh")
      }
      return type
    }
    _ = derived(.layers, Formula(Int128(types.count)), "the entries of attn_layers")
    return types
  }

  /// A table of positions, or one for each axis of a grid of them, whose widths make up the model's.
  fileprivate func reformerPositions(_ d: Formula) throws -> [Embedding] {
    guard try flag("axial_pos_embds") else {
      var table = try Embedding(.position, rows: size(.positions), width: d)
      table.name = "embedding.weight"
      return [table]
    }
    passOver("max_position_embeddings")
    let shape = try wholeList("axial_pos_shape")
    let widths = try wholeList("axial_pos_embds_dim")
    guard shape.count == widths.count else {
      throw DescriptionError.unsupported(
        key: "axial_pos_embds_dim", found: "a list of \(widths.count)",
        supported: "one entry for each of axial_pos_shape, \(shape.count)")
    }
    let sum = Formula(widths.reduce(0, +))
    try require(sum, "axial_pos_embds_dim", multipleOf: d, "hidden_size")
    try require(sum, "axial_pos_embds_dim", atMost: d, "hidden_size")
    return zip(shape, widths).enumerated().map { axis, extent in
      var table = Embedding(
        .position, rows: Formula(extent.0), width: Formula(extent.1))
      table.name = "weights.\(axis)"
      table.axes =
        shape.indices.map { $0 == axis ? Formula(shape[$0]) : 1 } + [Formula(extent.1)]
      return table
    }
  }

  private func wholeList(_ key: String) throws -> [Int128] {
    try (list(key) ?? []).map { entry in
      guard let value = entry.integer, value > 0 else {
        throw DescriptionError.notASize(key: key, found: entry.line)
      }
      guard value <= 1 << 40 else {
        throw DescriptionError.tooLarge(key: key, found: "\(value)", limit: "2^40")
      }
      return value
    }
  }
}
