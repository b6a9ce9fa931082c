import Architecture
import JSON
import Symbolic

/// BigScience's BLOOM: scores that fall with the distance (ALiBi).
extension Family {
  static let ofBloom: [Family] = [bloom]

  static let bloom = Family(
    "bloom", spelling: "n_embed=hidden_size num_attention_heads=n_head num_hidden_layers=n_layer",
    traits: [.biasesByDistance],
    defaults: """
      vocab_size=250880 n_head=8 tie_word_embeddings=true
      apply_residual_connection_post_layernorm=false
      """
  ) { keys in
    let attention = try keys.fusedAttention(
      keys.equalHeads(), "query_key_value", "dense", inputBias: true, outputBias: true,
      order: .headByHead)
    let feedForward = try keys.plain(
      4 * keys.size(.hidden), "dense_h_to_4h", "dense_4h_to_h", fixed: "gelu_fast")
    var layer = try keys.layer(
      attention, .feedForward(feedForward), norm: .layer, paths: ("self_attention", "mlp"))
    let keepsNormed = try keys.isSet("apply_residual_connection_post_layernorm")
    for block in layer.blocks.indices { layer.blocks[block].keepsNormed = keepsNormed }
    let norm = Branch(
      "transformer", .normalization(try keys.norm("word_embeddings_layernorm", .layer)))
    return try keys.decoder(keys.uniform(layer), .bloom, norm: .layer, after: [norm])
  }
}

extension FrameNames {
  static let bloom = FrameNames(
    token: "transformer.word_embeddings", layers: "transformer.h", norm: "transformer.ln_f")
}
