import Architecture
import JSON
import Symbolic

/// The style of a family's norms.
enum NormStyle {
  case rootMeanSquare
  /// With weight and bias.
  case layer
  /// With a weight only.
  case layerWithoutBias
  /// Neither weight nor bias.
  case bare
  /// Of the root mean square, without a weight.
  case bareRootMeanSquare
}

/// What a family calls the modules around its layers.
struct FrameNames {
  var token = "model.embed_tokens"
  var layers = "model.layers"
  var norm: String? = "model.norm"
  var head = "lm_head"

  static let llama = FrameNames()
  static let gpt2 = FrameNames(
    token: "transformer.wte", layers: "transformer.h", norm: "transformer.ln_f")
  static let mamba = FrameNames(
    token: "backbone.embeddings", layers: "backbone.layers", norm: "backbone.norm_f")
}

extension Keys {
  /// A norm over the width of the model, or over another width.
  func norm(
    _ name: String, _ style: NormStyle = .rootMeanSquare, _ width: Formula? = nil,
    of subject: Normalization.Subject? = nil
  ) throws -> Normalization {
    let shape = [try width ?? size(.hidden)]
    return switch style {
    case .rootMeanSquare: Normalization(name, shape, of: subject)
    case .layer: Normalization(name, shape, .layer, bias: true, of: subject)
    case .layerWithoutBias: Normalization(name, shape, .layer, of: subject)
    case .bare: Normalization(name, shape, .layer, weight: false, of: subject)
    case .bareRootMeanSquare: Normalization(name, shape, weight: false, of: subject)
    }
  }

  // MARK: - Layers

  /// A layer of attention and then feed-forward, each behind a norm.
  func layer(
    _ attention: Module, _ feedForward: Module, norm style: NormStyle = .rootMeanSquare,
    norms: (String, String) = ("input_layernorm", "post_attention_layernorm"),
    paths: (String, String) = ("self_attn", "mlp")
  ) throws -> Layer {
    Layer([
      Block([try norm(norms.0, style)], [Branch(paths.0, attention)]),
      Block([try norm(norms.1, style)], [Branch(paths.1, feedForward)]),
    ])
  }

  /// A layer whose modules are followed, not preceded, by their norms.
  func postNormLayer(_ attention: Module, _ feedForward: Module) throws -> Layer {
    Layer([
      Block(
        [], [Branch("self_attn", attention)], outputNorms: [try norm("post_attention_layernorm")]),
      Block(
        [], [Branch("mlp", feedForward)], outputNorms: [try norm("post_feedforward_layernorm")]),
    ])
  }

  /// A layer with a norm before and after each module.
  func sandwichLayer(
    _ attention: Module, _ feedForward: Module,
    norms: [String] = [
      "input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm",
      "post_feedforward_layernorm",
    ], paths: (String, String) = ("self_attn", "mlp")
  ) throws -> Layer {
    let norms = try norms.map { try norm($0) }
    return Layer([
      Block([norms[0]], [Branch(paths.0, attention)], outputNorms: [norms[1]]),
      Block([norms[2]], [Branch(paths.1, feedForward)], outputNorms: [norms[3]]),
    ])
  }

  /// A layer with attention and feed-forward side by side.
  func parallelLayer(
    _ attention: Module, _ feedForward: Module, norms: [Normalization],
    paths: (String, String) = ("self_attn", "mlp")
  ) -> Layer {
    Layer([Block(norms, [Branch(paths.0, attention), Branch(paths.1, feedForward)])])
  }

  // MARK: - Stacks

  /// Layers that are all alike; their number may be left free.
  func uniform(_ layer: Layer) throws -> [LayerGroup] {
    [LayerGroup(layer, .range(0, try size(.layers)))]
  }

  /// Leading layers of one kind, then layers of another; the numbers may be left free.
  func leading(
    _ key: String, _ first: @autoclosure () throws -> Layer,
    then rest: @autoclosure () throws -> Layer
  ) throws -> [LayerGroup] {
    try self.leading(size(.leadingDense, key, least: 0), first(), then: rest())
  }

  /// A number of leading layers of one kind, then layers of another.
  func leading(
    _ leading: Formula, _ first: @autoclosure () throws -> Layer,
    then rest: @autoclosure () throws -> Layer
  ) throws -> [LayerGroup] {
    let all = try size(.layers)
    if let count = number(leading) {
      if count == 0 { return [LayerGroup(try rest(), .range(0, all))] }
      if let total = number(all), count >= total {
        return [LayerGroup(try first(), .range(0, all))]
      }
    }
    // While a number is free, the leading layers may be more than there are; one never is.
    let isCertain = number(leading) == 1 || (number(leading) != nil && number(all) != nil)
    let end = isCertain ? leading : .minimum(leading, all)
    return [
      LayerGroup(try first(), .range(0, end)), LayerGroup(try rest(), .range(end, all)),
    ]
  }

  /// More layers than this are only counted when they are all alike.
  private static let mostListedLayers: Int128 = 1_000_000

  /// The number of layers as a number, for families whose layers differ by index.
  func listedLayerCount() throws -> Int {
    let count = try fixed(
      try size(.layers), "num_hidden_layers", "the kinds of layers are told apart one by one")
    guard count <= Self.mostListedLayers, let result = Int(exactly: count) else {
      throw DescriptionError.tooManyLayers(
        key: spelled("num_hidden_layers"), count: count, limit: Self.mostListedLayers)
    }
    return result
  }

  /// Layers whose kind depends on their index.
  func layers<Kind: Hashable>(
    kind: (Int) throws -> Kind, _ build: (Kind) throws -> Layer
  ) throws -> [LayerGroup] {
    var kinds: [Kind] = []
    var indices: [Kind: [Int]] = [:]
    for index in 0..<(try listedLayerCount()) {
      let kind = try kind(index)
      if indices[kind] == nil { kinds.append(kind) }
      indices[kind, default: []].append(index)
    }
    return try kinds.map { LayerGroup(try build($0), .listed(indices[$0] ?? [])) }
  }

  /// The kind of each layer from a list of texts, or from a rule where there is no list.
  func layerTypes(
    _ key: String = "layer_types", known: Set<String>, else rule: (Int) throws -> String
  ) throws -> [String] {
    let count = try listedLayerCount()
    guard let list = try list(key) else { return try (0..<count).map(rule) }
    guard list.count == count else {
      throw DescriptionError.wrongLength(key: spelled(key), count: list.count, expected: count)
    }
    return try list.map { entry in
      guard case .string(let text) = entry, known.contains(text) else {
        throw DescriptionError.unsupported(
          key: spelled(key), found: entry.kind, supported: known.sorted().joined(separator: ", "))
      }
      return text
    }
  }

  // MARK: - The whole model

  /// A table of positions, learned or of waves, perhaps with some rows before the first position.
  func positions(
    _ path: String, _ key: String = "max_position_embeddings", extra: Int = 0, waves: Waves? = nil
  )
    throws -> Branch
  {
    let rows = try size(.positions, key) + Formula(Int128(extra))
    var table = Embedding(.position, rows: rows, width: try size(.hidden))
    (table.offset, table.waves) = (extra, waves)
    return Branch(path, .embedding(table))
  }

  /// A decoder: token table, layers, final norm, head.
  ///
  /// - `after`: what follows the token table: positions, a norm.
  /// - `width`: the width of the token table, where it is not the model's.
  /// - `headBias`: whether the head has a bias, which a tied head keeps as its own.
  /// - `untieable`: whether the head is always a matrix of its own.
  /// - `scaled`: whether what the token table gives is multiplied by the root of its width.
  func decoder(
    _ groups: [LayerGroup], _ names: FrameNames = .llama, norm style: NormStyle = .rootMeanSquare,
    after: [Branch] = [], width: Formula? = nil, before: [Branch] = [], headBias: Bool = false,
    untieable: Bool = false, scaled: Bool = false
  ) throws -> Model {
    let vocabulary = try size(.vocabulary)
    let d = try width ?? size(.hidden)
    let isTied = try !untieable && flag("tie_word_embeddings")
    var tail = before
    if let name = names.norm {
      tail.insert(Branch("", .normalization(try norm(name, style))), at: 0)
    }
    let head = Linear(names.head, d, vocabulary, bias: headBias)
    tail.append(Branch("", .head(head, isTied: isTied)))
    var table = Embedding(.token, rows: vocabulary, width: d)
    table.scale = try scaled ? .root(d) : setting("embedding_multiplier")
    var model = Model(
      name: modelType, modelType: modelType, sizes: sizes,
      head: [Branch(names.token, .embedding(table))] + after,
      layersPath: names.layers, groups: try multiplied(groups), tail: tail,
      tiesEmbeddings: isTied)
    model.logits.scale =
      try setting("logit_scale") ?? setting("logits_scaling").map { .inverse($0) }
    model.logits.cap = try setting("final_logit_softcapping")
    model.prediction = try prediction()
    return model
  }

  /// Layers whose additions to the stream are multiplied by a constant, if the family's key says so.
  private func multiplied(_ groups: [LayerGroup]) throws -> [LayerGroup] {
    guard let scale = try setting("residual_multiplier") else { return groups }
    return groups.map { group in
      var copy = group
      for block in copy.layer.blocks.indices { copy.layer.blocks[block].scale = scale }
      return copy
    }
  }
}
