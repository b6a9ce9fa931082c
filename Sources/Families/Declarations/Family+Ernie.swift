import Architecture
import JSON
import Symbolic

/// Baidu's ERNIE 4.5, dense, with experts and with images, and PaddleOCR-VL.
extension Family {
  static let ofErnie: [Family] = [ernie45, ernie45MoE, ernie45VLMoE, paddleOCR]

  static let ernie45 = Family(
    "ernie4_5",
    fixed: "rotates_neighbours=true",
    defaults: """
      vocab_size=103424 intermediate_size=3072 num_attention_heads=16 num_key_value_heads=2
      head_dim=128 use_bias=false tie_word_embeddings=true
      """
  ) { keys in
    let bias = try keys.flag("use_bias")
    return try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(bias: bias ? .all : []), .feedForward(keys.gated(bias: bias)))))
  }

  static let ernie45MoE = Family(
    "ernie4_5_moe", spelling: "num_experts=moe_num_experts num_experts_per_tok=moe_k",
    fixed: "rotates_neighbours=true", predictors: .ernie,
    defaults: """
      vocab_size=103424 intermediate_size=12288 num_attention_heads=20 num_key_value_heads=4
      use_bias=false moe_intermediate_size=1536 moe_k=6 moe_num_experts=64
      moe_num_shared_experts=2 moe_layer_start_index=1 moe_layer_end_index=-1
      moe_layer_interval=1 tie_word_embeddings=true
      """
  ) { keys in
    let bias = try keys.flag("use_bias")
    let attention = try keys.attention(bias: bias ? .all : [])
    let start = try keys.integer("moe_layer_start_index") ?? 0
    let interval = try keys.integer("moe_layer_interval", least: 1) ?? 1
    // A last index of -1 means the last layer.
    let end = try keys.integer("moe_layer_end_index", least: -1) ?? -1
    func dense() throws -> Layer {
      try keys.layer(attention, .feedForward(keys.gated(bias: bias)))
    }
    let groups = try keys.layers(kind: { index in
      (index + 1).isMultiple(of: interval) && index >= start && (end == -1 || index <= end)
    }) { isSparse in
      try isSparse ? keys.layer(attention, keys.ernieExperts(bias: bias)) : dense()
    }
    var model = try keys.decoder(groups, headBias: bias)
    if let prediction = model.prediction, prediction.count > 0 {
      model.prediction?.layer = try dense()
    }
    return model
  }

  static let ernie45VLMoE = Family(
    "ernie4_5_vl_moe_text", spelling: "num_experts=moe_num_experts num_experts_per_tok=moe_k",
    fixed: "rotates_neighbours=true",
    defaults: """
      vocab_size=103424 intermediate_size=12288 num_attention_heads=20 num_key_value_heads=4
      use_bias=false moe_intermediate_size=null moe_k=6 moe_num_experts=64
      moe_num_shared_experts=2 mlp_layer_types=null tie_word_embeddings=true
      """
  ) { keys in
    let bias = try keys.flag("use_bias")
    let attention = try keys.attention(bias: bias ? .all : [])
    let widths = try keys.ernieWidths()
    keys.noteForPasses(
      "Tokens are those of text: the experts of images are stored, and no such token meets them.")
    func sparse() throws -> Layer {
      let counts = try keys.expertCounts()
      let experts = try keys.ernieTextExperts(counts, widths.text, bias: bias)
      let unmet = try keys.ernieImageExperts(counts.all, widths.image)
      return try keys.layer(attention, experts.mixing { $0.unmet = unmet })
    }
    return try keys.decoder(
      keys.denseOrSparse(
        dense: keys.layer(attention, .feedForward(keys.gated(bias: bias))), sparse: sparse()))
  }

  static let paddleOCR = Family(
    "paddleocr_vl_text", like: ernie45,
    fixed: "",
    defaults: """
      vocab_size=103424 intermediate_size=3072 num_attention_heads=16 num_key_value_heads=2
      head_dim=128 use_bias=false tie_word_embeddings=true
      """)
}

extension Size {
  fileprivate static let imageExpertSize = Size(
    "f_i", "moe_intermediate_size[1]", "width of one expert of images")
}

extension Keys {
  /// The widths of an expert of text and of one of images, the two numbers of a list.
  fileprivate func ernieWidths() throws -> (text: Formula, image: Formula) {
    let key = "moe_intermediate_size"
    let given = try list(key)
    if given == nil { note("Absent, so that of the class: \(key) = [1536, 512].") }
    let list = given ?? [.number("1536"), .number("512")]
    guard list.count == 2 else {
      throw DescriptionError.wrongLength(key: key, count: list.count, expected: 2)
    }
    let widths = try list.map { entry in
      guard let width = entry.integer, width > 0 else {
        throw DescriptionError.notASize(key: key, found: entry.line)
      }
      return Formula(width)
    }
    return (
      derived(.expertSize, widths[0], "the first of \(key)"),
      derived(.imageExpertSize, widths[1], "the second of \(key)")
    )
  }

  fileprivate func ernieTextExperts(
    _ counts: (all: Formula, active: Formula), _ width: Formula, bias: Bool
  ) throws -> Module {
    // One tensor has a row for the experts of text and one for those of images.
    var correction = Weight("moe_statics.e_score_correction_bias", [2, counts.all], .router)
    correction.activeShare = 1 / 2
    let gate = Linear("gate", try size(.hidden), counts.all, transposed: true)
    var router = Router([gate], correction: correction)
    router.scoring = .softmax
    router.normalizes = true
    router.leastSum = try constant("moe_norm_min")
    return .mixtureOfExperts(
      MixtureOfExperts(
        router: router, experts: counts.all, active: counts.active, expert: try gated(width),
        shared: try sharedExperts(
          "moe_num_shared_experts", width: width, bias: bias, zeroIsNone: true)))
  }

  /// The gate and the experts that no token of text reaches; they are numbered after the others.
  fileprivate func ernieImageExperts(_ count: Formula, _ width: Formula) throws -> [Weight] {
    let d = try size(.hidden)
    var weights = try gated(width).weights(.routedExperts).map { weight in
      var copy = weight.within("experts.#")
      copy.copies = count
      copy.firstNumber = count
      return copy
    }
    weights.append(Weight("gate.weight_1", [d, count], .router))
    return weights
  }

  fileprivate func ernieExperts(bias: Bool) throws -> Module {
    let counts = try expertCounts()
    let width = try size(.expertSize)
    let least = try constant("moe_norm_min")
    return try experts(
      counts, gated(width),
      correction: Weight("moe_statics.e_score_correction_bias", [1, counts.all], .router),
      shared: sharedExperts(
        "moe_num_shared_experts", width: width, bias: bias, zeroIsNone: true),
      scoring: .softmax, normalizes: true
    ).routing { $0.leastSum = least }
  }
}
