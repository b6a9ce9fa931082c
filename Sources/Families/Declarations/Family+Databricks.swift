import Architecture
import JSON
import Symbolic

/// MosaicML's MPT, and Databricks' DBRX.
extension Family {
  static let ofDatabricks: [Family] = [mpt, dbrx]

  static let mpt = Family(
    "mpt", spelling: "hidden_size=d_model num_attention_heads=n_heads num_hidden_layers=n_layers",
    traits: [.biasesByDistance],
    defaults: """
      vocab_size=50368 n_heads=16 tie_word_embeddings=true attn_config.clip_qkv=null
      attn_config.softmax_scale=null
      """
  ) { keys in
    try keys.noteIgnoredAttention()
    let attention = try keys.fusedAttention(
      keys.equalHeads(), "Wqkv", "out_proj", inputBias: false, outputBias: false
    ).attending {
      $0.clip = try keys.setting("attn_config.clip_qkv")
      $0.scale = try keys.given("attn_config.softmax_scale") ?? $0.scale
    }
    let feedForward = try keys.plain(
      4 * keys.size(.hidden), "up_proj", "down_proj", bias: false, fixed: "gelu")
    let layer = try keys.layer(
      attention, .feedForward(feedForward), norm: .layerWithoutBias, norms: ("norm_1", "norm_2"),
      paths: ("attn", "ffn"))
    let names = FrameNames(
      token: "transformer.wte", layers: "transformer.blocks", norm: "transformer.norm_f")
    return try keys.decoder(keys.uniform(layer), names, norm: .layerWithoutBias)
  }

  /// One tensor stacks the rows of every expert's matrix, in all three maps: `[E·f, d]`.
  static let dbrx = Family(
    "dbrx",
    spelling: "hidden_size=d_model num_attention_heads=n_heads num_hidden_layers=n_layers",
    fixed: "epsilon=1e-5",
    defaults: """
      vocab_size=32000 n_heads=16 attn_config.kv_n_heads=1 ffn_config.ffn_hidden_size=3584
      ffn_config.moe_num_experts=4 ffn_config.moe_top_k=1
      ffn_config.moe_normalize_expert_weights=1.0 attn_config.clip_qkv=null
      """
  ) { keys in
    try keys.refuse("tie_word_embeddings")
    for key in ["attn_config", "ffn_config"] { _ = try keys.object(key) }
    var heads = try keys.equalHeads()
    heads.keyValue = try keys.size(.keyValueHeads, "attn_config.kv_n_heads")
    try keys.require(
      heads.query, "num_attention_heads", multipleOf: heads.keyValue, "attn_config.kv_n_heads")
    let attention = try keys.fusedAttention(
      heads, "Wqkv", "out_proj", inputBias: false, outputBias: false
    ).attending { $0.clip = try keys.given("attn_config.clip_qkv") }
    let (all, active) = try keys.expertCounts(
      "ffn_config.moe_num_experts", active: "ffn_config.moe_top_k")
    let d = try keys.size(.hidden)
    let f = try keys.size(.intermediate, "ffn_config.ffn_hidden_size")
    let function = try keys.object("ffn_config")?["ffn_act_fn"]?.object?["name"]?.string
    let experts = MixtureOfExperts(
      router: try keys.dbrxRouter(Linear("router.layer", d, all)), experts: all, active: active,
      expert: try keys.gated(
        f, names: GatedNames(gate: "w1", up: "v1", down: "w2"), fixed: function ?? "silu"),
      layout: .stacked(
        ["w1", "v1", "w2"].map { Weight("experts.mlp.\($0)", [all * f, d], .routedExperts) },
        inputFirst: ["experts.mlp.w2"]))
    let layer = try keys.layer(
      attention, .mixtureOfExperts(experts), norm: .layerWithoutBias,
      norms: ("norm_attn_norm.norm_1", "norm_attn_norm.norm_2"),
      paths: ("norm_attn_norm.attn", "ffn"))
    let names = FrameNames(
      token: "transformer.wte", layers: "transformer.blocks", norm: "transformer.norm_f")
    return try keys.decoder(
      keys.uniform(layer), names, norm: .layerWithoutBias, untieable: true)
  }
}

extension Keys {
  /// Of `attn_config`, the class of MPT reads numbers alone: it has one kind of attention.
  fileprivate func noteIgnoredAttention() throws {
    guard let reading = try reading("attn_config") else { return }
    let built: [(String, JSONValue)] = [
      ("attn_type", .string("multihead_attention")), ("alibi", .boolean(true)),
      ("qk_ln", .boolean(false)), ("prefix_lm", .boolean(false)),
    ]
    for (key, value) in built {
      guard let other = reading.value[key], other != value else { continue }
      note(
        "attn_config.\(key) is \(other.line), which transformers ignores for \(modelType); so does the count."
      )
    }
  }

  /// A router whose chosen weights are divided by a norm of them, if the key has its power.
  fileprivate func dbrxRouter(_ gate: Linear) throws -> Router {
    var router = Router([gate])
    let key = "ffn_config.moe_normalize_expert_weights"
    guard let power = try given(key), case .decimal(let text) = power else { return router }
    guard let number = Rational(decimal: text), number > .zero else {
      throw DescriptionError.unsupported(key: key, found: text, supported: "null, or above 0")
    }
    router.normalizes = true
    router.divisor = number == .one ? .sum : number == Rational(2) ? .rootOfSquares : .norm(power)
    return router
  }
}
