import Architecture
import JSON
import Symbolic

/// Meta's Llama, with and without images, and the Code World Model.
extension Family {
  static let ofLlama: [Family] = [llama, llama4, mllama, cwm]

  static let llama = Family(
    "llama",
    defaults: """
      vocab_size=32000 intermediate_size=11008 num_attention_heads=32 num_key_value_heads=null
      head_dim=null attention_bias=false mlp_bias=false tie_word_embeddings=false
      """
  ) { keys in
    let bias = try keys.biases(.all)
    return try keys.decoder(
      keys.uniform(
        keys.layer(
          keys.attention(bias: bias),
          .feedForward(keys.gated(bias: keys.flag("mlp_bias"))))))
  }

  static let llama4 = Family(
    "llama4_text",
    fixed: "rotates_neighbours=true",
    defaults: """
      vocab_size=202048 intermediate_size=8192 intermediate_size_mlp=16384
      num_attention_heads=40 num_key_value_heads=8 head_dim=128 num_experts_per_tok=1
      num_local_experts=16 moe_layers=null interleave_moe_layer_step=1 attention_bias=false
      tie_word_embeddings=false
      attention_chunk_size=8192 layer_types=null no_rope_layers=null no_rope_layer_interval=4
      use_qk_norm=true attn_temperature_tuning=true
      """
  ) { keys in
    let attention = try keys.attention(bias: keys.biases(.all))
    let paths = ("self_attn", "feed_forward")
    func dense() throws -> Layer {
      try keys.layer(
        attention, .feedForward(keys.gated(keys.size(.llama4DenseSize))), paths: paths)
    }
    func sparse() throws -> Layer {
      let d = try keys.size(.hidden)
      let counts = try keys.expertCounts("num_local_experts")
      var router = Router([Linear("router", d, counts.all)])
      router.scoring = .sigmoid
      let experts = try keys.stackedExperts(
        counts, keys.fusedGated(), router: router, shared: keys.gated(),
        sharedPath: "shared_expert")
      guard case .mixtureOfExperts(var mixture) = experts else { return try dense() }
      // Its code, and that of transformers, multiplies the inputs of all other experts by zero.
      mixture.runsEveryExpert = true
      mixture.weighing = .inputs
      return try keys.layer(attention, .mixtureOfExperts(mixture), paths: paths)
    }
    let groups: [LayerGroup]
    if let list = try keys.list("moe_layers") {
      let indices = Set(list.compactMap(\.integer))
      groups = try keys.layers(kind: { indices.contains(Int128($0)) }) {
        try $0 ? sparse() : dense()
      }
    } else {
      let step = try keys.integer("interleave_moe_layer_step", least: 1) ?? 1
      groups =
        step == 1
        ? try keys.uniform(sparse())
        : try keys.layers(kind: { ($0 + 1).isMultiple(of: step) }) {
          try $0 ? sparse() : dense()
        }
    }
    return try keys.decoder(keys.chunked(groups))
  }

  /// Llama 3.2 with images: some of the layers attend to an image and not to the text.
  ///
  /// A pass of text alone leaves them out.
  ///
  /// The token table has eight rows more than the vocabulary, and is never the head.
  static let mllama = Family(
    "mllama_text_model",
    defaults: """
      vocab_size=128256 intermediate_size=14336 num_attention_heads=32 num_key_value_heads=8
      cross_attention_layers=null
      """
  ) { keys in
    keys.passOver("tie_word_embeddings")
    let heads = try keys.heads(explicit: false)
    let own = try keys.layer(keys.attention(heads), .feedForward(keys.gated()))
    let gates = ["cross_attn_attn_gate", "cross_attn_mlp_gate"].map { Weight($0, [1], .mixer) }
    keys.noteForPasses("Layers that attend to an image are left out where there is none, as here.")
    let crossing =
      try keys.list("cross_attention_layers")?.compactMap(\.integer)
      ?? [3, 8, 13, 18, 23, 28, 33, 38]
    var model = try keys.decoder(
      keys.layers {
        crossing.contains(Int128($0))
      } _: { crosses in
        guard crosses else { return own }
        let layer = try keys.layer(
          keys.attention(heads, norm: .eachHead, position: PositionScheme.none),
          .feedForward(keys.gated()), paths: ("cross_attn", "mlp"))
        var idle = Layer([])
        for block in layer.blocks {
          idle.idle += block.inputNorms.map { .idle("", $0.weights()) }
          idle.idle += block.branches.map { .idle($0.path, $0.module.weights) }
        }
        idle.idle.append(.idle("", gates))
        return idle
      }, untieable: true)
    model.widenTable(by: 8)
    return model
  }

  static let cwm = Family(
    "cwm",
    fixed: "has_own_base=true",
    defaults: """
      vocab_size=128256 intermediate_size=21504 num_attention_heads=48 num_key_value_heads=8
      head_dim=128 mlp_bias=false tie_word_embeddings=false
      sliding_window=8192 layer_types=null
      """
  ) { keys in
    let layer = try keys.layer(
      keys.attention(), .feedForward(keys.gated(bias: keys.flag("mlp_bias"))))
    return try keys.decoder(keys.sliding(keys.uniform(layer)) { !$0.isMultiple(of: 4) })
  }
}

extension Size {
  fileprivate static let llama4DenseSize = Size(
    "f_d", "intermediate_size_mlp", "width of the dense layers")
}

extension Keys {
  /// Llama 4's layers: those that rotate norm queries and keys and mostly attend within chunks; the
  /// others scale queries by their position.
  fileprivate func chunked(_ groups: [LayerGroup]) throws -> [LayerGroup] {
    guard let rotates = try rotating() else { return groups }
    let types = try layerTypes(known: ["full_attention", "chunked_attention"]) {
      rotates[$0] ? "chunked_attention" : "full_attention"
    }
    let chunk = try optional(.chunk).map { Reach.chunk($0) } ?? .all
    let scale = try temperatures()
    let norms = try isSet("use_qk_norm")
    return try groups.flatMap { group -> [LayerGroup] in
      let indices = try listed(group.indices)
      let kinds = [(true, true), (true, false), (false, true), (false, false)]
      let parts = kinds.map { rotated, isChunked in
        indices.filter {
          rotates[$0] == rotated && (types[$0] == "chunked_attention") == isChunked
        }
      }
      return zip(kinds, parts).filter { !$1.isEmpty }.map { kind, part in
        let layer = group.layer.attending { attention in
          if kind.1 { attention.reach = chunk }
          if kind.0, norms {
            // A norm without weights, of what was rotated.
            attention.norms = [
              Normalization(
                "qk_norm", [attention.headSize], weight: false,
                vectors: attention.heads + attention.keyValueHeads, of: .queriesAndKeys)
            ]
            attention.normsFollowRotation = true
          } else if !kind.0 {
            attention.position = .none
            attention.positionScale = scale
          }
        }
        return LayerGroup(layer, part.count == indices.count ? group.indices : .listed(part))
      }
    }
  }

  private func temperatures() throws -> PositionScale? {
    guard try isSet("attn_temperature_tuning"), let weight = try constant("attn_scale"),
      let length = try constant("floor_scale")
    else { return nil }
    return .steps(weight: weight, length: length, fromOne: true)
  }
}
