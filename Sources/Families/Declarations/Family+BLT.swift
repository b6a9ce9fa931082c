import Architecture
import JSON
import Symbolic

/// Byte Latent Transformer: bytes in patches of unequal length.
///
/// - Source: Pagnoni et al. 2024, <https://arxiv.org/abs/2412.09871>.
extension Family {
  static let ofBLT: [Family] = [blt]

  /// A local encoder reads bytes, the global transformer patches of them, and a local decoder writes bytes;
  /// a small model of bytes decides where a patch ends.
  ///
  /// The layers are those of the global transformer; those of the others are listed one by one.
  static let blt = Family(
    "blt",
    defaults: """
      vocab_size=260 cross_attn_k=2 encoder_hash_byte_group_size=null
      encoder_hash_byte_group_vocab=500002 encoder_hash_byte_group_nb_functions=1
      patch_in_forward=true tie_word_embeddings=false hidden_act="silu"
      encoder_config.vocab_size=260 encoder_config.num_attention_heads=16
      encoder_config.num_key_value_heads=null encoder_config.intermediate_size=null
      encoder_config.cross_attn_k=2 encoder_config.cross_attn_all_layers=false
      global_config.num_attention_heads=16 global_config.num_key_value_heads=null
      global_config.intermediate_size=5632
      decoder_config.num_attention_heads=16 decoder_config.num_key_value_heads=null
      decoder_config.intermediate_size=2816 decoder_config.cross_attn_k=2
      decoder_config.cross_attn_all_layers=true decoder_config.hidden_size_global=2048
      patcher_config.vocab_size=260 patcher_config.num_attention_heads=12
      patcher_config.num_key_value_heads=null patcher_config.intermediate_size=2048
      """
  ) { keys in
    let encoder = try keys.byteStack(.encoder)
    let global = try keys.byteStack(.global)
    let decoder = try keys.byteStack(.decoder)
    let table = try Branch(
      "model.local_encoder.embed_tokens",
      .embedding(
        Embedding(.token, rows: keys.size(.encoderVocabulary), width: encoder.width)))
    let hashes = try Branch(
      "model.encoder_hash_tok_embedding",
      .embedding(Embedding(.token, rows: keys.hashedRows(), width: encoder.width)))
    let patched = try encoder.width * keys.size(.encoderPatchVectors)
    let joined = try encoder.width * keys.size(.patchVectors)
    var head = [table, hashes] + encoder.layers("model.local_encoder")
    head.append(
      Branch(
        "model.local_encoder",
        .linear(Linear("patch_embedding_projection", encoder.width, patched))))
    head += try encoder.crossings(
      "model.local_encoder", all: keys.flag("encoder_config.cross_attn_all_layers"))
    if try keys.fixed(joined, "cross_attn_k", "a map stands between unequal widths")
      != keys.fixed(
        global.width, "global_config.hidden_size", "a map stands between unequal widths")
    {
      head.append(
        Branch(
          "model.global_transformer",
          .linear(Linear("token_embedding_projection", joined, global.width))))
    }
    let written = try decoder.width * keys.size(.decoderPatchVectors)
    var tail = [
      Branch(
        "model.local_decoder",
        .linear(
          Linear("patch_embedding_projection", try keys.size(.decoderPatchWidth), written)))
    ]
    tail += try decoder.crossings(
      "model.local_decoder", all: keys.flag("decoder_config.cross_attn_all_layers"))
    tail += decoder.layers("model.local_decoder")
    tail.append(
      Branch(
        "",
        .normalization(try keys.norm("model.local_decoder.norm", .rootMeanSquare, decoder.width))))
    if try keys.flag("patch_in_forward") { tail += try keys.bytePatcher() }
    var model = try keys.decoder(
      [LayerGroup(global.layer, .range(0, global.count))],
      FrameNames(layers: "model.global_transformer.layers", norm: nil))
    model.head = head
    tail.append(
      Branch(
        "",
        .head(
          Linear("lm_head", decoder.width, try keys.size(.vocabulary)), isTied: model.tiesEmbeddings
        )))
    model.tail = tail
    return model
  }
}

extension Size {
  fileprivate static let encoderVocabulary = Size(
    "V_enc", "encoder_config.vocab_size", "rows of the local encoder's table")
  fileprivate static let patcherVocabulary = Size(
    "V_pat", "patcher_config.vocab_size", "rows of the patcher's table")
  fileprivate static let patchVectors = Size(
    "k", "cross_attn_k", "vectors of the encoder's width that a patch has")
  fileprivate static let encoderPatchVectors = Size(
    "k_enc", "encoder_config.cross_attn_k", "vectors that the local encoder makes of a patch")
  fileprivate static let decoderPatchVectors = Size(
    "k_dec", "decoder_config.cross_attn_k", "vectors that the local decoder makes of a patch")
  fileprivate static let decoderPatchWidth = Size(
    "d_glo", "decoder_config.hidden_size_global", "width of a patch that the local decoder reads")
  fileprivate static let hashRows = Size(
    "V_h", "encoder_hash_byte_group_vocab", "rows of the table of one hash of a group of bytes")
  fileprivate static let hashFunctions = Size(
    "n_h", "encoder_hash_byte_group_nb_functions", "hashes of each group of bytes")
}

/// The four models of bytes and patches.
private enum ByteModel: String {
  case encoder, global, decoder, patcher

  /// The object of the configuration that describes it.
  var path: String { "\(rawValue)_config" }

  /// What its sizes are called; those of the global transformer are the model's.
  func size(_ common: Size, _ symbol: String, _ key: String, _ meaning: String) -> Size {
    self == .global
      ? common
      : Size("\(symbol)_\(rawValue.prefix(3))", "\(path).\(key)", "\(meaning), \(rawValue)")
  }
}

/// The sizes of one of the four, and what one of its layers is.
private struct ByteStack {
  let width: Formula
  let count: Formula
  let listed: Int
  let heads: Heads
  let layer: Layer

  /// Each of its layers, for a model that lists it beside its own.
  func layers(_ path: String) -> [Branch] {
    (0..<listed).flatMap { index in
      layer.branches.map { branch in
        var branch = branch.within("\(path).layers.\(index)")
        branch.isOfLayer = true
        return branch
      }
    }
  }

  /// Attention from patches to bytes, or from bytes to patches: behind every layer, or once.
  func crossings(_ path: String, all: Bool) -> [Branch] {
    (0..<(all ? listed : 1)).flatMap { index -> [Branch] in
      let attention = SelfAttention(
        heads: heads.query, keyValueHeads: heads.keyValue, headSize: heads.size,
        inputs: ByteStack.inputs(heads, width),
        output: Linear("o_proj", heads.query * heads.size, width),
        norms: [
          Normalization("q_norm", [width], of: .queries),
          Normalization("k_norm", [width], of: .keys),
        ])
      var branch = Branch("\(path).cross_attn_layers.\(index)", .selfAttention(attention))
      branch.isOfLayer = true
      return [branch]
    }
  }

  static func inputs(_ heads: Heads, _ width: Formula) -> [Linear] {
    [
      Linear("q_proj", width, heads.query * heads.size),
      Linear("k_proj", width, heads.keyValue * heads.size),
      Linear("v_proj", width, heads.keyValue * heads.size),
    ]
  }
}

extension Keys {
  /// One of the four models: Llama's layers, of its own sizes.
  fileprivate func byteStack(_ model: ByteModel) throws -> ByteStack {
    _ = try object(model.path)
    func size(_ common: Size, _ symbol: String, _ key: String, _ meaning: String) -> (Size, String)
    {
      (model.size(common, symbol, key, meaning), "\(model.path).\(key)")
    }
    let (widthSize, widthKey) = size(.hidden, "d", "hidden_size", "width")
    let width = try self.size(widthSize, widthKey)
    let (countSize, countKey) = size(.layers, "L", "num_hidden_layers", "layers")
    let count = try self.size(countSize, countKey)
    let (headsSize, headsKey) = size(.heads, "h", "num_attention_heads", "query heads")
    let query = try self.size(headsSize, headsKey)
    let (keySize, keyKey) = size(.keyValueHeads, "g", "num_key_value_heads", "key-value heads")
    let keyValue = try optional(keySize, keyKey) ?? derived(keySize, key: keyKey, query, headsKey)
    let (innerSize, innerKey) = size(.intermediate, "f", "intermediate_size", "inner width")
    let inner =
      try optional(innerSize, innerKey)
      ?? derived(innerSize, key: innerKey, .floor(8 * width / 3), "⌊8 · \(widthKey) / 3⌋")
    let (headSize, _) = size(.headSize, "d_h", "head_dim", "width of a head")
    let head = derived(
      headSize, key: "\(model.path).head_dim", .floor(width / query), "⌊\(widthKey) / \(headsKey)⌋")
    let heads = Heads(query: query, keyValue: keyValue, size: head)
    let attention = SelfAttention(
      heads: query, keyValueHeads: keyValue, headSize: head,
      inputs: ByteStack.inputs(heads, width), output: Linear("o_proj", query * head, width))
    let feedForward = FeedForward(
      width: inner, isGated: true,
      inputs: [Linear("gate_proj", width, inner), Linear("up_proj", width, inner)],
      output: Linear("down_proj", inner, width), activation: try activation())
    let layer = try Layer([
      Block(
        [norm("input_layernorm", .rootMeanSquare, width)],
        [Branch("self_attn", .selfAttention(attention))]),
      Block(
        [norm("post_attention_layernorm", .rootMeanSquare, width)],
        [Branch("mlp", .feedForward(feedForward))]),
    ])
    var listed: Int128 = 0
    if model != .global {
      listed = try fixed(count, countKey, "its layers are listed")
      guard listed <= 10_000 else {
        throw DescriptionError.tooManyLayers(key: countKey, count: listed, limit: 10_000)
      }
    }
    return ByteStack(
      width: width, count: count, listed: Int(listed), heads: heads, layer: layer)
  }

  /// The rows of the hashed groups of bytes, all in one table.
  fileprivate func hashedRows() throws -> Formula {
    let given = try list("encoder_hash_byte_group_size") ?? []
    // The class takes groups of three to eight bytes where none is named.
    let groups = Int128(given.isEmpty ? 6 : given.count)
    return try size(.hashRows) * size(.hashFunctions) * Formula(groups)
  }

  /// The model that decides where a patch ends: its table, its layers, its norm and its head.
  fileprivate func bytePatcher() throws -> [Branch] {
    let stack = try byteStack(.patcher)
    let rows = try size(.patcherVocabulary)
    return [
      Branch(
        "model.patcher.embed_tokens", .embedding(Embedding(.token, rows: rows, width: stack.width)))
    ] + stack.layers("model.patcher") + [
      Branch("", .normalization(try norm("model.patcher.norm", .rootMeanSquare, stack.width))),
      Branch("model.patcher", .head(Linear("lm_head", stack.width, rows), isTied: false)),
    ]
  }
}
