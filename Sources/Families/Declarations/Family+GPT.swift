import Architecture
import JSON
import Symbolic

/// OpenAI's GPT, GPT-2 and gpt-oss, those built like them, and EleutherAI's GPT-Neo, J and NeoX.
extension Family {
  static let ofGPT: [Family] = [
    openAIGPT, gpt2, gptSw3, gptBigCode, ctrl, gptNeo, gptJ, codeGen, gptNeoX, gptNeoXJapanese,
    gptOSS,
  ]

  static let openAIGPT = Family(
    "openai-gpt",
    spelling: """
      hidden_size=n_embd max_position_embeddings=n_positions num_attention_heads=n_head
      num_hidden_layers=n_layer hidden_act:afn
      """,
    traits: [.doesNotRotate, .makesOwnMask],
    defaults: """
      vocab_size=40478 n_positions=512 n_head=12 afn="gelu" tie_word_embeddings=true
      """
  ) { keys in
    let attention = try keys.fusedAttention(
      keys.equalHeads(), "c_attn", "c_proj", inputBias: true, outputBias: true, transposed: true)
    let feedForward = try keys.plain(4 * keys.size(.hidden), "c_fc", "c_proj", transposed: true)
      .reading("gelu", as: "gelu_new")
    let layer = try Layer([
      Block(
        [], [Branch("attn", attention)], outputNorms: [keys.norm("ln_1", .layer)], normsSum: true),
      Block(
        [], [Branch("mlp", .feedForward(feedForward))], outputNorms: [keys.norm("ln_2", .layer)],
        normsSum: true),
    ])
    let names = FrameNames(
      token: "transformer.tokens_embed", layers: "transformer.h", norm: nil)
    return try keys.decoder(
      keys.uniform(layer), names, after: [keys.positions("transformer.positions_embed")])
  }

  static let gpt2 = Family(
    "gpt2", spelling: gpt2Spelling,
    traits: [.doesNotRotate],
    defaults: """
      vocab_size=50257 n_positions=1024 n_head=12 n_inner=null activation_function="gelu_new"
      add_cross_attention=false tie_word_embeddings=true scale_attn_weights=true
      scale_attn_by_inverse_layer_idx=false
      """
  ) { keys in
    let attention = try keys.fusedAttention(
      keys.equalHeads(), "c_attn", "c_proj", inputBias: true, outputBias: true, transposed: true
    ).attending { $0.scale = try keys.gpt2Scale($0.headSize) }
    let feedForward = try keys.plain(
      keys.quadrupleWidth("n_inner"), "c_fc", "c_proj", transposed: true)
    let cross = try keys.gpt2CrossAttention(transposed: true)
    return try keys.decoder(
      keys.uniform(keys.gpt2Layer(attention, feedForward, cross: cross)), .gpt2, norm: .layer,
      after: [keys.positions("transformer.wpe")])
  }

  static let gptSw3 = Family("gpt-sw3", like: gpt2, defaults: gpt2.defaults)

  static let gptBigCode = Family(
    "gpt_bigcode", spelling: gpt2Spelling,
    traits: [.doesNotRotate],
    defaults: """
      vocab_size=50257 n_positions=1024 n_head=12 n_inner=null multi_query=true
      add_cross_attention=false activation_function="gelu_pytorch_tanh" tie_word_embeddings=true
      scale_attn_weights=true
      """
  ) { keys in
    var heads = try keys.equalHeads()
    let isShared = try keys.flag("multi_query")
    if isShared {
      // transformers cannot build the two together.
      try keys.refuse("add_cross_attention")
      heads.keyValue = 1
    }
    let attention = try keys.fusedAttention(
      heads, "c_attn", "c_proj", inputBias: true, outputBias: true,
      order: isShared ? .sideBySide : .headByHead
    ).attending { $0.scale = try keys.gpt2Scale($0.headSize) }
    let feedForward = try keys.plain(keys.quadrupleWidth("n_inner"), "c_fc", "c_proj")
    let cross = try keys.gpt2CrossAttention(transposed: false)
    return try keys.decoder(
      keys.uniform(keys.gpt2Layer(attention, feedForward, cross: cross)), .gpt2, norm: .layer,
      after: [keys.positions("transformer.wpe")])
  }

  static let ctrl = Family(
    "ctrl",
    spelling: """
      hidden_size=n_embd max_position_embeddings=n_positions num_attention_heads=n_head
      num_hidden_layers=n_layer
      """,
    traits: [.doesNotRotate],
    defaults: """
      vocab_size=246534 n_positions=256 n_head=16 dff=8192 tie_word_embeddings=true
      """
  ) { keys in
    let attention = try keys.attention(
      keys.equalHeads(), bias: .all,
      names: ProjectionNames(query: "Wq", key: "Wk", value: "Wv", output: "dense"))
    let feedForward = try keys.plain(keys.size(.intermediate, "dff"), "0", "2", fixed: "relu")
    var layer = try keys.layer(
      attention, .feedForward(feedForward), norm: .layer, norms: ("layernorm1", "layernorm2"),
      paths: ("multi_head_attention", "ffn"))
    // The key of ε is for the last norm alone.
    for block in layer.blocks.indices { layer.blocks[block].inputNorms[0].epsilon = "1e-6" }
    let names = FrameNames(
      token: "transformer.w", layers: "transformer.h", norm: "transformer.layernorm")
    let waves = Waves(steps: try keys.size(.hidden) / 2, grows: false)
    return try keys.decoder(
      keys.uniform(layer), names, norm: .layer,
      after: [keys.positions("transformer.pos_encoding", waves: waves)], headBias: true,
      scaled: true)
  }

  static let gptNeo = Family(
    "gpt_neo",
    spelling: """
      num_attention_heads=num_heads num_hidden_layers=num_layers hidden_act:activation_function
      """,
    traits: [.doesNotRotate, .makesOwnMask],
    defaults: """
      vocab_size=50257 max_position_embeddings=2048 num_heads=16 intermediate_size=null
      attention_types=null window_size=256 activation_function="gelu_new" tie_word_embeddings=true
      """
  ) { keys in
    let kinds = try keys.attentionTypes()
    let window = try keys.window("window_size", keepsCache: true)
    let feedForward = try keys.plain(keys.quadrupleWidth(), "c_fc", "c_proj")
    let groups = try keys.layers(kind: { kinds[$0] }) { kind in
      let attention = try keys.attention(
        keys.equalHeads(), bias: .output, names: .outProj, reach: kind == "local" ? window : .all
      ).attending { $0.scale = nil }
      return try keys.gpt2Layer(attention, feedForward, path: "attn.attention")
    }
    return try keys.decoder(
      groups, .gpt2, norm: .layer, after: [keys.positions("transformer.wpe")])
  }

  static let gptJ = Family(
    "gptj", spelling: gpt2Spelling,
    fixed: "rotates_neighbours=true",
    defaults: """
      vocab_size=50400 n_head=16 n_inner=null activation_function="gelu_new"
      tie_word_embeddings=false
      rotary_dim=64
      """
  ) { keys in
    try keys.gptJ(keys.attention(keys.equalHeads(), names: .outProj))
  }

  static let codeGen = Family(
    "codegen", spelling: gpt2Spelling,
    fixed: "rotates_neighbours=true",
    defaults: """
      vocab_size=50400 n_head=16 n_inner=null activation_function="gelu_new"
      tie_word_embeddings=false
      rotary_dim=64
      """
  ) { keys in
    try keys.gptJ(
      keys.fusedAttention(
        keys.equalHeads(), "qkv_proj", "out_proj", inputBias: false, outputBias: false,
        pieces: [.queries, .values, .keys], order: .sharded(4)))
  }

  static let gptNeoX = Family(
    "gpt_neox",
    fixed: "names_no_base=true",
    defaults: """
      vocab_size=50432 num_attention_heads=64 intermediate_size=24576 attention_bias=true
      use_parallel_residual=true hidden_act="gelu" tie_word_embeddings=false
      partial_rotary_factor=0.25
      """
  ) { keys in
    let bias = try keys.flag("attention_bias")
    let attention = try keys.fusedAttention(
      keys.equalHeads(), "query_key_value", "dense", inputBias: bias, outputBias: bias,
      order: .headByHead)
    let feedForward = Module.feedForward(try keys.plain(nil, "dense_h_to_4h", "dense_4h_to_h"))
    let norms = try [
      keys.norm("input_layernorm", .layer), keys.norm("post_attention_layernorm", .layer),
    ]
    let paths = ("attention", "mlp")
    let layer =
      try keys.flag("use_parallel_residual")
      ? keys.parallelLayer(attention, feedForward, norms: norms, paths: paths)
      : keys.layer(attention, feedForward, norm: .layer, paths: paths)
    return try keys.decoder(keys.uniform(layer), .gptNeoX("gpt_neox"), norm: .layer)
  }

  /// Only the last layer adds a bias to the output of its attention.
  static let gptNeoXJapanese = Family(
    "gpt_neox_japanese",
    fixed: "names_no_base=true",
    defaults: """
      vocab_size=32000 num_attention_heads=32 intermediate_multiple_size=4 hidden_act="gelu"
      tie_word_embeddings=true
      partial_rotary_factor=1.0
      """
  ) { keys in
    let d = try keys.size(.hidden)
    let all = try keys.size(.layers)
    let width = try keys.derived(
      .intermediate, d * keys.size(.widthMultiple), "hidden_size · intermediate_multiple_size")
    let feedForward = try keys.plain(width, "dense_h_to_4h", "dense_4h_to_h", bias: false)
    func layer(_ vectors: [Weight]) throws -> Layer {
      try keys.layer(
        keys.fusedAttention(
          keys.equalHeads(), "query_key_value", "dense", inputBias: false, outputBias: false,
          vectors: vectors, order: .headByHead
        ).attending { $0.outputBias = vectors.first },
        .feedForward(feedForward), norm: .layer, paths: ("attention", "mlp"))
    }
    let last = LayerGroup(
      try layer([Weight("dense_bias", [d], .attention)]), .range(all - 1, all))
    let groups =
      keys.number(all) == 1 ? [last] : [LayerGroup(try layer([]), .range(0, all - 1)), last]
    return try keys.decoder(groups, .gptNeoX("gpt_neox_japanese"), norm: .layer)
  }

  static let gptOSS = Family(
    "gpt_oss", spelling: "num_experts=num_local_experts",
    defaults: """
      vocab_size=201088 intermediate_size=2880 num_attention_heads=64 num_key_value_heads=8
      head_dim=64 attention_bias=true num_local_experts=128 num_experts_per_tok=4
      tie_word_embeddings=false
      sliding_window=128 layer_types=null
      """
  ) { keys in
    let d = try keys.size(.hidden)
    let heads = try keys.heads()
    let counts = try keys.expertCounts()
    let attention = try keys.attention(
      heads, bias: keys.biases(.all), sinks: Weight("sinks", [heads.query], .attention))
    // Its bounded activation is fixed, whatever the key says.
    var expert = try keys.fusedGated(bias: true)
    expert.activation = "swigluoai"
    expert.bounds = try keys.gateBounds()
    expert.fusion = .alternating
    let experts = try keys.stackedExperts(
      counts, expert,
      router: keys.chosenFirst(Router([Linear("router", d, counts.all, bias: true)])), bias: true)
    return try keys.decoder(
      keys.sliding(keys.uniform(keys.layer(attention, experts))) { $0.isMultiple(of: 2) })
  }

  private static let gpt2Spelling = """
    hidden_size=n_embd max_position_embeddings=n_positions num_attention_heads=n_head
    num_hidden_layers=n_layer hidden_act:activation_function
    """
}

extension Size {
  fileprivate static let widthMultiple = Size(
    "m_f", "intermediate_multiple_size", "width of the feed-forward layer over that of the model")
}

extension FrameNames {
  fileprivate static func gptNeoX(_ prefix: String) -> FrameNames {
    FrameNames(
      token: "\(prefix).embed_in", layers: "\(prefix).layers", norm: "\(prefix).final_layer_norm",
      head: "embed_out")
  }
}

extension Keys {
  /// A layer in the names of GPT-2.
  fileprivate func gpt2Layer(
    _ attention: Module, _ feedForward: FeedForward, path: String = "attn", cross: [Branch] = []
  ) throws -> Layer {
    var layer = try layer(
      attention, .feedForward(feedForward), norm: .layer, norms: ("ln_1", "ln_2"),
      paths: (path, "mlp"))
    layer.idle = cross
    return layer
  }

  /// Cross-attention to an encoder, which is built where `add_cross_attention` requires it and
  /// stands idle in a language model.
  fileprivate func gpt2CrossAttention(transposed: Bool) throws -> [Branch] {
    guard try flag("add_cross_attention") else { return [] }
    let d = try size(.hidden)
    let heads = try equalHeads()
    func linear(_ name: String, _ output: Formula) -> Linear {
      Linear(name, d, output, bias: true, transposed: transposed)
    }
    let module = SelfAttention(
      heads: heads.query, keyValueHeads: heads.keyValue, headSize: heads.size,
      inputs: [linear("c_attn", 2 * d), linear("q_attn", d)],
      layout: InputLayout([[.keys, .values], [.queries]]), output: linear("c_proj", d))
    return [
      .idle("", try norm("ln_cross_attn", .layer).weights()),
      .idle("crossattention", module.weights),
    ]
  }

  /// What GPT-2 multiplies scores by: nothing, a part of the width or the layer, or both.
  fileprivate func gpt2Scale(_ headSize: Formula) throws -> Constant? {
    let parts = try [
      isSet("scale_attn_weights") ? Constant.inverseRoot(headSize) : nil,
      isSet("scale_attn_by_inverse_layer_idx") ? .inverse(.layerNumber) : nil,
    ].compactMap(\.self)
    return parts.isEmpty ? nil : parts.reduce(.one, *)
  }

  /// GPT-J: attention and feed-forward side by side behind one norm, and a head with a bias.
  fileprivate func gptJ(_ attention: Module) throws -> Model {
    let feedForward = try plain(quadrupleWidth("n_inner"), "fc_in", "fc_out")
    let layer = try parallelLayer(
      attention, .feedForward(feedForward), norms: [norm("ln_1", .layer)], paths: ("attn", "mlp"))
    return try decoder(uniform(layer), .gpt2, norm: .layer, headBias: true)
  }

  /// GPT-Neo's kinds of attention, one for each layer: `[[["global", "local"], 6]]` is a pattern
  /// and how often it repeats; absent, global and local layers alternate.
  fileprivate func attentionTypes() throws -> [String] {
    let key = "attention_types"
    let count = try listedLayerCount()
    guard let list = try list(key) else {
      return (0..<count).map { $0.isMultiple(of: 2) ? "global" : "local" }
    }
    var kinds: [String] = []
    for entry in list {
      guard case .array(let pair) = entry, pair.count == 2, case .array(let pattern) = pair[0],
        case .number(let text) = pair[1], let times = Int(text), (0...1_000_000).contains(times)
      else {
        throw DescriptionError.wrongType(
          key: key, found: entry.line, expected: "a list of pairs of a list and a number")
      }
      for kind in pattern where kind != .string("global") && kind != .string("local") {
        throw DescriptionError.unsupported(key: key, found: kind.line, supported: "global, local")
      }
      let names = pattern.map { $0 == .string("local") ? "local" : "global" }
      kinds += (0..<times).flatMap { _ in names }
    }
    guard kinds.count == count else {
      throw DescriptionError.wrongLength(key: key, count: kinds.count, expected: count)
    }
    return kinds
  }

  /// The numbers of a bounded gate, where the configuration or its class says them.
  func gateBounds() throws -> FeedForward.Bounds? {
    guard let slope = try constant("swiglu_alpha"), let limit = try constant("swiglu_limit") else {
      return nil
    }
    return FeedForward.Bounds(slope: slope, limit: limit)
  }

  /// A router that takes the softmax of the chosen scores alone.
  func chosenFirst(_ router: Router) -> Router {
    var router = router
    router.scoring = .softmaxOfChosen
    return router
  }
}
