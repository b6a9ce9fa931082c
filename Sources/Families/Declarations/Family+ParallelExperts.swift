import Architecture
import JSON
import Symbolic

extension Size {
  fileprivate static let prefixSize = Size(
    "f_p", "prefix_dense_intermediate_size", "width of the leading dense layers")
}

/// Mixtures of separate experts with modules of their own around them.
extension Family {
  static let kolibri1 = Family(
    "kolibri1", spelling: "num_local_experts=num_experts",
    defaults: """
      vocab_size=128000 num_attention_heads=48 num_key_value_heads=4 head_dim=128
      moe_intermediate_size=512 num_experts_per_tok=6 num_experts=384
      shared_expert_intermediate_size=512 tie_word_embeddings=false
      norm_topk_prob=false
      sliding_window=513 layer_types=null
      """
  ) { keys in
    let counts = try keys.expertCounts("num_local_experts")
    // The checkpoint stores the score correction under a module of its own.
    let correction = keys.scoreCorrection(counts.all, "moe.router.expert_bias")
    let experts = try keys.experts(
      counts, keys.gated(keys.size(.expertSize)), gate: "mlp.gate", correction: correction,
      shared: keys.gated(keys.size(.sharedSize)), sharedPath: "mlp.shared_experts",
      path: "mlp.experts.#", scoring: .sigmoidOfChosen)
    let layer = try keys.sandwichLayer(
      keys.attention(norm: .eachHead), experts,
      norms: ["input_layernorm", "post_attn_norm", "post_attention_layernorm", "post_ffn_norm"],
      paths: ("self_attn", ""))
    return try keys.decoder(
      keys.sliding(keys.uniform(layer), whole: PositionScheme.none) {
        !($0 + 1).isMultiple(of: 5)
      })
  }

  static let flint = Family(
    "flint",
    defaults: """
      vocab_size=150144 intermediate_size=6144 num_attention_heads=32 num_key_value_heads=4
      head_dim=128 attention_bias=false decoder_sparse_step=1 moe_intermediate_size=512
      shared_expert_intermediate_size=1024 num_experts_per_tok=6 num_experts=256
      mlp_only_layers=null tie_word_embeddings=false
      norm_topk_prob=true
      sliding_window=513 layer_types=null
      """
  ) { keys in
    let heads = try keys.heads()
    let attention = try keys.attention(
      heads, bias: keys.biases(.all), norm: .eachHead,
      sinks: Weight("softmax_offset", [heads.query], .attention))
    let step = try keys.integer("decoder_sparse_step", least: 1) ?? 1
    let dense = try keys.list("mlp_only_layers")?.compactMap(\.integer) ?? [0, 1]
    let groups = try keys.layers(kind: { index in
      !dense.contains(Int128(index)) && (index + 1).isMultiple(of: step)
    }) { isSparse in
      guard isSparse else { return try keys.layer(attention, .feedForward(keys.gated())) }
      return try keys.layer(
        attention,
        keys.experts(
          keys.expertCounts(), keys.gated(keys.size(.expertSize)),
          shared: keys.gated(keys.size(.sharedSize)), sharedPath: "shared_expert",
          scoring: .sigmoid))
    }
    let last = try keys.listedLayerCount() - 1
    return try keys.decoder(
      keys.sliding(groups, whole: PositionScheme.none) {
        $0 >= 2 && $0 % 4 != 1 && $0 != last
      })
  }

  static let beam = Family(
    "beam",
    defaults: """
      vocab_size=151936 intermediate_size=20480 num_attention_heads=48 num_key_value_heads=8
      head_dim=128 attention_bias=false moe_intermediate_size=2560 num_experts_per_tok=8
      num_experts=256 mlp_layer_types=null tie_word_embeddings=false
      final_logit_softcapping=30.0 norm_topk_prob=true routed_scaling_factor=2.5 n_group=8 topk_group=4
      sliding_window=512 layer_types=null
      """
  ) { keys in
    let d = try keys.size(.hidden)
    let heads = try keys.heads()
    let gateBias = Weight("gate_bias", [heads.query], .attention)
    let attention = try keys.attention(
      heads, bias: keys.biases(.all), norm: .eachHead,
      extra: [Linear("gate_proj", d, heads.query * heads.size)], vectors: [gateBias],
      position: keys.beamPosition("full_attention")
    ).attending {
      $0.gate = .elements
      $0.gateBias = gateBias
    }
    let scale = try keys.setting("routed_scaling_factor")
    func sparse() throws -> Layer {
      let counts = try keys.expertCounts()
      return try keys.sandwichLayer(
        attention,
        keys.experts(
          counts, keys.gated(keys.size(.expertSize)), correction: keys.scoreCorrection(counts.all)
        ).mixing {
          $0.router.scale = nil
          $0.scale = scale
        })
    }
    let groups = try keys.denseOrSparse(
      leading: 3, dense: keys.sandwichLayer(attention, .feedForward(keys.gated())),
      sparse: sparse())
    let last = try keys.listedLayerCount() - 1
    let near = try keys.beamPosition("sliding_attention")
    var layers = try keys.sliding(groups, near: near) {
      !($0 + 1).isMultiple(of: 6) && $0 != last
    }
    for index in layers.indices { layers[index].layer = layers[index].layer.asInBeam() }
    return try keys.decoder(layers)
  }

  static let cohere2MoE = Family(
    "cohere2_moe",
    defaults: """
      vocab_size=256000 intermediate_size=22528 num_attention_heads=64 num_key_value_heads=null
      head_dim=128 attention_bias=false num_experts_per_tok=2 num_experts=8 num_shared_experts=0
      mlp_layer_types=null prefix_dense_intermediate_size=null first_k_dense_replace=0
      tie_word_embeddings=true
      logit_scale=0.0625 norm_topk_prob=true
      sliding_window=4096 sliding_window_pattern=4 layer_types=null
      prefix_dense_sliding_window_pattern=1 rms_norm_eps=null
      expert_selection_fn="softmax" shared_expert_combination_strategy="average"
      """
  ) { keys in
    let heads = try keys.heads()
    let attention = try keys.attention(heads, bias: keys.biases(.all))
    let style: NormStyle =
      try keys.reading("rms_norm_eps") == nil ? .layerWithoutBias : .rootMeanSquare
    let norms = [try keys.norm("input_layernorm", style)]
    let prefixPeriod = try keys.period("prefix_dense_sliding_window_pattern")
    func sparse() throws -> Layer {
      let experts = try keys.experts(
        keys.expertCounts(), keys.gated(),
        shared: keys.sharedExperts(
          "num_shared_experts", width: keys.feedForwardWidth(), zeroIsNone: true))
      return try keys.parallelLayer(attention, keys.combined(experts), norms: norms)
    }
    func dense() throws -> Layer {
      let width = try keys.optional(.prefixSize)
      return try keys.parallelLayer(attention, .feedForward(keys.gated(width)), norms: norms)
    }
    let groups = try keys.denseOrSparse(
      leading: keys.size(.leadingDense, least: 0), dense: dense(), sparse: sparse())
    let period = try keys.period("sliding_window_pattern")
    let prefix = try keys.integer("first_k_dense_replace") ?? 0
    var layers = try keys.sliding(groups, whole: PositionScheme.none) { index in
      index < prefix
        ? !(index + 1).isMultiple(of: prefixPeriod)
        : !(index - prefix + 1).isMultiple(of: period)
    }
    if prefixPeriod == 1 {
      // Dense layers that see all rotate then, as no other does.
      let position = try keys.rotary(heads.size)
      for index in layers.indices where !layers[index].layer.hasExperts {
        layers[index].layer = layers[index].layer.attending { $0.position = position }
      }
    }
    return try keys.decoder(layers, norm: style)
  }

  /// Attention with a learned mask; optionally many experts of one neuron each.
  ///
  /// - Source: Shi et al. 2024, <https://arxiv.org/abs/2412.11834>.
  static let doge = Family(
    "doge",
    defaults: """
      vocab_size=32768 intermediate_size=2048 num_attention_heads=8 num_key_value_heads=null
      attention_bias=false mlp_bias=false is_moe=false num_experts=16384 num_experts_per_tok=64
      tie_word_embeddings=false
      norm_topk_prob=false sliding_window=null keep_window_size=2048
      """
  ) { keys in
    let d = try keys.size(.hidden)
    let heads = try keys.heads()
    let bias = try keys.biases(.all)
    let groups = heads.keyValue
    // Without a window a query keeps the keys with the largest biases, however old.
    let kept = try keys.size(.keptKeys)
    let window = try keys.window()
    let slopes = Weight("A", [groups], .attention)
    let attention = try keys.attention(
      heads, bias: bias, norm: .eachHead, vectors: [slopes],
      reach: window == .all ? .chosen(kept) : window
    ).attending {
      $0.valueBias = ValueBias(
        map: Linear("dt_proj", groups * heads.size, groups, bias: !bias.isEmpty),
        slopes: slopes, kept: kept)
    }
    let dense = try keys.gated(bias: keys.flag("mlp_bias"))
    var layer = try keys.layer(attention, .feedForward(dense))
    if try keys.flag("is_moe") {
      layer.blocks[1].branches.append(Branch("mlp", try keys.dogeExperts(dense.activation)))
    }
    // The stream is multiplied by a vector before each addition.
    for (block, name) in ["input_residual", "post_attention_residual"].enumerated() {
      layer.blocks[block].streamFactor = LearnedScale(Weight(name, [d], .mixer))
    }
    return try keys.decoder(keys.uniform(layer))
  }
}

extension Size {
  static let keptKeys = Size("k_k", "keep_window_size", "keys that a dynamic mask keeps")
}

extension Layer {
  fileprivate var hasExperts: Bool {
    blocks.flatMap(\.branches).contains { branch in
      if case .mixtureOfExperts = branch.module { true } else { false }
    }
  }
}

extension Layer {
  /// The layer with a stream that keeps its variance.
  ///
  /// The *i*-th addition, of which the first is the second, multiplies what is added by `1/√i` and
  /// the stream by `√((i − 1)/i)`. Layers that do not rotate scale their queries by the position.
  fileprivate func asInBeam() -> Layer {
    var layer = attending {
      if $0.position == .none {
        $0.positionScale = .power(exponent: "0.1", length: "2048")
      }
    }
    for block in layer.blocks.indices {
      let number = 2 * Formula(Symbol.layer) + 2 + Formula(Int128(block))
      layer.blocks[block].scale = .inverseRoot(number)
      layer.blocks[block].streamScale = .product(.root(number - 1), .inverseRoot(number))
    }
    return layer
  }
}

extension Keys {
  /// How a type of layers of Beam knows positions; without rules for it, it does not rotate.
  fileprivate func beamPosition(_ type: String) throws -> PositionScheme {
    let rules = try object("rope_parameters")?[type]
    let isRotated = rules.map { $0 != .null } ?? (type == "sliding_attention")
    return isRotated
      ? try rotary(size(.headSize), table: type == "full_attention" ? "" : "sliding", of: type)
      : .none
  }

  /// Command's experts with the weights and the mean that its keys require.
  fileprivate func combined(_ experts: Module) throws -> Module {
    guard case .mixtureOfExperts(var mixture) = experts else { return experts }
    let (scoring, sharing) = ("expert_selection_fn", "shared_expert_combination_strategy")
    switch try text(scoring) {
    case "softmax"?:
      mixture.router.scoring = .softmaxOfChosen
      mixture.router.normalizes = false
    case "sigmoid"?: mixture.router.scoring = .sigmoidOfChosen
    case let other:
      throw DescriptionError.unsupported(
        key: scoring, found: "\"\(other ?? "null")\"", supported: "softmax, sigmoid")
    }
    switch try text(sharing) {
    case "sum"?: break
    case "average"?: mixture.sharingScale = mixture.shared == nil ? nil : "0.5"
    case let other:
      throw DescriptionError.unsupported(
        key: sharing, found: "\"\(other ?? "null")\"", supported: "sum, average")
    }
    return .mixtureOfExperts(mixture)
  }

  /// Experts of one neuron, found by the product of two sets of keys, beside a dense layer.
  fileprivate func dogeExperts(_ activation: String) throws -> Module {
    let d = try size(.hidden)
    let counts = try expertCounts()
    let all = try fixed(counts.all, "num_experts", "the router has two keys for its square root")
    var root = Int128(Double(all).squareRoot().rounded(.up))
    while root.multipliedFullWidth(by: root) > (high: 0, low: all.magnitude) { root -= 1 }
    let expert = FeedForward(
      width: 1, isGated: false, inputs: [Linear("down_embed", d, 1)],
      output: Linear("up_embed", 1, d), activation: activation)
    let tables = ["down_embed", "up_embed"]
      .map { Weight("\($0).weight", [counts.all, d], .routedExperts) }
    var router = try chosenFirst(routed(Router([Linear("router_gate", d, 2 * Formula(root))])))
    router.addsScores = true
    var mixture = MixtureOfExperts(
      router: router, experts: counts.all, active: counts.active, expert: expert,
      layout: .stacked(tables))
    mixture.weighing = .innerNumbers
    return .mixtureOfExperts(mixture)
  }
}
