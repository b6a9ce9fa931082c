import Architecture
import JSON
import Symbolic

/// Recurrent models that are no state spaces: RWKV, xLSTM, and Griffin's gated recurrence.
extension Family {
  static let recurrences: [Family] = [rwkv, xlstm, recurrentGemma]

  static let rwkv = Family(
    "rwkv",
    defaults: """
      vocab_size=50277 attention_hidden_size=null intermediate_size=null rescale_every=6
      tie_word_embeddings=false
      """
  ) { keys in
    let names = FrameNames(
      token: "rwkv.embeddings", layers: "rwkv.blocks", norm: "rwkv.ln_out", head: "head")
    var model = try keys.decoder(keys.receptanceLayers(), names, norm: .layer)
    for index in model.tail.indices {
      guard case .normalization(var norm) = model.tail[index].module else { continue }
      // The class leaves it at torch's.
      norm.epsilon = "1e-5"
      model.tail[index].module = .normalization(norm)
    }
    return model
  }

  static let xlstm = Family(
    "xlstm",
    defaults: """
      vocab_size=50304 embedding_dim=null num_blocks=null num_heads=8 use_bias=false
      qk_dim_factor=0.5 v_dim_factor=1.0 ffn_proj_factor=2.667 ffn_round_up_to_multiple_of=64
      weight_mode="single" tie_word_embeddings=false
      chunk_size=64 max_inference_chunksize=16384 output_logit_soft_cap=30.0
      gate_soft_cap=15.0
      """
  ) { keys in
    let d = try keys.size(.hidden)
    if let width = try keys.optional(.embeddingWidth, "embedding_dim") {
      try keys.require(width, "embedding_dim", multipleOf: d, "hidden_size")
      try keys.require(width, "embedding_dim", atMost: d, "hidden_size")
    }
    let blocks = try keys.optional(.layers, "num_blocks")
    let count = try blocks ?? keys.size(.layers)
    _ = try keys.integer("num_hidden_layers")
    let bias = try keys.flag("use_bias")
    let fused = try keys.text("weight_mode") == "fused"
    let norms = try ["norm_mlstm", "norm_ffn"].map {
      Normalization($0, [try keys.size(.hidden)], bias: bias)
    }
    let layer = Layer([
      Block([norms[0]], [Branch("mlstm_layer", try keys.matrixMemory(fused: fused, bias: bias))]),
      Block(
        [norms[1]], [Branch("ffn", .feedForward(try keys.xlstmGated(fused: fused, bias: bias)))]),
    ])
    let names = FrameNames(
      token: "backbone.embeddings", layers: "backbone.blocks", norm: "backbone.out_norm")
    var model = try keys.decoder([LayerGroup(layer, .range(0, count))], names, untieable: true)
    model.logits.cap = try keys.setting("output_logit_soft_cap")
    return model
  }

  static let recurrentGemma = Family(
    "recurrent_gemma",
    spelling: "sliding_window=attention_window_size",
    defaults: """
      vocab_size=256000 intermediate_size=7680 num_attention_heads=10 num_key_value_heads=null
      lru_width=null conv1d_width=4 block_types=["recurrent","recurrent","attention"]
      attention_bias=false hidden_activation="gelu_pytorch_tanh" attention_window_size=2048
      tie_word_embeddings=true logits_soft_cap=30.0
      partial_rotary_factor=0.5
      """
  ) { keys in
    let pattern = try keys.recurrentPattern()
    let attention = try keys.griffinAttention()
    let recurrence = try keys.gatedRecurrence()
    var feedForward = try keys.gated(.floor(keys.size(.intermediate) / 2), bias: true)
    feedForward.activation = try keys.text("hidden_activation") ?? "gelu_pytorch_tanh"
    let groups = try keys.layers(kind: { pattern[$0 % pattern.count] }) { type in
      try keys.layer(
        type == "recurrent" ? recurrence : attention, .feedForward(feedForward),
        norms: ("temporal_pre_norm", "channel_pre_norm"), paths: ("temporal_block", "mlp_block"))
    }
    var model = try keys.decoder(groups, FrameNames(norm: "model.final_norm"))
    model.scaleTokens(by: .brain(.root(try keys.size(.hidden))))
    model.logits.cap = try keys.setting("logits_soft_cap")
    return model
  }
}

extension Size {
  static let memoryWidth = Size("d_q", "qk_dim", "width of all queries of the mixer")
  static let longestPiece = Size(
    "Q_m", "max_inference_chunksize", "tokens of a prompt that the mixer takes at once")
  static let memoryValueWidth = Size("d_w", "v_dim", "width of all values of the mixer")
}

// MARK: - RWKV

extension Keys {
  /// Every layer but the first is alike; where a model is not trained, the stream is halved behind
  /// one in each period, and the maps to the stream with it.
  fileprivate func receptanceLayers() throws -> [LayerGroup] {
    let count = try size(.layers)
    let first = Block([try norm("pre_ln", .layer)], [])
    let interval = try rescalingInterval()
    func layer(isFirst: Bool, _ division: Division?) throws -> Layer {
      var layer = try receptanceLayer(halvedEvery: interval)
      if isFirst { layer.blocks.insert(first, at: 0) }
      layer.division = division
      return layer
    }
    guard let interval, let number = number(count) else {
      // Of a free number of layers only the share that halves is known.
      let division = interval.map {
        Division(
          by: "2", share: .floor(count / Formula($0)) / count, holdsInTraining: false)
      }
      var groups = [LayerGroup(try layer(isFirst: true, division), .range(0, 1))]
      if self.number(count) != 1 {
        groups.append(LayerGroup(try layer(isFirst: false, division), .range(1, count)))
      }
      return groups
    }
    guard number >= interval else {
      var groups = [LayerGroup(try layer(isFirst: true, nil), .range(0, 1))]
      if number != 1 { groups.append(LayerGroup(try layer(isFirst: false, nil), .range(1, count))) }
      return groups
    }
    return try layers(kind: {
      [$0 == 0, (Int128($0) + 1).isMultiple(of: interval)]
    }) { kind in
      try layer(isFirst: kind[0], kind[1] ? Division(by: "2", holdsInTraining: false) : nil)
    }
  }

  /// After how many layers the stream is halved; none where it is zero or less.
  private func rescalingInterval() throws -> Int128? {
    guard case .number(let text) = try reading("rescale_every")?.value else { return nil }
    guard let interval = Int128(text) else {
      throw DescriptionError.wrongType(
        key: "rescale_every", found: text, expected: "a whole number")
    }
    return interval > 0 ? interval : nil
  }

  private func receptanceLayer(halvedEvery interval: Int128?) throws -> Layer {
    let d = try size(.hidden)
    let f = try quadrupleWidth()
    let a = try size(.innerSize, "attention_hidden_size", else: d, "hidden_size")
    let halving = interval.map {
      Constant.power("0.5", .floor(Formula(Symbol.layer) / Formula($0)))
    }
    func mixed(_ name: String, _ width: Formula, _ part: Part) -> ReceptanceMixer.Projection {
      ReceptanceMixer.Projection(
        mix: Weight("time_mix_\(name)", [1, 1, d], part), map: Linear(name, d, width))
    }
    var attention = ReceptanceMixer(
      keys: mixed("key", a, .attention), values: mixed("value", a, .attention),
      receptances: mixed("receptance", a, .attention),
      mean: Scan.WeightedMean(
        width: a, decay: Weight("time_decay", [a], .attention),
        bonus: Weight("time_first", [a], .attention)),
      output: Linear("output", a, d))
    attention.output.loadScale = halving
    let keys = mixed("key", f, .denseFeedForward)
    var feedForward = FeedForward(
      width: f, isGated: false, inputs: [keys.map], output: Linear("value", f, d),
      activation: "relu2")
    feedForward.reception = FeedForward.Reception(
      mix: keys.mix, gate: mixed("receptance", d, .denseFeedForward))
    feedForward.output.loadScale = halving
    return try layer(
      .recurrent(.receptance(attention)), .feedForward(feedForward), norm: .layer,
      norms: ("ln1", "ln2"), paths: ("attention", "feed_forward"))
  }
}

// MARK: - xLSTM

extension Keys {
  /// A whole part of the model's width.
  private func portion(_ size: Size, _ factor: String) throws -> Formula {
    guard let share = try decimal(factor) else {
      throw DescriptionError.missing(key: factor, letter: "", modelType: modelType)
    }
    let d = try self.size(.hidden)
    return derived(size, .floor(Formula(share) * d), "⌊\(factor) · hidden_size⌋")
  }

  /// A matrix memory with a gate for what is written, kept and read.
  ///
  /// - Source: Beck et al. 2024 (xLSTM), §2.3, <https://arxiv.org/abs/2405.04517>.
  fileprivate func matrixMemory(fused: Bool, bias: Bool) throws -> Module {
    let (d, heads) = (try size(.hidden), try size(.mixerHeads))
    let queries = try portion(.memoryWidth, "qk_dim_factor")
    let values = try portion(.memoryValueWidth, "v_dim_factor")
    try require(queries, "qk_dim", multipleOf: heads, "num_heads")
    try require(values, "v_dim", multipleOf: heads, "num_heads")
    let inputs: MatrixMemoryMixer.Inputs =
      fused
      ? .fused(
        streams: Linear("qkv_opreact", d, 2 * queries + 2 * values, bias: bias),
        gates: Linear("ifgate_preact", d, 2 * heads, bias: true))
      : .separate(
        queries: Linear("q", d, queries, bias: bias), keys: Linear("k", d, queries, bias: bias),
        values: Linear("v", d, values, bias: bias),
        outputGate: Linear("ogate_preact", d, values, bias: bias),
        inputGate: Linear("igate_preact", d, heads, bias: true),
        forgetGate: Linear("fgate_preact", d, heads, bias: true))
    var norm = Normalization("multihead_norm", [values], .layer, bias: bias)
    norm.groups = heads
    return .recurrent(
      .matrixMemory(
        MatrixMemoryMixer(
          inputs, gateCap: try setting("gate_soft_cap"),
          memory: Scan.MatrixMemory(
            heads: heads, keySize: queries / heads, valueSize: values / heads,
            chunk: try size(.chunkSize), longest: try size(.longestPiece),
            epsilon: try required("eps")),
          norm: norm, output: Linear("out_proj", values, d, bias: bias))))
  }

  fileprivate func xlstmGated(fused: Bool, bias: Bool) throws -> FeedForward {
    let d = try size(.hidden)
    guard let factor = try decimal("ffn_proj_factor") else {
      throw DescriptionError.missing(key: "ffn_proj_factor", letter: "", modelType: modelType)
    }
    let step = Formula(Int128(try period("ffn_round_up_to_multiple_of")))
    let width = derived(
      .intermediate, step * .floor((Formula(factor) * d + step - 1) / step),
      "ffn_proj_factor · hidden_size, in whole multiples of ffn_round_up_to_multiple_of")
    let inputs =
      fused
      ? [Linear("proj_up_gate_z", d, 2 * width, bias: bias)]
      : [Linear("proj_up_gate", d, width, bias: bias), Linear("proj_up", d, width, bias: bias)]
    return FeedForward(
      width: width, isGated: true, inputs: inputs,
      output: Linear("proj_down", width, d, bias: bias), activation: "silu")
  }
}

// MARK: - Griffin

extension Keys {
  fileprivate func recurrentPattern() throws -> [String] {
    let pattern = try list("block_types") ?? []
    let known = ["recurrent", "attention"]
    let types = pattern.compactMap(\.string).filter(known.contains)
    guard !types.isEmpty, types.count == pattern.count else {
      throw DescriptionError.unsupported(
        key: "block_types", found: "something else", supported: known.joined(separator: ", "))
    }
    return types
  }

  fileprivate func griffinAttention() throws -> Module {
    let bias: Biases = try flag("attention_bias") ? .all : .output
    return try attention(bias: bias, reach: window())
  }

  /// A real-gated linear recurrent unit between two branches of the stream.
  fileprivate func gatedRecurrence() throws -> Module {
    let (d, h) = (try size(.hidden), try size(.heads))
    let width = try size(.innerSize, "lru_width", else: d, "hidden_size")
    try require(width, "lru_width", multipleOf: h, "num_attention_heads")
    let block = width / h
    func gate(_ name: String) -> HeadwiseLinear {
      HeadwiseLinear(
        "rg_lru.\(name)", heads: h, block, block,
        tensors: ("rg_lru.\(name)_weight", "rg_lru.\(name)_bias"), .mixer, transposed: true)
    }
    var convolution = try convolution(
      width, "conv1d_width", name: "conv_1d", bias: true)
    convolution.forgetsPast = true
    return .recurrent(
      .gatedUnit(
        GatedRecurrentUnit(
          gate: Linear("linear_y", d, width, bias: true),
          input: Linear("linear_x", d, width, bias: true), convolution: convolution,
          inputGate: gate("input_gate"), recurrentGate: gate("recurrent_gate"),
          scan: Scan.GatedUnit(
            width: width, rates: Weight("rg_lru.recurrent_param", [width], .mixer)),
          output: Linear("linear_out", width, d, bias: true),
          activation: try text("hidden_activation") ?? "gelu_pytorch_tanh")))
  }
}
