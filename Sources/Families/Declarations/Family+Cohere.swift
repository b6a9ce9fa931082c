import Architecture
import JSON
import Symbolic

/// Cohere's Command models, whose layers are parallel.
extension Family {
  static let ofCohere: [Family] = [cohere, cohere2, cohere2MoE, cohereCompass]

  static let cohere = Family(
    "cohere",
    fixed: "rotates_neighbours=true",
    defaults: """
      vocab_size=256000 intermediate_size=22528 num_attention_heads=64 num_key_value_heads=null
      attention_bias=false use_qk_norm=false tie_word_embeddings=true
      logit_scale=0.0625
      """
  ) { keys in
    let heads = try keys.heads()
    let hasNorms = try keys.flag("use_qk_norm")
    let norms = [
      Normalization(
        "q_norm", [heads.query, heads.size], .layer, vectors: heads.query, of: .queries),
      Normalization(
        "k_norm", [heads.keyValue, heads.size], .layer, vectors: heads.keyValue, of: .keys),
    ]
    let attention = try keys.attention(
      heads, bias: keys.biases(.all), norms: hasNorms ? norms : [])
    return try keys.decoder(
      keys.uniform(
        keys.parallelLayer(
          attention, .feedForward(keys.gated()),
          norms: [keys.norm("input_layernorm", .layerWithoutBias)])),
      norm: .layerWithoutBias)
  }

  static let cohere2 = Family(
    "cohere2",
    fixed: "rotates_neighbours=true",
    defaults: """
      vocab_size=256000 intermediate_size=22528 num_attention_heads=64 num_key_value_heads=null
      attention_bias=false sliding_window=4096 sliding_window_pattern=4 layer_types=null
      tie_word_embeddings=true
      logit_scale=0.0625
      """
  ) { keys in
    let heads = try keys.heads()
    let period = try keys.integer("sliding_window_pattern", least: 1) ?? 4
    return try keys.decoder(
      keys.windowedLayers(keys.window(), full: { ($0 + 1) % period == 0 }) { window in
        try keys.parallelLayer(
          keys.attention(
            heads, bias: keys.biases(.all), reach: window,
            position: window == .all ? PositionScheme.none : keys.rotary(heads.size)),
          .feedForward(keys.gated()), norms: [keys.norm("input_layernorm", .layerWithoutBias)])
      }, norm: .layerWithoutBias)
  }

  static let cohere2MoE = Family(
    "cohere2_moe",
    fixed: "rotates_neighbours=true",
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

  static let cohereCompass = Family(
    "cohere_compass_text",
    defaults: """
      vocab_size=256000 intermediate_size=22528 num_attention_heads=64 num_key_value_heads=null
      attention_bias=false tie_word_embeddings=true
      sliding_window=4096 layer_types=null logit_scale=null
      """
  ) { keys in
    func layer(_ type: String) throws -> Layer {
      let heads = try keys.heads()
      // A type of layers whose rules are null does not rotate.
      let isRotated =
        try keys.object("rope_parameters").map { ($0[type] ?? .boolean(true)) != .null } ?? true
      return try keys.parallelLayer(
        keys.attention(
          heads, bias: keys.biases(.all), reach: keys.window(ofType: type),
          position: isRotated
            ? keys.rotary(heads.size, table: type == "full_attention" ? "" : "local", of: type)
            : PositionScheme.none),
        .feedForward(keys.gated()), norms: [keys.norm("input_layernorm", .layerWithoutBias)])
    }
    guard try keys.list("layer_types") != nil else {
      return try keys.decoder(keys.uniform(layer("full_attention")), norm: .layerWithoutBias)
    }
    let types = try keys.layerTypes(known: ["full_attention", "sliding_attention"]) { _ in
      "full_attention"
    }
    return try keys.decoder(
      keys.layers(kind: { types[$0] }) { try layer($0) }, norm: .layerWithoutBias)
  }
}

extension Size {
  fileprivate static let prefixSize = Size(
    "f_p", "prefix_dense_intermediate_size", "width of the leading dense layers")
}

extension Layer {
  fileprivate var hasExperts: Bool {
    blocks.flatMap(\.branches).contains { branch in
      if case .mixtureOfExperts = branch.module { true } else { false }
    }
  }
}

extension Keys {
  /// Command's experts with the weights and the mean that its keys ask for.
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
}
