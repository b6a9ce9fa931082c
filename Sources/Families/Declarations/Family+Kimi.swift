import Architecture
import JSON
import Symbolic

/// Moonshot's Kimi: K2, and Kimi Linear, whose delta rule forgets channel by channel.
extension Family {
  static let ofKimi: [Family] = [kimiK2, kimiLinear]

  /// Kimi K2 is DeepSeek-V3 with other sizes; its files carry every one of them.
  static let kimiK2 = Family("kimi_k2", like: deepSeekV3, defaults: deepSeekV3.defaults)

  static let kimiLinear = Family(
    "kimi_linear",
    spelling: kimiSpelling,
    defaults: """
      vocab_size=163840 intermediate_size=9216 moe_intermediate_size=1024 num_attention_heads=32
      n_shared_experts=1 kv_lora_rank=512 q_lora_rank=null qk_rope_head_dim=64 v_head_dim=128
      qk_nope_head_dim=128 num_experts_per_tok=8 attention_bias=false num_local_experts=256
      mlp_layer_types=null layer_types=null linear_head_dim=128 linear_num_heads=32
      linear_conv_kernel_dim=4 first_k_dense_replace=1
      routed_scaling_factor=2.446 norm_topk_prob=true n_group=1 topk_group=1
      """
  ) { keys in
    let types = try keys.kimiTypes()
    let delta = try keys.kimiDelta()
    let groups = try keys.denseOrRouted(types, path: "block_sparse_moe", names: .numbered) {
      $0 ? .latentAttention(try keys.kimiLatent()) : delta
    }
    return try keys.decoder(groups, untieable: true)
  }

  static let kimiSpelling = """
    num_experts=num_local_experts num_experts_per_token=num_experts_per_tok
    num_shared_experts=n_shared_experts num_expert_group=n_group moe_renormalize=norm_topk_prob
    """
}

extension Keys {
  /// Layers of which each has a mixer of one of two types, and leading ones are not routed.
  func denseOrRouted(
    _ types: [String], path: String, attention: String = "self_attn",
    names: GatedNames = .llama, score: String = "gate.e_score_correction_bias",
    _ mixer: (Bool) throws -> Module
  ) throws -> [LayerGroup] {
    let dense = try integer("first_k_dense_replace") ?? 0
    let forms = try layerKinds("mlp_layer_types", known: ["dense", "sparse"]) {
      $0 < dense ? "dense" : "sparse"
    }
    return try layers(kind: { [types[$0] == "full_attention", forms[$0] == "sparse"] }) { kind in
      let feedForward =
        kind[1]
        ? try routedExperts(names: names, score: score) : .feedForward(try gated())
      return try layer(mixer(kind[0]), feedForward, paths: (attention, path))
    }
  }

  private func routedExperts(names: GatedNames, score: String) throws -> Module {
    let counts = try expertCounts("num_local_experts")
    let f = try size(.expertSize)
    return try experts(
      counts, gated(f, names: names), correction: scoreCorrection(counts.all, score),
      shared: sharedExperts(width: f))
  }

  /// The type of each layer: a list, else two lists of layers counted from one.
  fileprivate func kimiTypes() throws -> [String] {
    let nested = try object("linear_attn_config")
    guard let full = nested?["full_attn_layers"]?.array, let linear = nested?["kda_layers"]?.array
    else {
      return try layerKinds { $0 > 0 && $0 % 4 == 0 ? "full_attention" : "linear_attention" }
    }
    let (attending, others) = (
      Set(full.compactMap(\.integer)), Set(linear.compactMap(\.integer))
    )
    return try layerKinds { index in
      let number = Int128(index + 1)
      if others.contains(number) { return "linear_attention" }
      guard attending.contains(number) else {
        throw DescriptionError.unsupported(
          key: "linear_attn_config", found: "silent about layer \(number)",
          supported: "every layer in full_attn_layers or kda_layers")
      }
      return "full_attention"
    }
  }

  /// A size that may stand in the nested configuration of linear attention, which then counts.
  private func nested(_ size: Size, _ key: String, _ nestedKey: String) throws -> Formula {
    let path = "linear_attn_config.\(nestedKey)"
    guard let value = try object("linear_attn_config")?[nestedKey] else {
      return try self.size(size, key)
    }
    guard case .number(let text) = value, let number = Int128(text), number > 0 else {
      throw DescriptionError.notASize(key: path, found: value.line)
    }
    return derived(size, key: path, Formula(number), path)
  }

  fileprivate func kimiDelta() throws -> Module {
    let d = try size(.hidden)
    let heads = try nested(.mixerHeads, "linear_num_heads", "num_heads")
    let width = try nested(.mixerHeadSize, "linear_head_dim", "head_dim")
    _ = try nested(.kernelSize, "linear_conv_kernel_dim", "short_conv_kernel_size")
    let all = heads * width
    return try channelDelta(
      heads: heads, width: width, kernel: "linear_conv_kernel_dim",
      decays: .init(
        Linear("f_b_proj", width, all), [.decays], down: Linear("f_a_proj", d, width)),
      gate: .init(Linear("g_b_proj", width, all), [.gate], down: Linear("g_a_proj", d, width)),
      output: "o_proj", rates: [1, 1, heads, 1], decay: .softplus)
  }

  /// Delta attention with a decay for each channel.
  ///
  /// A checkpoint keeps three convolutions.
  func channelDelta(
    heads: Formula, width: Formula, kernel: String,
    decays: DeltaMixer<Scan.ChannelDelta>.Projection,
    gate: DeltaMixer<Scan.ChannelDelta>.Projection, output: String, rates: [Formula],
    decay: Scan.ChannelDelta.Decay
  ) throws -> Module {
    let d = try size(.hidden)
    let all = heads * width
    return .recurrent(
      .channelDelta(
        DeltaMixer(
          [
            .init(Linear("q_proj", d, all), [.queries]), .init(Linear("k_proj", d, all), [.keys]),
            .init(Linear("v_proj", d, all), [.values]),
            .init(Linear("b_proj", d, heads), [.strengths]), decays, gate,
          ],
          convolutions: try ["q", "k", "v"].map {
            try convolution(all, kernel, name: "\($0)_conv1d", bias: false)
          },
          activation: try activation(),
          rule: Scan.ChannelDelta(
            heads: heads, size: width, chunk: 64, decay: decay,
            rates: Weight("A_log", rates, .attention),
            biases: Weight("dt_bias", [all], .attention)),
          norm: Normalization("o_norm", [width], vectors: heads), gate: .sigmoid,
          output: Linear(output, all, d))))
  }

  /// Latent attention that does not rotate.
  fileprivate func kimiLatent() throws -> LatentAttention {
    var attention = try latentAttention(bias: flag("attention_bias"))
    attention.isRotated = false
    return attention
  }
}
