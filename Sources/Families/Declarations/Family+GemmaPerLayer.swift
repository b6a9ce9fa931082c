import Architecture
import JSON
import Symbolic

/// Gemma 3n and Gemma 4, which look up numbers for each layer.
extension Family {
  static let ofGemmaPerLayer: [Family] = [gemma3n, gemma4, gemma4Unified]

  static let gemma3n = Family(
    "gemma3n_text",
    defaults: """
      vocab_size=262400 intermediate_size=16384 num_attention_heads=8 num_key_value_heads=2
      head_dim=256 hidden_activation="gelu_pytorch_tanh" attention_bias=false sliding_window=512
      layer_types=null vocab_size_per_layer_input=262144 hidden_size_per_layer_input=256
      altup_num_inputs=4 num_kv_shared_layers=15 laurel_rank=64 tie_word_embeddings=true
      final_logit_softcapping=30.0 activation_sparsity_pattern=null altup_correct_scale=true
      altup_active_idx=0
      """
  ) { keys in
    let types = try keys.slidingTypes(period: 5)
    let shared = try keys.firstSharing(types)
    let widths = try keys.layerWidths()
    let common = Set(widths ?? [])
    let bounds = try keys.boundedLayers()
    let d = try keys.size(.hidden)
    let groups = try keys.layers(kind: {
      PerLayerKind(
        type: types[$0], shares: $0 >= shared, width: widths?[$0], gateBound: bounds[$0])
    }) { kind in
      let width = try keys.width(kind.width, isCommon: common.count == 1)
      let attention = try keys.sharedAttention(
        kind, keys.heads(), lends: shared < types.count)
      var feedForward = try keys.gemmaGated(width)
      feedForward.gateBound = kind.gateBound
      var layer = try keys.sandwichLayer(attention, .feedForward(feedForward))
      layer.blocks[0].branches[0].outputNorm = layer.blocks[0].outputNorms.removeFirst()
      layer.blocks[0].branches.append(
        Branch("laurel", .stream(.learnedResidual(try keys.laurel()))))
      layer.blocks[0].sumScale = .inverseRoot(2)
      layer.updates = try keys.alternatingUpdate()
      return layer
    }
    let copies = try keys.period("altup_num_inputs", most: 1000) - 1
    let frames: [Branch] = [StreamCopies.Use.spread, .gather].map { use in
      let name = use == .spread ? "altup_projections" : "altup_unembed_projections"
      return Branch(
        "model",
        .stream(
          .copies(
            StreamCopies(
              use, width: d, maps: (0..<copies).map { Linear("\(name).\($0)", d, d) },
              least: "1e-5"))))
    }
    var model = try keys.decoder(
      groups,
      after: [Branch("model", .stream(.layerTable(keys.layerTable(rowBeyond: 0)))), frames[0]],
      scaled: true)
    model.tail.insert(frames[1], at: 0)
    return model
  }

  static let gemma4 = Family(
    "gemma4_text",
    spelling: "num_experts_per_tok:top_k_experts",
    fixed: "has_own_base=true",
    defaults: """
      vocab_size=262144 intermediate_size=9216 num_attention_heads=8 num_key_value_heads=4
      head_dim=256 global_head_dim=512 hidden_activation="gelu_pytorch_tanh" attention_bias=false
      sliding_window=512 layer_types=null vocab_size_per_layer_input=262144
      hidden_size_per_layer_input=256 attention_k_eq_v=false num_kv_shared_layers=0
      enable_moe_block=false use_double_wide_mlp=false num_global_key_value_heads=null
      num_experts=null top_k_experts=null moe_intermediate_size=null tie_word_embeddings=true
      use_bidirectional_attention=null final_logit_softcapping=null
      """
  ) { keys in
    let seesAhead = try keys.seesAhead("all")
    var types = try keys.slidingTypes(period: 6)
    types[types.count - 1] = "full_attention"
    let shared = try keys.firstSharing(types)
    let feeds = try keys.perLayerWidth() != nil
    let doubles = try keys.flag("use_double_wide_mlp")
    let overrides = try keys.perLayerOverrides()
    let groups = try keys.layers(kind: { index in
      PerLayerKind(
        type: types[index], shares: index >= shared,
        own: overrides.map { $0[index] ?? PerLayerKind.Own() })
    }) { kind in
      let f = try keys.size(.intermediate)
      let feedForward = try keys.gemmaGated(doubles && kind.shares ? 2 * f : f)
      let attention = try keys.sharedAttention(
        kind, keys.gemma4Heads(kind), lends: shared < types.count, seesAhead: seesAhead)
      var layer = try keys.sandwichLayer(attention, .feedForward(feedForward))
      if try keys.flag("enable_moe_block") { try keys.addExperts(to: &layer) }
      if feeds {
        layer.blocks.append(
          Block(
            [], [Branch("", .stream(.layerInput(try keys.layerInput())))],
            outputNorms: [try keys.norm("post_per_layer_input_norm")]))
      }
      layer.outputScale = LearnedScale(Weight("layer_scalar", [1], .mixer, isBuffer: true))
      return layer
    }
    return try keys.decoder(
      groups, after: feeds ? [Branch("model", .stream(.layerTable(keys.layerTable())))] : [],
      scaled: true)
  }

  /// Gemma 4 without a table for each layer and without experts.
  static let gemma4Unified = Family(
    "gemma4_unified_text", like: gemma4,
    defaults: """
      vocab_size=262144 intermediate_size=9216 num_attention_heads=8 num_key_value_heads=4
      head_dim=256 global_head_dim=512 hidden_activation="gelu_pytorch_tanh" attention_bias=false
      sliding_window=1024 layer_types=null attention_k_eq_v=false num_kv_shared_layers=0
      use_double_wide_mlp=false num_global_key_value_heads=null tie_word_embeddings=true
      use_bidirectional_attention="vision" final_logit_softcapping=null
      """)
}

/// What tells one layer from another.
private struct PerLayerKind: Hashable {
  /// The sizes that `per_layer_config` gives to a layer.
  struct Own: Hashable {
    var headSize: Int128?
    var keyValueHeads: Int128?
  }

  var type: String
  /// Whether keys and values come from an earlier layer.
  var shares: Bool
  var width: Int?
  /// How many deviations above their mean gates pass, if not all do.
  var gateBound: Constant?
  var own: Own?
}

extension Size {
  static let perLayerVocabulary = Size(
    "V_p", "vocab_size_per_layer_input", "tokens in the table of all layers")
  static let perLayerWidth = Size(
    "d_p", "hidden_size_per_layer_input", "width of one layer's share of that table")
  static let updateInputs = Size("n_u", "altup_num_inputs", "copies of the stream")
  static let laurelRank = Size("r_l", "laurel_rank", "rank of the learned residual")
  static let globalHeadSize = Size(
    "d_g", "global_head_dim", "width of one head of full attention")
  static let globalKeyValueHeads = Size(
    "g_g", "num_global_key_value_heads", "key-value heads of full attention")
}

extension Keys {
  fileprivate func slidingTypes(period: Int) throws -> [String] {
    try layerKinds(known: ["full_attention", "sliding_attention"]) {
      ($0 + 1).isMultiple(of: period) ? "full_attention" : "sliding_attention"
    }
  }

  /// The first layer that takes its keys and values from an earlier one of its type.
  fileprivate func firstSharing(_ types: [String]) throws -> Int {
    let sharing = try integer("num_kv_shared_layers") ?? 0
    guard sharing > 0 else { return types.count }
    let first = types.count - sharing
    guard first >= 0, Set(types[..<first]) == Set(types) else {
      throw DescriptionError.unsupported(
        key: "num_kv_shared_layers", found: "\(sharing)",
        supported: "a number that leaves a layer of each type to share from")
    }
    return first
  }

  /// The feed-forward width of each layer, where `intermediate_size` is a list.
  fileprivate func layerWidths() throws -> [Int]? {
    guard case .array(let entries) = try reading("intermediate_size")?.value else { return nil }
    let count = try listedLayerCount()
    guard entries.count == count else {
      throw DescriptionError.wrongLength(
        key: "intermediate_size", count: entries.count, expected: count)
    }
    return try entries.map { entry in
      guard let width = entry.integer.flatMap({ Int(exactly: $0) }), width > 0 else {
        throw DescriptionError.notASize(key: "intermediate_size", found: entry.line)
      }
      return width
    }
  }

  /// A width from such a list, which has the usual letter where all layers have it.
  fileprivate func width(_ width: Int?, isCommon: Bool) throws -> Formula {
    guard let width = width.map({ Formula(Int128($0)) }) else { return try size(.intermediate) }
    return isCommon ? derived(.intermediate, width, "every entry of the list") : width
  }

  /// How many deviations above their mean the gates of each layer have to be, where not all pass.
  ///
  /// A share of a normal distribution lies below it; without a list the share is 0.95 in the first
  /// ten of more than ten layers.
  fileprivate func boundedLayers() throws -> [Constant?] {
    let count = try listedLayerCount()
    let key = "activation_sparsity_pattern"
    func bound(_ text: String) throws -> Constant? {
      guard let share = Double(text), share < 1 else {
        throw DescriptionError.unsupported(key: key, found: text, supported: "shares below 1")
      }
      guard share > 0 else { return nil }
      return .computed("Φ⁻¹(\(text))", NormalDistribution.deviations(below: share))
    }
    guard let entries = try list(key) else {
      return try (0..<count).map { count > 10 && $0 < 10 ? try bound("0.95") : nil }
    }
    guard entries.count == count else {
      throw DescriptionError.wrongLength(key: key, count: entries.count, expected: count)
    }
    return try entries.map { entry in
      guard case .number(let text) = entry else {
        throw DescriptionError.wrongType(
          key: key, found: entry.kind, expected: "a list of numbers")
      }
      return try bound(text)
    }
  }

  /// What a saved configuration says about the layers; a hub file says it by type instead.
  fileprivate func perLayerOverrides() throws -> [Int: PerLayerKind.Own]? {
    try perLayerConfig(known: ["head_dim", "num_key_value_heads"])?.mapValues { own in
      PerLayerKind.Own(
        headSize: try perLayerSize(own, "head_dim"),
        keyValueHeads: try perLayerSize(own, "num_key_value_heads"))
    }
  }

  /// The heads of a layer: full attention has wider ones, and may have fewer for keys and values.
  fileprivate func gemma4Heads(_ kind: PerLayerKind) throws -> Heads {
    var heads = try heads()
    if let own = kind.own {
      own.headSize.map { heads.size = Formula($0) }
      own.keyValueHeads.map { heads.keyValue = Formula($0) }
    } else if kind.type == "full_attention" {
      heads.size = try size(.globalHeadSize)
      if try flag("attention_k_eq_v"), let g = try optional(.globalKeyValueHeads) {
        heads.keyValue = g
      }
    }
    if isGiven("num_key_value_heads") {
      try require(
        heads.query, "num_attention_heads", multipleOf: heads.keyValue, "num_key_value_heads")
    }
    return heads
  }

  /// Attention that has no keys and values of its own where an earlier layer's are used.
  ///
  /// - `lends`: whether some layer does.
  fileprivate func sharedAttention(
    _ kind: PerLayerKind, _ heads: Heads, lends: Bool, seesAhead: Bool = false
  ) throws -> Module {
    let reach = try window(ofType: kind.type, seesAhead: seesAhead)
    let isFull = kind.type == "full_attention"
    let module = try attention(
      heads, bias: biases(.all), norm: .eachHead, reach: reach, seesAhead: seesAhead,
      position: rotary(heads.size, table: isFull ? "" : "local", of: kind.type))
    guard case .selfAttention(var attention) = module else { return module }
    attention.scale = .one
    if kind.shares {
      let (queries, norms) = (attention.inputs[0], attention.norms)
      (attention.inputs, attention.layout) = ([queries], InputLayout([[.queries]]))
      attention.norms = norms.filter { $0.subject == .queries }
      attention.source = .borrowed(kind.type)
      return .selfAttention(attention)
    }
    attention.source = lends ? .lent(kind.type) : .own
    if isFull, try flag("attention_k_eq_v") {
      // Values are the keys again: then there is no map for them.
      attention.inputs.removeLast()
      attention.layout = InputLayout([[.queries], [.keys]])
      attention.layout.keysAreValues = true
    }
    attention.norms.append(
      Normalization(
        "v_norm", [heads.size], weight: false, vectors: heads.keyValue, of: .values))
    return .selfAttention(attention)
  }

  fileprivate func gemmaGated(_ width: Formula) throws -> FeedForward {
    var feedForward = try gated(width)
    feedForward.activation = try text("hidden_activation") ?? "gelu_pytorch_tanh"
    return feedForward
  }

  /// Routed experts beside the dense layer, with norms of their own.
  fileprivate func addExperts(to layer: inout Layer) throws {
    let counts = try expertCounts()
    let (d, f) = (try size(.hidden), try size(.expertSize))
    let stacks = [
      Weight("experts.gate_up_proj", [counts.all, 2 * f, d], .routedExperts),
      Weight("experts.down_proj", [counts.all, d, f], .routedExperts),
    ]
    let scale = Weight("router.scale", [d], .router)
    let expertScale = Weight("router.per_expert_scale", [counts.all], .router)
    var router = Router([Linear("router.proj", d, counts.all)])
    router.readsStream = true
    router.norm = try norm("router.norm", .bareRootMeanSquare)
    router.inputVector = scale
    router.inputScale = .inverseRoot(d)
    router.expertScale = expertScale
    router.normalizes = true
    let mixture = MixtureOfExperts(
      router: router, experts: counts.all, active: counts.active, expert: try gemmaGated(f),
      layout: .stacked(stacks))
    let last = layer.blocks.count - 1
    var experts = Branch("", .mixtureOfExperts(mixture))
    experts.outputNorm = try norm("post_feedforward_layernorm_2")
    layer.blocks[last].branches[0].outputNorm = try norm("post_feedforward_layernorm_1")
    layer.blocks[last].branches.append(experts)
    layer.blocks[last].inputNorms.append(try norm("pre_feedforward_layernorm_2"))
  }

  /// The width of a layer's share of the table, or nil where there is no table.
  fileprivate func perLayerWidth() throws -> Formula? {
    let width = try optional(.perLayerWidth, least: 0)
    return width.flatMap { number($0) == 0 ? nil : $0 }
  }

  /// The table of all layers, and the map that adds what the token table says.
  ///
  /// - `rowBeyond`: the row of tokens beyond the second table.
  fileprivate func layerTable(rowBeyond: Int? = nil) throws -> LayerTable {
    let (d, rows, width) = (
      try size(.hidden), try size(.perLayerVocabulary), try size(.perLayerWidth)
    )
    let layers = try size(.layers)
    var table = Embedding(.token, rows: rows, width: layers * width)
    table.scale = .root(width)
    table.rowBeyond = rowBeyond
    return LayerTable(
      "embed_tokens_per_layer", table,
      map: Linear("per_layer_model_projection", d, layers * width), mapScale: .inverseRoot(d),
      norm: Normalization("per_layer_projection_norm", [width], vectors: layers),
      scale: .inverseRoot(2))
  }

  /// How a layer takes in its share of the table.
  fileprivate func layerInput() throws -> LayerInput {
    let (d, width) = (try size(.hidden), try size(.perLayerWidth))
    let name = try text("hidden_activation") ?? "gelu_pytorch_tanh"
    guard let activation = Activation(name) else {
      throw DescriptionError.unsupported(
        key: "hidden_activation", found: name,
        supported: "silu, gelu and others of docs/operations.md")
    }
    return LayerInput(
      gate: Linear("per_layer_input_gate", d, width), activation: activation,
      output: Linear("per_layer_projection", width, d))
  }

  /// Several copies of the stream, of which a layer updates one and predicts the others.
  fileprivate func alternatingUpdate() throws -> AlternatingUpdate {
    let (d, n) = (try size(.hidden), try size(.updateInputs))
    let active = try integer("altup_active_idx") ?? 0
    if let count = number(n), active >= count {
      throw DescriptionError.unsupported(
        key: "altup_active_idx", found: "\(active)", supported: "0 to \(count - 1)")
    }
    return AlternatingUpdate(
      streams: n, width: d, active: active, router: Linear("modality_router", d, n),
      routerNorm: try norm("router_norm"), routerScale: .inverse(.size(d)),
      prediction: Linear("prediction_coefs", n, n * n),
      correction: Linear("correction_coefs", n, n),
      outputScale: Weight("correct_output_scale", [d], .mixer),
      scalesOutput: try flag("altup_correct_scale"), input: try layerInput(),
      inputNorm: try norm("post_per_layer_input_norm"))
  }

  fileprivate func laurel() throws -> LearnedResidual {
    let (d, rank) = (try size(.hidden), try size(.laurelRank))
    return LearnedResidual(
      down: Linear("linear_left", d, rank), up: Linear("linear_right", rank, d),
      norm: try norm("post_laurel_norm"))
  }
}
