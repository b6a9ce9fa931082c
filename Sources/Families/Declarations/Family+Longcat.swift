import Architecture
import JSON
import Symbolic

/// Meituan's LongCat-Flash: two attentions and two feed-forward layers around the experts of a
/// layer.
extension Family {
  static let ofLongcat: [Family] = [longcatFlash]

  /// Two attentions and two dense layers to a layer, and a mixture that bridges the second half.
  ///
  /// - Source: Meituan 2025, <https://arxiv.org/abs/2509.01322>.
  static let longcatFlash = Family(
    "longcat_flash",
    spelling: """
      num_hidden_layers:num_layers intermediate_size=ffn_hidden_size num_experts_per_tok=moe_topk
      num_local_experts=n_routed_experts moe_intermediate_size=expert_ffn_hidden_size
      """,
    fixed: "rotates_neighbours=true",
    defaults: """
      vocab_size=131072 num_attention_heads=64 attention_bias=false ffn_hidden_size=12288
      q_lora_rank=1536 kv_lora_rank=512 qk_nope_head_dim=128 qk_rope_head_dim=64 v_head_dim=128
      qk_head_dim=null moe_topk=12 n_routed_experts=512 zero_expert_num=256 router_bias=false
      expert_ffn_hidden_size=2048 tie_word_embeddings=false
      routed_scaling_factor=6.0
      """
  ) { keys in
    var latent = try keys.latentAttention(bias: keys.flag("attention_bias"))
    if let width = try keys.optional(.queryHeadSize) {
      latent.queryUp = Linear("q_b_proj", try keys.size(.queryRank), latent.heads * width)
      latent.scale = try .inverseRoot(width) * keys.scoreMagnitude()
    }
    latent.scaling = .queries
    let dense = Module.feedForward(try keys.gated())
    var experts = Branch("mlp", try keys.longcatExperts())
    experts.isBridge = true
    let blocks = try [0, 1].flatMap { half in
      [
        Block(
          [try keys.norm("input_layernorm.\(half)")],
          [Branch("self_attn.\(half)", .latentAttention(latent))]),
        Block(
          [try keys.norm("post_attention_layernorm.\(half)")],
          [Branch("mlps.\(half)", dense)] + (half == 0 ? [experts] : [])),
      ]
    }
    return try keys.decoder(keys.uniform(Layer(blocks)))
  }
}

extension Size {
  fileprivate static let queryHeadSize = Size("d_q", "qk_head_dim", "width of one query head")
  fileprivate static let zeroExperts = Size(
    "E_0", "zero_expert_num", "routed experts that return their input")
}

extension Keys {
  /// Zero experts have gates and up maps in `transformers`, which never uses them, and in no
  /// checkpoint.
  fileprivate func longcatExperts() throws -> Module {
    let counts = try expertCounts("num_local_experts")
    let d = try size(.hidden)
    let width = try size(.expertSize)
    let zero = try optional(.zeroExperts, least: 0) ?? 0
    if number(zero) != 0 {
      note("A token may choose zero experts, which compute nothing: active counts are the most.")
      noteForPasses(
        "Bytes of weights are of all that the library allocates, with maps for zero experts that no "
          + "checkpoint holds; 'tally params' gives both numbers. Nobody reads them in a pass.")
    }
    let all = derived(
      Size("E_a", "n_routed_experts", "experts, those that do nothing included"),
      counts.all + zero, "n_routed_experts + zero_expert_num")
    let weights = [
      Weight(
        "experts.#.gate_proj.weight", [width, d], .routedExperts, copies: all, unstored: zero),
      Weight("experts.#.up_proj.weight", [width, d], .routedExperts, copies: all, unstored: zero),
      Weight("experts.#.down_proj.weight", [d, width], .routedExperts, copies: counts.all),
    ]
    let correction = scoreCorrection(all, "router.e_score_correction_bias")
    var router = Router(
      [Linear("router.classifier", d, all, bias: try flag("router_bias"))], correction: correction)
    router = try routed(router)
    var mixture = MixtureOfExperts(
      router: router, experts: counts.all, active: counts.active, expert: try gated(width),
      layout: .stacked(weights))
    if number(zero) != 0 {
      mixture.idle = zero
      mixture.returning = zero
    }
    return .mixtureOfExperts(mixture)
  }
}
