import Architecture
import JSON
import Symbolic

/// NVIDIA's Nemotron, dense and with state spaces.
extension Family {
  static let ofNemotron: [Family] = [nemotron, nemotronH]

  static let nemotron = Family(
    "nemotron",
    fixed: "norms_add_one=true",
    defaults: """
      vocab_size=256000 intermediate_size=24576 num_attention_heads=48 num_key_value_heads=null
      head_dim=null attention_bias=false mlp_bias=false hidden_act="relu2"
      tie_word_embeddings=false
      partial_rotary_factor=0.5
      """
  ) { keys in
    let attention = try keys.attention(bias: keys.biases(.all))
    let feedForward = try keys.plain(nil, "up_proj", "down_proj", bias: keys.flag("mlp_bias"))
    return try keys.decoder(
      keys.uniform(keys.layer(attention, .feedForward(feedForward), norm: .layer)), norm: .layer)
  }

  static let nemotronH = Family(
    "nemotron_h",
    spelling: """
      layer_types=layers_block_type num_local_experts=n_routed_experts
      mamba_n_groups=n_groups mamba_d_conv=conv_kernel mamba_conv_bias=use_conv_bias
      mamba_chunk_size=chunk_size
      """,
    traits: [.doesNotRotate],
    fixed: "time_step_min=0.001",
    defaults: """
      vocab_size=131072 num_attention_heads=32 num_key_value_heads=8 head_dim=128
      intermediate_size=21504 mlp_bias=false ssm_state_size=128 mamba_num_heads=128
      mamba_head_dim=64 n_groups=8 chunk_size=128 conv_kernel=4 use_conv_bias=true
      n_routed_experts=8 moe_intermediate_size=7688 moe_shared_expert_intermediate_size=7688
      moe_latent_size=null num_experts_per_tok=2 use_bias=false layers_block_type=null
      norm_topk_prob=true routed_scaling_factor=1.0 n_group=1 topk_group=1
      """
  ) { keys in
    let types = try keys.nemotronTypes()
    let groups = try keys.layers(kind: { types[$0] }) { try keys.nemotronLayer($0) }
    return try keys.decoder(groups, .mamba, untieable: true)
  }
}

extension Size {
  static let latentSize = Size("r_e", "moe_latent_size", "width on which the experts work")
}

extension Keys {
  /// The type of each layer: a list, else a pattern of letters.
  ///
  /// Their number is the model's.
  fileprivate func nemotronTypes() throws -> [String] {
    let known: Set = ["full_attention", "linear_attention", "moe", "mlp"]
    let pattern = try text("hybrid_override_pattern")
    let types: [String]
    if let list = try layerKinds("layers_block_type", known: known) {
      types = list
    } else if let pattern {
      let letters: [Character: String] = [
        "M": "linear_attention", "E": "moe", "*": "full_attention", "-": "mlp",
      ]
      types = try pattern.map { letter in
        guard let type = letters[letter] else {
          throw DescriptionError.unsupported(
            key: "hybrid_override_pattern", found: "'\(letter)'", supported: "M, E, *, -")
        }
        return type
      }
    } else {
      types = ["linear_attention", "moe", "full_attention", "mlp"]
    }
    guard !types.isEmpty else {
      throw DescriptionError.unsupported(
        key: "hybrid_override_pattern", found: "empty", supported: "one letter for each layer")
    }
    let given = try integer("num_hidden_layers")
    if let given, given != types.count {
      note(
        "num_hidden_layers is \(given), but \(modelType) has a layer for each of the"
          + " \(types.count) entries of its pattern.")
    }
    _ = derived(.layers, Formula(Int128(types.count)), "the entries of layers_block_type")
    return types
  }

  /// One layer of a type.
  fileprivate func nemotronLayer(_ type: String) throws -> Layer {
    switch type {
    case "linear_attention":
      let bias = try flag("use_bias")
      let heads = try size(.mixerHeads, "mamba_num_heads")
      let width = try size(.mixerHeadSize, "mamba_head_dim")
      let inner = derived(
        .innerSize, key: "mamba_intermediate_size", heads * width,
        "mamba_num_heads · mamba_head_dim")
      let mixer = try mamba2(
        inner,
        keys: ("mamba_num_heads", "mamba_head_dim", "ssm_state_size", "conv_kernel", "n_groups"),
        biases: (bias, bias), convolutionBias: flag("use_conv_bias"),
        leastStep: constant("time_step_min"),
        activation: text("mamba_hidden_act") ?? "silu")
      return try mixerLayer(.recurrent(.duality(mixer)))
    case "full_attention":
      return try mixerLayer(attention())
    case "mlp":
      let width = try feedForwardWidth()
      return try mixerLayer(
        .feedForward(ungated(size(.hidden), width, bias: flag("mlp_bias"))))
    default:
      return try nemotronExperts()
    }
  }

  /// A mixture whose experts may work on a narrower copy of the stream.
  private func nemotronExperts() throws -> Layer {
    let d = try size(.hidden)
    let bias = try flag("mlp_bias")
    let counts = try expertCounts("num_local_experts")
    let latent = try optional(.latentSize)
    let shared = try ungated(
      d, size(.sharedSize, "moe_shared_expert_intermediate_size"), bias: bias)
    let mixture = try experts(
      counts, ungated(latent ?? d, size(.expertSize)), correction: scoreCorrection(counts.all),
      shared: shared
    ).mixing { mixture in
      mixture.latent = latent.map {
        MixtureOfExperts.Latent(
          down: Linear("fc1_latent_proj", d, $0, bias: bias),
          up: Linear("fc2_latent_proj", $0, d, bias: bias))
      }
    }
    return try mixerLayer(mixture)
  }

  private func ungated(_ d: Formula, _ width: Formula, bias: Bool = false) throws -> FeedForward {
    FeedForward(
      width: width, isGated: false, inputs: [Linear("up_proj", d, width, bias: bias)],
      output: Linear("down_proj", width, d, bias: bias),
      activation: try text("mlp_hidden_act") ?? "relu2")
  }
}
