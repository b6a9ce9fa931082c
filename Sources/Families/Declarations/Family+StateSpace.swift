import Architecture
import Symbolic

/// Models without softmax attention, or with linear attention in its place.
extension Family {
  static let stateSpaces: [Family] = [mamba, falconMamba, mamba2, minimax]

  private static let mambaDefaults = """
    vocab_size=50280 state_size=16 expand=2 conv_kernel=4 use_bias=false use_conv_bias=true
    time_step_rank="auto" tie_word_embeddings=true
    """

  static let mamba = Family("mamba", defaults: mambaDefaults) { keys in
    let mixer = try keys.mamba(
      keys.expanded("expand", inner: "intermediate_size", given: true),
      keys: ("state_size", "conv_kernel", "time_step_rank"), bias: keys.flag("use_bias"),
      convolutionBias: keys.flag("use_conv_bias"),
      norms: keys.modelType == "falcon_mamba" ? .weightless : .none)
    return try keys.decoder(keys.uniform(keys.mixerLayer(mixer)), .mamba)
  }

  static let falconMamba = Family("falcon_mamba", like: mamba, defaults: mambaDefaults)

  static let mamba2 = Family(
    "mamba2",
    defaults: """
      vocab_size=32768 num_heads=128 head_dim=64 state_size=128 expand=2 conv_kernel=4 n_groups=8
      chunk_size=256 use_bias=false use_conv_bias=true tie_word_embeddings=false
      """
  ) { keys in
    let bias = try keys.flag("use_bias")
    let mixer = try keys.mamba2(
      keys.expanded("expand", inner: "intermediate_size"),
      keys: ("num_heads", "head_dim", "state_size", "conv_kernel", "n_groups"),
      biases: (bias, bias), convolutionBias: keys.flag("use_conv_bias"))
    return try keys.decoder(
      keys.uniform(keys.mixerLayer(.recurrent(.duality(mixer)))), .mamba)
  }

  static let minimax = Family(
    "minimax",
    spelling: "num_experts=num_local_experts",
    defaults: """
      vocab_size=32000 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=8
      head_dim=null num_experts_per_tok=2 num_local_experts=8 block_size=256 layer_types=null sliding_window=null
      tie_word_embeddings=false
      full_attn_alpha_factor=1 full_attn_beta_factor=1 linear_attn_alpha_factor=1
      linear_attn_beta_factor=1 mlp_alpha_factor=1 mlp_beta_factor=1
      """
  ) { keys in
    let types = try keys.layerKinds { $0.isMultiple(of: 2) ? "full_attention" : "linear_attention" }
    let experts = try keys.experts(
      keys.expertCounts(), keys.gated(names: .numbered), normalizes: true)
    let groups = try keys.layers(kind: { types[$0] }) { type in
      var layer = try keys.layer(
        type == "full_attention"
          ? keys.attention(reach: keys.window(keepsCache: true)) : keys.lightning(), experts,
        paths: ("self_attn", "block_sparse_moe"))
      let kinds = [type == "full_attention" ? "full_attn" : "linear_attn", "mlp"]
      for (block, kind) in zip(layer.blocks.indices, kinds) {
        layer.blocks[block].keepsNormed = true
        layer.blocks[block].streamScale = try keys.setting("\(kind)_alpha_factor")
        layer.blocks[block].scale = try keys.setting("\(kind)_beta_factor")
      }
      return layer
    }
    return try keys.decoder(groups)
  }
}

extension Size {
  static let blockSize = Size("B_l", "block_size", "tokens of one block of lightning attention")
}

extension Keys {
  /// A layer that is one mixer behind a norm.
  func mixerLayer(_ mixer: Module, norm: String = "norm", path: String = "mixer") throws -> Layer {
    Layer([Block([try self.norm(norm)], [Branch(path, mixer)])])
  }

  /// Lightning attention.
  ///
  /// Its decay tables are stored with the model, but not trained.
  fileprivate func lightning() throws -> Module {
    let heads = try heads()
    let (d, h, b) = (try size(.hidden), heads.query, try size(.blockSize))
    let width = h * heads.size
    var norm = Normalization("norm", [width])
    // The class fixes it.
    norm.epsilon = "1e-6"
    // 1 − i/(L − 1 + 1e-5) + 1e-5 in layer i.
    let share = Constant.product(
      .layerIndex, .inverse(.sum(.size(try size(.layers)), "-0.99999")))
    let scale = Constant.sum("1.00001", .product("-1", share))
    let tables = [
      Weight("slope_rate", [h, 1, 1], .attention, isBuffer: true),
      Weight("query_decay", [h, b, 1], .attention, isBuffer: true),
      Weight("key_decay", [h, b, 1], .attention, isBuffer: true),
      Weight("diagonal_decay", [1, h, b, b], .attention, isBuffer: true),
    ]
    return .recurrent(
      .lightning(
        LightningMixer(
          input: Linear("qkv_proj", d, 3 * width), activation: try activation(),
          scan: Scan.Lightning(
            heads: h, size: heads.size, block: b, slopeScale: scale, tables: tables),
          norm: norm, gate: Linear("output_gate", d, width), output: Linear("out_proj", width, d))))
  }
}
