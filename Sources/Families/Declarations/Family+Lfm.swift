import Architecture
import Symbolic

/// Models that put attention and gated short convolutions into one stack.
extension Family {
  static let ofLfm: [Family] = [lfm2, lfm2Experts, lfm3]

  private static let frame = FrameNames(norm: "model.embedding_norm")

  /// The spellings of the first checkpoints come before those of today.
  static let lfm2 = Family(
    "lfm2",
    spelling: "block_ff_dim=intermediate_size tie_embedding=tie_word_embeddings",
    defaults: """
      vocab_size=65536 intermediate_size=12288 num_attention_heads=32 num_key_value_heads=8
      conv_bias=false conv_L_cache=3 block_multiple_of=256 block_ffn_dim_multiplier=1.0
      block_auto_adjust_ff_dim=true full_attn_idxs=null layer_types=null tie_word_embeddings=true
      """
  ) { keys in
    let attending = try keys.indices("full_attn_idxs")
    let types = try keys.layerKinds(known: ["full_attention", "conv"]) {
      attending?.contains($0) ?? true ? "full_attention" : "conv"
    }
    let feedForward = Module.feedForward(try keys.gated(keys.lfmWidth(), names: .numbered))
    let groups = try keys.layers(kind: { types[$0] == "full_attention" }) {
      try keys.lfmLayer(attends: $0, feedForward)
    }
    return try keys.decoder(groups, frame)
  }

  static let lfm2Experts = Family(
    "lfm2_moe",
    spelling: "tie_embedding=tie_word_embeddings",
    defaults: """
      vocab_size=65536 intermediate_size=7168 moe_intermediate_size=1792 num_attention_heads=32
      num_key_value_heads=8 conv_bias=false conv_L_cache=3 num_dense_layers=2
      num_experts_per_tok=4 num_experts=32 use_expert_bias=true tie_word_embeddings=true
      norm_topk_prob=true routed_scaling_factor=1.0
      """
  ) { keys in
    let types = try keys.layerKinds(known: ["full_attention", "conv"]) { _ in
      throw DescriptionError.missing(key: "layer_types", symbol: "", modelType: keys.modelType)
    }
    let dense = try keys.integer("num_dense_layers") ?? 0
    let groups = try keys.layers(kind: { [types[$0] == "full_attention", $0 >= dense] }) { kind in
      try keys.lfmLayer(
        attends: kind[0],
        kind[1] ? keys.lfmExperts() : .feedForward(keys.gated(names: .numbered)))
    }
    return try keys.decoder(groups, frame)
  }

  static let lfm3 = Family(
    "lfm3",
    fixed: "has_own_base=true",
    defaults: """
      vocab_size=128000 intermediate_size=7680 num_attention_heads=16 num_key_value_heads=4
      head_dim=128 conv_bias=false conv_L_cache=7 layer_types=null use_sandwich_norm=true
      use_attention_gate=true attention_bias=false sliding_window=256 tie_word_embeddings=true
      """
  ) { keys in
    let known: Set = ["full_attention", "sliding_attention", "conv"]
    let types = try keys.layerKinds(known: known) { index in
      if index % 4 == 2 { return "full_attention" }
      return index % 4 == 0 && index > 0 ? "sliding_attention" : "conv"
    }
    let feedForward = Module.feedForward(try keys.gated(names: .numbered))
    let after = try keys.flag("use_sandwich_norm")
    let groups = try keys.layers(kind: { types[$0] }) { type in
      let attends = type != "conv"
      let mixer = attends ? try keys.lfm3Attention(type) : try keys.shortConvolution()
      return Layer([
        Block(
          [try keys.norm("operator_norm")], [Branch(attends ? "self_attn" : "conv", mixer)],
          outputNorms: after ? [try keys.norm("post_operator_norm")] : []),
        Block(
          [try keys.norm("ffn_norm")], [Branch("feed_forward", feedForward)],
          outputNorms: after ? [try keys.norm("post_ffn_norm")] : []),
      ])
    }
    return try keys.decoder(groups, frame)
  }
}

extension Keys {
  /// The width that is used where the one that is given counts a plain layer's parameters.
  fileprivate func lfmWidth() throws -> Formula {
    let f = try size(.intermediate)
    guard try flag("block_auto_adjust_ff_dim") else { return f }
    var width = Formula.floor(2 * f / 3)
    guard let factor = try decimal("block_ffn_dim_multiplier") else { return width }
    width = .floor(Formula(factor) * width)
    let step = try size(.widthStep)
    return step * .ceiling(width / step)
  }

  /// A layer of attention or of a gated short convolution, and then a feed-forward layer.
  fileprivate func lfmLayer(attends: Bool, _ feedForward: Module) throws -> Layer {
    let mixer =
      attends
      ? try attention(
        names: .outProj, norm: .eachHead, normNames: ("q_layernorm", "k_layernorm"))
      : try shortConvolution()
    return try layer(
      mixer, feedForward, norms: ("operator_norm", "ffn_norm"),
      paths: (attends ? "self_attn" : "conv", "feed_forward"))
  }

  /// A gated short convolution: three maps in one, the middle one convolved, and one map out.
  fileprivate func shortConvolution() throws -> Module {
    let (d, bias) = (try size(.hidden), try flag("conv_bias"))
    return .recurrent(
      .shortConvolution(
        ShortConvolution(
          input: Linear("in_proj", d, 3 * d, bias: bias),
          convolution: try convolution(
            d, "conv_L_cache", name: "conv", bias: bias),
          output: Linear("out_proj", d, d, bias: bias))))
  }

  fileprivate func lfmExperts() throws -> Module {
    let counts = try expertCounts()
    let correction =
      try flag("use_expert_bias") ? scoreCorrection(counts.all, "expert_bias") : nil
    return try experts(
      counts, gated(size(.expertSize), names: .numbered), correction: correction,
      scoring: .sigmoid)
  }

  fileprivate func lfm3Attention(_ type: String) throws -> Module {
    let bias = try biases(.all)
    let gates =
      try flag("use_attention_gate")
      ? [Linear("gate_proj", size(.hidden), size(.heads), bias: false)] : []
    let heads = try heads()
    return try attention(
      heads, bias: bias, norm: .eachHead, extra: gates, reach: window(ofType: type),
      position: rotary(heads.size, table: type == "full_attention" ? "" : "sliding", of: type)
    ).attending { $0.gate = gates.isEmpty ? nil : .heads }
  }
}

extension Size {
  static let widthStep = Size(
    "f_m", "block_multiple_of", "what the feed-forward width is a multiple of")
}
