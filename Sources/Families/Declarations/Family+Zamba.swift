import Architecture
import Symbolic

/// Stacks of state spaces in which a few attention blocks are used again and again.
///
/// A shared block belongs to the first layer that uses it: a checkpoint holds it once, under that
/// layer's name.
extension Family {
  static let ofZamba: [Family] = [zamba2, zamba]

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
    var mamba = try keys.mamba2(
      keys.expanded("mamba_expand", inner: "mamba_intermediate_size"),
      keys: ("n_mamba_heads", "mamba_headdim", "mamba_d_state", "mamba_d_conv", "mamba_ngroups"),
      biases: (bias, bias), convolutionBias: true, leastStep: keys.constant("time_step_min"),
      activation: "silu")
    mamba.norm?.epsilon = "1e-5"
    let mixer = Module.recurrent(.duality(mamba))
    let kinds = try keys.sharing(types, blocks: blocks)
    let isShared = try keys.flag("tie_word_embeddings")
    let groups = try keys.layers(kind: { kinds[$0] }) { kind in
      try keys.zambaLayer(kind, mixer, path: "shared_transformer") { use in
        try keys.zamba2Block(
          Array(stride(from: use % blocks, to: uses, by: blocks)), only: isShared ? nil : use,
          bias: bias)
      }
    }
    return try keys.decoder(groups, frame)
  }

  static let zamba = Family(
    "zamba",
    spelling: "layer_types=layers_block_type head_dim=attention_head_dim",
    traits: [.doesNotRotate],
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
      try keys.zambaLayer(kind, mixer, path: "shared_transf") { _ in
        let attention = try keys.zambaAttention()
        return try keys.zambaBlock("shared_transf", .selfAttention(attention), keys.gated())
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
  /// A use of a shared block: its number, and the layer that holds the block.
  case shared(use: Int, holder: Int, isFirst: Bool)
}

extension Keys {
  /// What each layer holds, when the hybrid layers take the shared blocks in turn.
  ///
  /// With an untied head `transformers` ties nothing, and every use is a block of its own.
  fileprivate func sharing(_ types: [String], blocks: Int) throws -> [SharingLayer] {
    let ties = try flag("tie_word_embeddings")
    var layers: [Int] = []
    return types.indices.map { index in
      guard types[index] == "hybrid" else { return .mixer }
      let use = layers.count
      layers.append(index)
      let isFirst = use < blocks || !ties
      return .shared(use: use, holder: isFirst ? index : layers[use % blocks], isFirst: isFirst)
    }
  }

  /// One layer: a mixer, which where there is a shared block reads the answer of that too.
  fileprivate func zambaLayer(
    _ kind: SharingLayer, _ mixer: Module, path: String, shared: (_ use: Int) throws -> [Block]
  ) throws -> Layer {
    guard case .shared(let use, let holder, let isFirst) = kind else {
      return try mixerLayer(mixer, norm: "input_layernorm", path: "mamba")
    }
    let d = try size(.hidden)
    let blocks = try shared(use)
    var map = Block([], [Branch("", .linear(Linear("linear", d, d)))])
    map.isAside = true
    var layer = Layer(
      (isFirst ? blocks : []) + [
        map,
        Block(
          [try norm("mamba_decoder.input_layernorm")], [Branch("mamba_decoder.mamba", mixer)]),
      ])
    if !isFirst { layer.repeats = blocks }
    layer.sharings = [Layer.Sharing([path], holder: holder, use: use)]
    return layer
  }

  /// A shared block: attention over the stream beside the embeddings, then a feed-forward layer.
  fileprivate func zambaBlock(
    _ path: String, _ attention: Module, _ feedForward: FeedForward
  ) throws -> [Block] {
    var reading = Block(
      [try norm("\(path).input_layernorm", .rootMeanSquare, attentionWidth())],
      [Branch("\(path).self_attn", attention)])
    reading.readsFirstStream = true
    return [
      reading,
      Block(
        [try norm("\(path).pre_ff_layernorm")],
        [Branch("\(path).feed_forward", .feedForward(feedForward))]),
    ].map { block in
      var aside = block
      aside.isAside = true
      return aside
    }
  }

  /// A block of Zamba2.
  ///
  /// Each use of it has an adapter of its own.
  fileprivate func zamba2Block(_ uses: [Int], only use: Int?, bias: Bool) throws -> [Block] {
    let (d, rank, width) = (try size(.hidden), try size(.adapterRank), try attentionWidth())
    let f = try quadrupleWidth()
    var feedForward = try fusedGated(f, bias: bias)
    feedForward.adapters = Adapters(
      "gate_up_proj_adapter_list", d, 2 * f, rank: rank, uses: uses, onlyUse: use)
    var attention = try zambaAttention()
    if try flag("use_shared_attention_adapter") {
      for (piece, letter) in [(InputPiece.queries, "q"), (.keys, "k"), (.values, "v")] {
        attention.adapters[piece] = Adapters(
          "linear_\(letter)_adapter_list", width, width, rank: rank, uses: uses, onlyUse: use)
      }
    }
    return try zambaBlock("shared_transformer", .selfAttention(attention), feedForward)
  }

  private func attentionWidth() throws -> Formula {
    try size(.attentionWidth, else: 2 * size(.hidden), "2 · hidden_size")
  }

  fileprivate func zambaAttention() throws -> SelfAttention {
    let (d, width, h) = (try size(.hidden), try attentionWidth(), try size(.heads))
    let g = try size(.keyValueHeads, else: h, "num_attention_heads")
    try require(h, "num_attention_heads", multipleOf: g, "num_key_value_heads")
    if try optional(.headSize) == nil {
      try require(2 * d, "2 · hidden_size", multipleOf: h, "num_attention_heads")
    }
    let size = try size(.headSize, else: 2 * d / h, "2 · hidden_size / num_attention_heads")
    var attention = SelfAttention(
      heads: h, keyValueHeads: g, headSize: size,
      inputs: [
        Linear("q_proj", width, h * size), Linear("k_proj", width, g * size),
        Linear("v_proj", width, g * size),
      ], output: Linear("o_proj", h * size, d),
      position: try has("use_mem_rope") && !isSet("use_mem_rope") ? .none : rotary(size))
    // The heads are twice as wide as the stream would make them.
    attention.scale = .inverseRoot(size / 2)
    return attention
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
    let selection = SelectiveStateSpace.Selection(
      map: .headwise(
        HeadwiseLinear(
          "x_proj", heads: heads, width, rank + 2 * state, tensors: ("x_proj_weight", nil), .mixer)
      ),
      stepMap: .headwise(
        HeadwiseLinear(
          "dt_proj", heads: heads, rank, width, tensors: ("dt_proj_weight", "dt_proj_bias"), .mixer)
      ), rank: rank)
    var mixer = SelectiveStateSpace(
      input: Linear("in_proj", d, 2 * inner, bias: bias),
      convolution: try convolution(
        inner, "mamba_d_conv", bias: flag("mamba_conv_bias")),
      activation: try text("hidden_mamba_act") ?? "silu", selection: selection,
      scan: Scan.Selective(
        channels: inner, state: state, groups: heads,
        rates: Weight("A_log", [heads, width, state], .mixer),
        skip: Weight("D", [heads, width], .mixer)),
      output: Linear("out_proj", inner, d, bias: bias))
    mixer.takesTurns = true
    return .recurrent(.selective(mixer))
  }
}
