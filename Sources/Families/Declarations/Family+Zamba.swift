import Architecture
import Symbolic

/// Stacks of state spaces in which a few attention blocks are used again and again.
///
/// A shared block belongs to the first layer that uses it: a checkpoint holds it once, under that
/// layer's name.
extension Family {
  static let zambas: [Family] = [zamba2, zamba]

  private static let frame = FrameNames(norm: "model.final_layernorm")

  static let zamba2 = Family(
    "zamba2",
    spelling: "layer_types=layers_block_type head_dim=attention_head_dim",
    defaults: """
      vocab_size=32000 layers_block_type=null mamba_d_state=64 mamba_d_conv=4 mamba_expand=2
      mamba_ngroups=1 n_mamba_heads=8 add_bias_linear=false intermediate_size=null
      num_attention_heads=32 num_key_value_heads=null num_mem_blocks=1
      chunk_size=256 use_shared_attention_adapter=false adapter_rank=128 hidden_act="gelu"
      tie_word_embeddings=true use_mem_rope=false
      """
  ) { keys in
    // The pattern of the published model stands in for a list that is absent.
    let published: Set = [6, 12, 18, 24, 30, 36, 42, 47, 51]
    let count = try keys.listedLayerCount()
    if try keys.list("layers_block_type") == nil, count != 54 {
      throw DescriptionError.wrongLength(key: "layers_block_type", count: 54, expected: count)
    }
    let types = try keys.layerKinds("layers_block_type", known: ["hybrid", "linear_attention"]) {
      published.contains($0) ? "hybrid" : "linear_attention"
    }
    let hybrids = types.indices.filter { types[$0] == "hybrid" }
    let uses = try keys.list("hybrid_layer_ids")?.count ?? hybrids.count
    let blocks = try keys.period("num_mem_blocks")
    let bias = try keys.flag("add_bias_linear")
    let mixer = Module.recurrent(
      .duality(
        try keys.mamba2(
          keys.expanded("mamba_expand", inner: "mamba_intermediate_size"),
          keys: (
            "n_mamba_heads", "mamba_headdim", "mamba_d_state", "mamba_d_conv", "mamba_ngroups"
          ),
          biases: (bias, bias), convolutionBias: true, leastStep: keys.constant("time_step_min"),
          activation: "silu")))
    let kinds = try keys.sharing(types, blocks: blocks)
    let groups = try keys.layers(kind: { kinds[$0] }) { kind in
      try keys.zambaLayer(kind, mixer) { block in
        try keys.zamba2Block(Array(stride(from: block, to: uses, by: blocks)), bias: bias)
      }
    }
    return try keys.decoder(groups, frame)
  }

  static let zamba = Family(
    "zamba",
    spelling: "layer_types=layers_block_type head_dim=attention_head_dim",
    defaults: """
      vocab_size=32000 attention_hidden_size=null intermediate_size=14848 num_attention_heads=16
      attention_head_dim=null num_key_value_heads=16 n_mamba_heads=2 attn_layer_period=6
      attn_layer_offset=4 mamba_d_state=16 mamba_d_conv=4 mamba_expand=2 mamba_dt_rank="auto"
      mamba_conv_bias=true mamba_proj_bias=false layers_block_type=null hidden_act="gelu"
      tie_word_embeddings=true
      """
  ) { keys in
    let period = try keys.period("attn_layer_period")
    let offset = try keys.integer("attn_layer_offset") ?? 0
    let types = try keys.layerKinds("layers_block_type", known: ["hybrid", "linear_attention"]) {
      $0 == 2 || ($0 > 2 && ($0 - 3) % period == offset) ? "hybrid" : "linear_attention"
    }
    let mixer = try keys.headedMamba()
    let kinds = try keys.sharing(types, blocks: 1)
    let groups = try keys.layers(kind: { kinds[$0] }) { kind in
      try keys.zambaLayer(kind, mixer) { _ in
        let attention = try keys.zambaAttention()
        return try keys.zambaBlock("shared_transf", attention, keys.gated())
      }
    }
    return try keys.decoder(groups, frame)
  }
}

extension Size {
  static let attentionWidth = Size(
    "d_a", "attention_hidden_size", "width of what the shared attention reads")
  static let adapterRank = Size("r_a", "adapter_rank", "rank of one adapter of a shared block")
}

/// What a layer of a stack with shared blocks holds.
private enum SharingLayer: Hashable {
  case mixer
  /// The first use of a shared block.
  case first(block: Int)
  /// Another use of a block that an earlier layer holds.
  case again(block: Int)
}

extension Keys {
  /// What each layer holds, when the hybrid layers take the shared blocks in turn.
  ///
  /// With an untied head `transformers` ties nothing, and every use is a block of its own.
  fileprivate func sharing(_ types: [String], blocks: Int) throws -> [SharingLayer] {
    let ties = try flag("tie_word_embeddings")
    var uses = 0
    return types.map { type in
      guard type == "hybrid" else { return .mixer }
      defer { uses += 1 }
      let block = uses % blocks
      return uses < blocks || !ties ? .first(block: block) : .again(block: block)
    }
  }

  /// One layer: a mixer, after the shared block and a map of its output where there is one.
  fileprivate func zambaLayer(
    _ kind: SharingLayer, _ mixer: Module, shared: (Int) throws -> [Block]
  ) throws -> Layer {
    if kind == .mixer { return try mixerLayer(mixer, norm: "input_layernorm", path: "mamba") }
    let d = try size(.hidden)
    var blocks: [Block] = []
    var repeats: [Block] = []
    switch kind {
    case .mixer: break
    case .first(let block): blocks = try shared(block)
    case .again(let block): repeats = try shared(block)
    }
    var layer = Layer(
      blocks + [
        Block([], [Branch("", .linear(Linear("linear", d, d)))]),
        Block(
          [try norm("mamba_decoder.input_layernorm")], [Branch("mamba_decoder.mamba", mixer)]),
      ])
    layer.repeats = repeats
    return layer
  }

  /// A shared block: attention over the stream beside the embeddings, then a feed-forward layer.
  fileprivate func zambaBlock(
    _ path: String, _ attention: Module, _ feedForward: FeedForward
  ) throws -> [Block] {
    [
      Block(
        [try norm("\(path).input_layernorm", .rootMeanSquare, attentionWidth())],
        [Branch("\(path).self_attn", attention)]),
      Block(
        [try norm("\(path).pre_ff_layernorm")],
        [Branch("\(path).feed_forward", .feedForward(feedForward))]),
    ]
  }

  /// A block of Zamba2.
  ///
  /// Each use of it has an adapter of its own.
  fileprivate func zamba2Block(_ uses: [Int], bias: Bool) throws -> [Block] {
    let (d, rank, width) = (try size(.hidden), try size(.adapterRank), try attentionWidth())
    let f = try quadrupleWidth()
    let adapts = try flag("use_shared_attention_adapter")
    let adapters = uses.flatMap { use in
      ["q", "k", "v"].flatMap { letter in
        [
          Linear("linear_\(letter)_adapter_list.\(use).0", width, rank),
          Linear("linear_\(letter)_adapter_list.\(use).1", rank, width),
        ]
      }
    }
    var feedForward = try fusedGated(f, bias: bias)
    let more = uses.flatMap { use in
      [
        Linear("gate_up_proj_adapter_list.\(use).0", d, rank),
        Linear("gate_up_proj_adapter_list.\(use).1", rank, 2 * f),
      ]
    }
    // One use runs its own adapters; the block holds those of all.
    feedForward.inputs += more.prefix(2)
    feedForward.vectors += more.dropFirst(2).weights(.denseFeedForward)
    let own = adapts ? adapters : []
    let attention = try zambaAttention(adapters: Array(own.prefix(6))).attending {
      $0.vectors += own.dropFirst(6).weights(.attention)
    }
    return try zambaBlock("shared_transformer", attention, feedForward)
  }

  private func attentionWidth() throws -> Formula {
    try size(.attentionWidth, else: 2 * size(.hidden), "2 · hidden_size")
  }

  fileprivate func zambaAttention(adapters: [Linear] = []) throws -> Module {
    let (d, width, h) = (try size(.hidden), try attentionWidth(), try size(.heads))
    let g = try size(.keyValueHeads, else: h, "num_attention_heads")
    try require(h, "num_attention_heads", multipleOf: g, "num_key_value_heads")
    if try optional(.headSize) == nil {
      try require(2 * d, "2 · hidden_size", multipleOf: h, "num_attention_heads")
    }
    let size = try size(.headSize, else: 2 * d / h, "2 · hidden_size / num_attention_heads")
    return .selfAttention(
      SelfAttention(
        heads: h, keyValueHeads: g, headSize: size,
        inputs: [
          Linear("q_proj", width, h * size), Linear("k_proj", width, g * size),
          Linear("v_proj", width, g * size),
        ] + adapters, output: Linear("o_proj", h * size, d), position: try rotary(size)))
  }

  /// A selective state space whose heads have time steps and states of their own.
  fileprivate func headedMamba() throws -> Module {
    let d = try size(.hidden)
    let inner = try expanded("mamba_expand", inner: "mamba_intermediate_size")
    let heads = try size(.mixerHeads, "n_mamba_heads")
    try require(inner, "mamba_intermediate_size", multipleOf: heads, "n_mamba_heads")
    let width = derived(
      .mixerHeadSize, key: "mamba_head_dim", inner / heads,
      "mamba_intermediate_size / n_mamba_heads")
    let state = try size(.stateSize, "mamba_d_state")
    let rank = try automatic(
      .timeStepRank, "mamba_dt_rank", .ceiling(d / 16), "⌈hidden_size / 16⌉")
    let bias = try flag("mamba_proj_bias")
    let shapes: [(String, [Formula])] = [
      ("x_proj_weight", [heads, rank + 2 * state, width]),
      ("dt_proj_weight", [heads, width, rank]), ("dt_proj_bias", [heads, width]),
      ("A_log", [heads, width, state]), ("D", [heads, width]),
    ]
    var mixer = Mixer(
      .mamba,
      linears: [
        Linear("in_proj", d, 2 * inner, bias: bias), Linear("out_proj", inner, d, bias: bias),
      ],
      convolutions: [try convolution(inner, "mamba_d_conv", bias: flag("mamba_conv_bias"))],
      vectors: shapes.map { Weight($0.0, $0.1, .mixer) },
      recurrence: .selective(channels: inner, state: state), gatedWidth: inner)
    mixer.headwise = [
      HeadwiseLinear("x_proj", heads: heads, width, rank + 2 * state),
      HeadwiseLinear("dt_proj", heads: heads, rank, width, bias: true),
    ]
    return .mixer(mixer)
  }
}
