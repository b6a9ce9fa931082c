import Architecture
import JSON
import Symbolic

/// NXAI's xLSTM: matrix memories.
extension Family {
  static let ofXLSTM: [Family] = [xlstm]

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
}

extension Size {
  static let memoryWidth = Size("d_q", "qk_dim", "width of all queries of the mixer")
  static let longestPiece = Size(
    "Q_m", "max_inference_chunksize", "tokens of a prompt that the mixer takes at once")
  static let memoryValueWidth = Size("d_w", "v_dim", "width of all values of the mixer")
}

extension Keys {
  /// A whole part of the model's width.
  private func portion(_ size: Size, _ factor: String) throws -> Formula {
    guard let share = try decimal(factor) else {
      throw DescriptionError.missing(key: factor, symbol: "", modelType: modelType)
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
      throw DescriptionError.missing(key: "ffn_proj_factor", symbol: "", modelType: modelType)
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
