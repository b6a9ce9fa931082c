import Architecture
import JSON
import Symbolic

/// rednote's dots.llm1 and Dots 3, whose latent attention has two sizes and a gate for each head.
extension Family {
  static let ofDots: [Family] = [dots1, dots3, dots3Note]

  static let dots1 = Family(
    "dots1", spelling: deepSeekV3.spelling,
    defaults: """
      vocab_size=152064 intermediate_size=10944 moe_intermediate_size=1408 num_attention_heads=32
      num_key_value_heads=32 n_shared_experts=null n_routed_experts=null num_experts_per_tok=null
      first_k_dense_replace=0 attention_bias=false tie_word_embeddings=false
      norm_topk_prob=false routed_scaling_factor=1.0 n_group=1 topk_group=1
      sliding_window=4096 max_window_layers=62 layer_types=null
      """
  ) { keys in
    try keys.noteIgnoredFrequency()
    let bias = try keys.biases(.all)
    let attention = try keys.attention(bias: bias, norm: .eachHead)
    let groups = try keys.leading(
      "first_k_dense_replace", keys.layer(attention, .feedForward(keys.gated())),
      then: keys.layer(attention, keys.fineGrainedExperts(isCorrected: true)))
    // Where no layer lies behind the last one without a window, their number may be free.
    let first = try keys.integer("max_window_layers") ?? 62
    let count = try keys.fixed(
      keys.size(.layers), "num_hidden_layers", "layers from max_window_layers on have a window")
    guard try keys.list("layer_types") != nil || count > Int128(first) else {
      return try keys.decoder(groups)
    }
    return try keys.decoder(keys.sliding(groups) { $0 >= first })
  }

  static let dots3 = Family(
    "dots3_note_text", spelling: "num_local_experts=n_routed_experts",
    fixed: "rotates_neighbours=true",
    defaults: """
      vocab_size=152064 intermediate_size=13824 moe_intermediate_size=1536
      num_attention_heads=128 n_shared_experts=1 n_routed_experts=256 kv_lora_rank=512
      q_lora_rank=1024 qk_rope_head_dim=64 v_head_dim=128 qk_nope_head_dim=128
      num_experts_per_tok=8 mlp_layer_types=null first_k_dense_replace=1 moe_layer_freq=1
      attention_bias=false index_head_dim=128 index_n_heads=64 layer_types=null use_dsa=true
      use_sliding_window=true shared_experts_intermediate_size=1536
      swa_num_attention_heads=64 swa_q_lora_rank=1024 swa_kv_lora_rank=1024 swa_head_dim=256
      swa_qk_nope_head_dim=192 swa_qk_rope_head_dim=null swa_v_head_dim=128
      tie_word_embeddings=false
      norm_topk_prob=true routed_scaling_factor=1.0 n_group=1 topk_group=1 index_topk=2048
      sliding_window=null sliding_window_size=512
      """
  ) { keys in
    let types = try keys.dots3Types()
    let saved = try keys.dots3SavedSizes(types)
    let sparse = try keys.deepseekSparseLayers()
    let groups = try keys.layers(kind: { LayerKind(attention: types[$0], isSparse: sparse[$0]) }) {
      kind in
      try keys.layer(
        .latentAttention(keys.dots3Attention(kind.attention, saved)),
        kind.isSparse ? keys.dots3Experts() : .feedForward(keys.gated()))
    }
    return try keys.decoder(groups)
  }

  /// Published files of the multimodal model write the keys of the text model at the top.
  static let dots3Note = Family(
    "dots3_note", like: dots3, fixed: "",
    defaults: dots3.defaults)
}

extension Size {
  fileprivate static let slidingHeads = Size(
    "h_w", "swa_num_attention_heads", "query heads of sliding layers")
  fileprivate static let slidingQueryRank = Size(
    "r_qw", "swa_q_lora_rank", "rank of the compressed queries of sliding layers")
  fileprivate static let slidingRank = Size(
    "r_kvw", "swa_kv_lora_rank", "rank of the compressed keys and values of sliding layers")
  fileprivate static let slidingHeadSize = Size(
    "d_w", "swa_head_dim", "width of one head of sliding layers")
  fileprivate static let slidingPlainSize = Size(
    "d_nw", "swa_qk_nope_head_dim", "part of a sliding head without position")
  fileprivate static let slidingRotarySize = Size(
    "d_rw", "swa_qk_rope_head_dim", "rotary part of a sliding head")
  fileprivate static let slidingValueSize = Size(
    "d_vw", "swa_v_head_dim", "width of one head's values in sliding layers")
}

extension Keys {
  /// Older files call layers with an indexer `full_attention`; `use_dsa` tells what that means.
  fileprivate func dots3Types() throws -> [String] {
    let (full, indexed) = ("full_attention", "indexed_attention")
    let usesIndexer = try flag("use_dsa")
    let isSaved = isGiven("per_layer_config") && !isGiven("use_dsa")
    let isSilent = try reading("use_dsa") == nil || isSaved
    let slides = try flag("use_sliding_window")
    let types = try layerTypes(known: [full, indexed, "sliding_attention"]) { index in
      slides && index >= 2 && index % 4 != 1 ? "sliding_attention" : indexed
    }
    if isSilent { return types }
    return types.map { type in
      type == "sliding_attention" ? type : usesIndexer ? indexed : full
    }
  }

  /// The sizes of sliding layers where `per_layer_config` gives them, as `save_pretrained` writes.
  fileprivate func dots3SavedSizes(_ types: [String]) throws -> JSONObject? {
    let known: Set = [
      "num_attention_heads", "num_key_value_heads", "q_lora_rank", "kv_lora_rank", "head_dim",
      "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim",
    ]
    guard let own = try perLayerConfig(known: known) else { return nil }
    let none = JSONObject()
    let sliding = types.firstIndex(of: "sliding_attention").flatMap { own[$0] } ?? none
    for (index, type) in types.enumerated()
    where own[index] ?? none != (type == "sliding_attention" ? sliding : none) {
      throw DescriptionError.unsupported(
        key: "per_layer_config.\(index)", found: "sizes of its own",
        supported: "the same sizes in all sliding layers, and none in the others")
    }
    return sliding
  }

  fileprivate func dots3Attention(_ kind: String, _ saved: JSONObject?) throws -> LatentAttention {
    let d = try size(.hidden)
    let bias = try flag("attention_bias")
    var attention =
      try kind == "sliding_attention"
      ? slidingLatentAttention(saved, bias: bias)
      : latentAttention(bias: bias, chooses: kind == "indexed_attention" ? .own : nil, of: kind)
    attention.rotaryNorm = Normalization("k_rope_only_layernorm", [attention.rotarySize])
    // The class gives these norms the ε of the others.
    attention.queryNorm?.epsilon = nil
    attention.latentNorm.epsilon = nil
    attention.gateMap = Linear("g_proj", d, attention.heads)
    attention.gate = .heads
    attention.scaling = .compressedQueries
    return attention
  }

  private func slidingLatentAttention(
    _ saved: JSONObject?, bias: Bool
  ) throws -> LatentAttention {
    /// A size of sliding layers; what a saved file leaves out is that of the other layers.
    func own(_ own: Size, _ common: Size) throws -> Formula {
      guard let saved else { return try size(own) }
      let key = common.key
      let value = try perLayerSize(saved, key).map { Formula($0) } ?? size(common)
      return derived(own, key: "per_layer_config.\(key)", value, "per_layer_config")
    }
    let d = try size(.hidden)
    let h = try own(.slidingHeads, .heads)
    let plain = try own(.slidingPlainSize, .plainSize)
    let rotary =
      try saved != nil ? own(.slidingRotarySize, .rotarySize) : slidingRotarySize(plain)
    let v = try own(.slidingValueSize, .valueSize)
    let (queryRank, rank) = try (
      own(.slidingQueryRank, .queryRank), own(.slidingRank, .keyValueRank)
    )
    var attention = LatentAttention(
      heads: h, plainSize: plain, rotarySize: rotary, valueSize: v, keyValueRank: rank,
      queryDown: Linear("q_a_proj", d, queryRank, bias: bias),
      queryNorm: Normalization("q_a_layernorm", [queryRank]),
      queryUp: Linear("q_b_proj", queryRank, h * (plain + rotary)),
      compress: Linear("kv_a_proj_with_mqa", d, rank + rotary, bias: bias),
      latentNorm: Normalization("kv_a_layernorm", [rank]),
      expand: Linear("kv_b_proj", rank, h * (plain + v)),
      output: Linear("o_proj", h * v, d, bias: bias))
    attention.angles = try angles(rotary, table: "sliding", of: "sliding_attention")
    let isOwn = try reading("sliding_window") != nil
    attention.reach = try window(isOwn ? "sliding_window" : "sliding_window_size")
    return attention
  }

  private func slidingRotarySize(_ plain: Formula) throws -> Formula {
    let width = try size(.slidingHeadSize)
    try require(plain, "swa_qk_nope_head_dim", atMost: width, "swa_head_dim")
    return try size(
      .slidingRotarySize, else: width - plain, "swa_head_dim − swa_qk_nope_head_dim")
  }

  fileprivate func dots3Experts() throws -> Module {
    let counts = try expertCounts("num_local_experts")
    let older = "moe_shared_expert_intermediate_size"
    let key = isGiven(older) ? older : "shared_experts_intermediate_size"
    let shared = try size(.sharedExperts, "n_shared_experts") * size(.sharedSize, key)
    return try experts(
      counts, gated(size(.expertSize)), correction: scoreCorrection(counts.all),
      shared: gated(shared))
  }
}
