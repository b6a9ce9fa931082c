import Architecture
import JSON
import Symbolic

/// Step 3.5 and 3.7: sliding layers have other numbers of heads, and every head has a gate.
///
/// - Source: `transformers` 5.23.0, `step3p7`; the model alone, `step3p5`, has code beside its weights.
extension Family {
  static let ofStep: [Family] = [step35]

  static let step35 = Family(
    "step3p5",
    spelling: """
      num_local_experts=n_routed_experts num_attention_groups=num_key_value_heads
      moe_num_experts=n_routed_experts moe_top_k=num_experts_per_tok
      share_expert_dims=share_expert_dim num_mtp_layers=num_nextn_predict_layers
      shared_expert_intermediate_size:share_expert_dim
      routed_scaling_factor:moe_router_scaling_factor
      """,
    fixed: "norms_add_one=true", predictors: .step,
    defaults: """
      vocab_size=128815 intermediate_size=11264 num_attention_heads=64 num_key_value_heads=8
      head_dim=128 moe_intermediate_size=1280 n_routed_experts=288 num_experts_per_tok=8
      share_expert_dim=1280 layer_types=null mlp_layer_types=null num_sliding_attention_heads=null
      sliding_window=null attention_bias=false mlp_bias=false tie_word_embeddings=false
      moe_router_scaling_factor=1.0
      """
  ) { keys in
    let kinds = try keys.stepLayers()
    let groups = try keys.layers(kind: { kinds[$0] }) { try keys.stepLayer($0) }
    var model = try keys.decoder(groups)
    if let count = model.prediction?.count, count > 0 {
      // Lists may go on behind the layers; the modules of the published files are alike.
      let own = Set(try keys.stepLayers(behind: count).suffix(count))
      model.prediction?.layer = try own.first.map { try keys.stepLayer($0) }
      if own.count > 1 { model.prediction = nil }
    }
    return model
  }
}

private struct StepLayer: Hashable {
  var type: String
  /// The query heads, where they are not those of every layer.
  var heads: Int128?
  var routes: Bool
  /// The share of a head that is rotated.
  var rotated: Rational
  /// The bounds of the routed experts, and of the shared one or the dense layer.
  var limits: [String?]
}

extension Keys {
  fileprivate func stepLayer(_ kind: StepLayer) throws -> Layer {
    try layer(
      stepAttention(kind),
      kind.routes
        ? stepExperts(kind)
        : .feedForward(gated(bias: flag("mlp_bias"), fixed: "silu").clipped(kind.limits[1])),
      paths: ("self_attn", kind.routes ? "" : "mlp"))
  }

  /// What each layer is, and each of a number of modules `behind` the last of them.
  fileprivate func stepLayers(behind extra: Int = 0) throws -> [StepLayer] {
    // The class takes silu whatever a file says; the others bound numbers, or say which numbers.
    passOver(
      "hidden_act", "query_pre_attn_scalar", "need_fp32_gate", "max_seq_len", "yarn_only_types",
      "mtp_layer_types",
      "mtp_mlp_layer_types")
    let count = try listedLayerCount() + extra
    var types = try stepList("layer_types", known: ["full_attention", "sliding_attention"]) ?? []
    types += Array(repeating: "full_attention", count: max(0, count - types.count))
    var forms = try stepList("mlp_layer_types", known: ["dense", "sparse"])?.map { $0 == "sparse" }
    if let list = forms {
      forms = list + Array(repeating: false, count: max(0, count - list.count))
    }
    let routes = try forms ?? stepRoutedLayers(count)
    let own = try perLayerConfig(known: ["num_attention_heads"])
    let sliding = try stepSlidingHeads()
    return try (0..<count).map { index in
      let isSliding = types[index] == "sliding_attention"
      let heads =
        if let own, index < count - extra {
          try own[index].flatMap { try perLayerSize($0, "num_attention_heads") }
        } else {
          isSliding ? sliding : nil
        }
      return StepLayer(
        type: types[index], heads: heads, routes: routes[index],
        rotated: try stepRotated(types[index], types),
        limits: try ["swiglu_limits", "swiglu_limits_shared"].map { try stepLimit($0, index) })
    }
  }

  /// The bound of a layer, where a list has one that is not zero.
  private func stepLimit(_ key: String, _ index: Int) throws -> String? {
    guard let list = try list(key), list.indices.contains(index),
      case .number(let text) = list[index], Rational(decimal: text) != .zero
    else { return nil }
    return text
  }

  /// A list with an entry for each layer, and perhaps for each layer of multi-token prediction.
  private func stepList(_ key: String, known: Set<String>) throws -> [String]? {
    guard let list = try list(key) else { return nil }
    let count = try listedLayerCount()
    guard try list.count == count || list.count == count + stepExtraLayers() else {
      throw DescriptionError.wrongLength(key: key, count: list.count, expected: count)
    }
    return try list.map { entry in
      guard let text = entry.string, known.contains(text) else {
        throw DescriptionError.unsupported(
          key: key, found: entry.line, supported: known.sorted().joined(separator: ", "))
      }
      return text
    }
  }

  private func stepExtraLayers() throws -> Int {
    try integer("num_nextn_predict_layers") ?? 0
  }

  /// The layers that `moe_layers_enum` lists, in a text or a list; without it all from the fourth.
  private func stepRoutedLayers(_ count: Int) throws -> [Bool] {
    let key = "moe_layers_enum"
    guard let value = try reading(key)?.value else { return (0..<count).map { $0 >= 3 } }
    let texts =
      value.string?.split(separator: ",").map {
        $0.trimmingPrefix(while: \.isWhitespace).split(separator: " ").first.map(String.init) ?? ""
      } ?? value.array?.map(\.line)
    guard let texts else {
      throw DescriptionError.wrongType(
        key: key, found: value.kind, expected: "a list of layers, or a text of them")
    }
    let indices = try texts.filter { !$0.isEmpty }.map { text in
      guard let index = Int(text) else {
        throw DescriptionError.unsupported(key: key, found: text, supported: "indices of layers")
      }
      return index
    }
    return (0..<count).map(Set(indices).contains)
  }

  /// The query heads of a sliding layer, from the class's key or from that of older files.
  private func stepSlidingHeads() throws -> Int128? {
    let (key, old) = ("num_sliding_attention_heads", "attention_other_setting")
    if let value = try reading(key)?.value {
      guard let heads = value.integer, heads > 0 else {
        throw DescriptionError.notASize(key: key, found: value.line)
      }
      passOver(old)
      return heads
    }
    guard let other = try object(old) else { return nil }
    // The class reads it for the query heads alone; a file that requires more is of other code.
    for (inner, size) in [
      ("num_attention_groups", Size.keyValueHeads), ("head_dim", .headSize),
      ("true_head_dim", .headSize),
    ] {
      let expected = number(try self.size(size))
      if let found = other[inner]?.integer, let expected, found != expected {
        throw DescriptionError.unsupported(
          key: "\(old).\(inner)", found: "\(found)", supported: "\(expected)")
      }
    }
    guard let value = other["num_attention_heads"] else { return nil }
    guard let heads = value.integer, heads > 0 else {
      throw DescriptionError.notASize(key: "\(old).num_attention_heads", found: value.line)
    }
    return heads
  }

  /// The share of a head that layers of one type rotate: that of the first of them.
  private func stepRotated(_ type: String, _ types: [String]) throws -> Rational {
    let key = "partial_rotary_factor"
    let named = try object("rope_parameters")?[type]?.object?[key]
    let listed = try list("partial_rotary_factors").flatMap { list in
      types.firstIndex(of: type).flatMap { list.indices.contains($0) ? list[$0] : nil }
    }
    guard case .number(let text) = named ?? listed, let share = Rational(decimal: text) else {
      return .one
    }
    return share
  }

  fileprivate func stepAttention(_ kind: StepLayer) throws -> Module {
    let d = try size(.hidden)
    let h = try kind.heads.map { Formula($0) } ?? size(.heads)
    let heads = Heads(query: h, keyValue: try size(.keyValueHeads), size: try size(.headSize))
    try require(h, "num_attention_heads", multipleOf: heads.keyValue, "num_key_value_heads")
    let isSliding = kind.type == "sliding_attention"
    let rotated = kind.rotated == .one ? heads.size : .floor(Formula(kind.rotated) * heads.size)
    let width = try constant("query_pre_attn_scalar")
    return try attention(
      heads, bias: biases(.all), norm: .eachHead, extra: [Linear("g_proj", d, h)],
      reach: window(ofType: kind.type),
      position: .rotary(angles(rotated, table: isSliding ? "sliding" : "", of: kind.type))
    ).attending {
      $0.gate = .heads
      if case .decimal(let text)? = width, let number = Rational(decimal: text) {
        $0.scale = .inverseRoot(Formula(number))
      }
    }
  }

  /// Stacked experts beside the others' names: those of the layer itself.
  fileprivate func stepExperts(_ kind: StepLayer) throws -> Module {
    let d = try size(.hidden)
    let f = try size(.expertSize)
    let counts = try expertCounts("n_routed_experts")
    var router = Router(
      [Linear("moe.gate", d, counts.all)],
      correction: scoreCorrection(counts.all, "moe.router_bias"))
    router.scoring = .sigmoid
    router.normalizes = true
    let scale = try setting("moe_router_scaling_factor")
    let stacks = [
      Weight("moe.gate_proj.weight", [counts.all, f, d], .routedExperts),
      Weight("moe.up_proj.weight", [counts.all, f, d], .routedExperts),
      Weight("moe.down_proj.weight", [counts.all, d, f], .routedExperts),
    ]
    let shared = try gated(
      size(.sharedSize, "share_expert_dim"), bias: flag("mlp_bias"), fixed: "silu")
    return .mixtureOfExperts(
      MixtureOfExperts(
        router: router, experts: counts.all, active: counts.active,
        expert: try gated(f, fixed: "silu").clipped(kind.limits[0]), layout: .stacked(stacks),
        shared: shared.clipped(kind.limits[1]), sharedPath: "share_expert")
    ).mixing { $0.scale = scale }
  }
}

extension FeedForward {
  fileprivate func clipped(_ limit: String?) -> FeedForward {
    var copy = self
    copy.clip = limit.map { .decimal($0) }
    return copy
  }
}
