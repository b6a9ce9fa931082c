import Architecture
import JSON
import Symbolic

/// Mamba and Mamba 2.
extension Family {
  static let ofMamba: [Family] = [mamba, mamba2]

  static let mamba = Family("mamba", defaults: mambaDefaults) { keys in
    let mixer = try keys.mamba(
      keys.expanded("expand", inner: "intermediate_size", given: true),
      keys: ("state_size", "conv_kernel", "time_step_rank"), bias: keys.flag("use_bias"),
      convolutionBias: keys.flag("use_conv_bias"),
      norms: keys.modelType == "falcon_mamba" ? .weightless : .none)
    return try keys.decoder(keys.uniform(keys.mixerLayer(mixer)), .mamba)
  }

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

  static let mamba2Keys = (
    heads: "mamba_n_heads", size: "mamba_d_head", state: "mamba_d_state", kernel: "mamba_d_conv",
    groups: "mamba_n_groups"
  )
  static let finalNorm = FrameNames(norm: "model.final_layernorm")

  static let mambaDefaults = """
    vocab_size=50280 state_size=16 expand=2 conv_kernel=4 use_bias=false use_conv_bias=true
    time_step_rank="auto" tie_word_embeddings=true
    """
}

extension Keys {
  /// A layer that is one mixer behind a norm.
  func mixerLayer(_ mixer: Module, norm: String = "norm", path: String = "mixer") throws -> Layer {
    Layer([Block([try self.norm(norm)], [Branch(path, mixer)])])
  }
}
