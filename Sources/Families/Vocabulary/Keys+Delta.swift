import Architecture
import Symbolic

extension Keys {
  /// Attention whose query map also gives a gate for each output: `[2·h·d_h, d]`.
  func gatedAttention(bias: Bool) throws -> Module {
    let (d, heads) = (try size(.hidden), try heads())
    let (q, kv) = (heads.query * heads.size, heads.keyValue * heads.size)
    var attention = SelfAttention(
      heads: heads.query, keyValueHeads: heads.keyValue, headSize: heads.size,
      inputs: [
        Linear("q_proj", d, 2 * q, bias: bias), Linear("k_proj", d, kv, bias: bias),
        Linear("v_proj", d, kv, bias: bias),
      ], layout: InputLayout([[.queries, .gate], [.keys], [.values]], .headByHead),
      output: Linear("o_proj", q, d, bias: bias),
      norms: [
        Normalization("q_norm", [heads.size], vectors: heads.query, of: .queries),
        Normalization("k_norm", [heads.size], vectors: heads.keyValue, of: .keys),
      ], position: try rotary(heads.size))
    attention.gate = .elements
    return .selfAttention(attention)
  }

  /// The heads of a gated delta mixer: keys and values may differ in number and width.
  struct DeltaHeads {
    var keys: Formula
    var values: Formula
    var keySize: Formula
    var valueSize: Formula

    /// The width of all keys, which is that of all queries.
    var keyWidth: Formula { keys * keySize }
    var valueWidth: Formula { values * valueSize }

    /// The delta rule in chunks of 64 tokens, as `transformers` fixes it.
    var rule: Scan.GatedDelta {
      Scan.GatedDelta(
        heads: values, keyHeads: keys, keySize: keySize, valueSize: valueSize, chunk: 64,
        rates: Weight("A_log", [values], .mixer), biases: Weight("dt_bias", [values], .mixer))
    }
  }

  func deltaHeads() throws -> DeltaHeads {
    let heads = DeltaHeads(
      keys: try size(.deltaKeyHeads), values: try size(.deltaValueHeads),
      keySize: try size(.deltaKeySize), valueSize: try size(.deltaValueSize))
    if isGiven("linear_num_value_heads") {
      try require(
        heads.values, "linear_num_value_heads", multipleOf: heads.keys, "linear_num_key_heads")
    }
    return heads
  }

  /// A gated delta mixer.
  ///
  /// - `fused`: whether queries, keys, values and gate are one map, and the decay and the
  ///   strength of the writing another.
  /// - `gate`: the function of the gate.
  func gatedDelta(fused: Bool, gate: Activation = .silu) throws -> Module {
    let (d, heads) = (try size(.hidden), try deltaHeads())
    let channels = 2 * heads.keyWidth + heads.valueWidth
    let projections: [DeltaMixer<Scan.GatedDelta>.Projection] =
      fused
      ? [
        .init(
          Linear("in_proj_qkvz", d, channels + heads.valueWidth),
          [.queries, .keys, .values, .gate]),
        .init(Linear("in_proj_ba", d, 2 * heads.values), [.strengths, .decays]),
      ]
      : [
        .init(Linear("in_proj_qkv", d, channels), [.queries, .keys, .values]),
        .init(Linear("in_proj_z", d, heads.valueWidth), [.gate]),
        .init(Linear("in_proj_b", d, heads.values), [.strengths]),
        .init(Linear("in_proj_a", d, heads.values), [.decays]),
      ]
    var norm = Normalization("norm", [heads.valueSize], vectors: heads.values)
    // Unlike the other norms of the family.
    norm.isPlain = true
    return .recurrent(
      .gatedDelta(
        DeltaMixer(
          projections, fused ? .keyHeadByKeyHead : .sideBySide,
          convolutions: [
            try convolution(channels, "linear_conv_kernel_dim", bias: false)
          ],
          activation: try activation(), rule: heads.rule, norm: norm, gate: gate,
          output: Linear("out_proj", heads.valueWidth, d))))
  }

  /// The type of each layer where one in each period has full attention.
  func intervalTypes(_ key: String = "full_attention_interval") throws -> [String] {
    try layerKinds { index in
      (index + 1).isMultiple(of: try period(key)) ? "full_attention" : "linear_attention"
    }
  }

  /// A layer of a gated delta mixer, or of attention, and then a feed-forward layer.
  func deltaLayer(attends: Bool, fused: Bool, _ feedForward: Module) throws -> Layer {
    try layer(
      attends ? gatedAttention(bias: flag("attention_bias")) : gatedDelta(fused: fused),
      feedForward, paths: (attends ? "self_attn" : "linear_attn", "mlp"))
  }

  /// Separate experts beside a shared one that has a gate of its own.
  func gatedSharedExperts() throws -> Module {
    try experts(
      expertCounts(), gated(size(.expertSize)), shared: gated(size(.sharedSize)),
      sharedPath: "shared_expert", sharedGate: "shared_expert_gate", normalizes: true)
  }
}
