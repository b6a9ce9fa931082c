import Architecture
import JSON
import Symbolic

/// OpenBMB's CPM-Ant and MiniCPM.
extension Family {
  static let ofMiniCPM: [Family] = [cpmAnt, minicpm3]

  /// The token table has rows for prompts besides, so the head is never tied to it.
  static let cpmAnt = Family(
    "cpmant",
    traits: [.doesNotRotate, .makesOwnMask],
    defaults: """
      vocab_size=30720 num_attention_heads=32 dim_head=128 dim_ff=10240 prompt_types=32
      prompt_length=32 segment_types=32 position_bias_num_buckets=512
      """
  ) { keys in
    let d = try keys.size(.hidden)
    let segments = try keys.size(.segments)
    let (vocabulary, length) = (try keys.size(.vocabulary), try keys.size(.promptLength))
    let rows = try vocabulary + keys.size(.promptTypes) * length
    let bias = Weight(
      "relative_attention_bias",
      [try segments * segments + keys.size(.buckets), try keys.size(.heads)], .embedding)
    let buckets = PositionBuckets(
      table: bias, buckets: try keys.size(.buckets),
      farthest: try keys.required("position_bias_max_distance"), segments: segments,
      prompt: length)
    let attention = try keys.attention(
      Heads(query: keys.size(.heads), size: keys.size(.headSize, "dim_head")),
      names: ProjectionNames(
        query: "project_q", key: "project_k", value: "project_v", output: "attention_out"),
      seesAhead: true, position: .buckets(buckets))
    let feedForward = try keys.gated(
      keys.size(.intermediate, "dim_ff"),
      names: GatedNames(gate: "w_in.w_0", up: "w_in.w_1", down: "w_out"), fixed: "gelu")
    let layer = try keys.layer(
      attention, .feedForward(feedForward),
      norms: ("self_att.layernorm_before_attention", "ffn.layernorm_before_ffn"),
      paths: ("self_att.self_attention", "ffn.ffn"))
    var model = try keys.decoder(
      keys.uniform(layer),
      FrameNames(
        token: "cpmant.input_embedding", layers: "cpmant.encoder.layers",
        norm: "cpmant.encoder.output_layernorm"),
      untieable: true)
    model.head = [
      Branch("cpmant.input_embedding", .embedding(Embedding(.token, rows: rows, width: d))),
      Branch(
        "cpmant.segment_embedding",
        .embedding(Embedding(.segment(prompt: length), rows: segments, width: d))),
      Branch("cpmant.position_bias", .stream(.positionTable(buckets))),
    ]
    // Of the kinds of prompts the class takes the third.
    model.prompt = LearnedPrompt(
      length: length, firstRow: vocabulary + 2 * length, vocabulary: vocabulary)
    return model
  }

  static let minicpm3 = Family(
    "minicpm3",
    defaults: """
      vocab_size=73448 intermediate_size=6400 num_attention_heads=40 attention_bias=false
      mlp_bias=false kv_lora_rank=256 q_lora_rank=768 qk_nope_head_dim=64 qk_rope_head_dim=32
      v_head_dim=null tie_word_embeddings=true scale_emb=12 scale_depth=1.4 dim_model_base=256
      """
  ) { keys in
    let v = try keys.optional(.valueSize)
    let value = try v ?? keys.equalHeads(keys.size(.hidden), keys.size(.heads))
    let attention = try keys.latentAttention(bias: keys.flag("attention_bias"), valueSize: value)
    var layer = try keys.layer(
      .latentAttention(attention), .feedForward(keys.gated(bias: keys.flag("mlp_bias"))))
    let depth = try keys.size(.layers)
    let scale = try keys.setting("scale_depth").map { $0 * .inverseRoot(depth) }
    for block in layer.blocks.indices { layer.blocks[block].scale = scale }
    var model = try keys.decoder(keys.uniform(layer))
    model.scaleTokens(by: try keys.setting("scale_emb"))
    let width = try keys.size(.hidden)
    model.logits.inputScale = try keys.setting("dim_model_base").map { $0 * .inverse(.size(width)) }
    return model
  }
}

extension Size {
  fileprivate static let segments = Size("n_g", "segment_types", "kinds of segments")
  fileprivate static let promptTypes = Size("n_p", "prompt_types", "kinds of prompts")
  fileprivate static let promptLength = Size("l_p", "prompt_length", "tokens of a prompt")
  fileprivate static let buckets = Size(
    "n_b", "position_bias_num_buckets", "buckets of relative positions")
}

extension Model {
  /// Multiplies what the token table gives by a constant, if there is one.
  mutating func scaleTokens(by factor: Constant?) {
    guard case .embedding(var table) = head[0].module else { return }
    table.scale = factor
    head[0].module = .embedding(table)
  }
}
