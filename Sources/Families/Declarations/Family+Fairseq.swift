import Architecture
import JSON
import Symbolic

/// Meta's decoders of fairseq's time: OPT, XGLM, and BioGPT, which is built like them.
extension Family {
  static let ofFairseq: [Family] = [opt, bioGPT, xglm]

  static let opt = Family(
    "opt", spelling: "hidden_act:activation_function",
    traits: [.doesNotRotate],
    fixed: "epsilon=1e-5",
    defaults: """
      vocab_size=50272 max_position_embeddings=2048 num_attention_heads=12 ffn_dim=3072
      word_embed_proj_dim=null do_layer_norm_before=true _remove_final_layer_norm=false
      enable_bias=true layer_norm_elementwise_affine=true activation_function="relu"
      tie_word_embeddings=true
      """
  ) { keys in
    let d = try keys.size(.hidden)
    let isPreNorm = try keys.flag("do_layer_norm_before")
    let hasFinalNorm = try isPreNorm && !keys.flag("_remove_final_layer_norm")
    let style: NormStyle = try keys.flag("layer_norm_elementwise_affine") ? .layer : .bare
    let width = try keys.optional(.embeddingWidth, "word_embed_proj_dim") ?? d
    let isProjected = try keys.differ(
      width, d, "word_embed_proj_dim", "it decides whether the table is projected")
    let position = try keys.positions("model.decoder.embed_positions", extra: 2)
    func projection(_ name: String, _ input: Formula, _ output: Formula) -> [Branch] {
      isProjected ? [Branch("model.decoder", .linear(Linear(name, input, output)))] : []
    }
    let names = FrameNames(
      token: "model.decoder.embed_tokens", layers: "model.decoder.layers",
      norm: hasFinalNorm ? "model.decoder.final_layer_norm" : nil)
    let layer = try keys.fairseqLayer(
      "ffn_dim", bias: keys.flag("enable_bias"), norm: style, isPreNorm: isPreNorm)
    return try keys.decoder(
      keys.uniform(layer), names, norm: style,
      after: projection("project_in", width, d) + [position], width: width,
      before: projection("project_out", d, width))
  }

  static let bioGPT = Family(
    "biogpt",
    traits: [.doesNotRotate],
    fixed: "epsilon=1e-5",
    defaults: """
      vocab_size=42384 max_position_embeddings=1024 num_attention_heads=16 intermediate_size=4096
      hidden_act="gelu" tie_word_embeddings=true scale_embedding=true
      """
  ) { keys in
    let names = FrameNames(
      token: "biogpt.embed_tokens", layers: "biogpt.layers", norm: "biogpt.layer_norm",
      head: "output_projection")
    return try keys.decoder(
      keys.uniform(keys.fairseqLayer("intermediate_size")), names, norm: .layer,
      after: [keys.positions("biogpt.embed_positions", extra: 2)],
      scaled: keys.isSet("scale_embedding"))
  }

  static let xglm = Family(
    "xglm",
    spelling: """
      hidden_size=d_model num_attention_heads=attention_heads num_hidden_layers=num_layers
      hidden_act:activation_function
      """,
    traits: [.doesNotRotate],
    fixed: "epsilon=1e-5",
    defaults: """
      vocab_size=256008 attention_heads=16 ffn_dim=4096 activation_function="gelu"
      add_cross_attention=false tie_word_embeddings=true scale_embedding=true pad_token_id=1
      """
  ) { keys in
    var layer = try keys.fairseqLayer("ffn_dim")
    if try keys.flag("add_cross_attention") {
      // It is built for an encoder, and stands idle in a language model.
      let cross = try keys.attention(keys.equalHeads(), bias: .all, names: .outProj)
      layer.idle = [
        .idle("", try keys.norm("encoder_attn_layer_norm", .layer).weights()),
        .idle("encoder_attn", cross.weights),
      ]
    }
    // The row of the padding token is empty, whichever position would have it.
    let d = try keys.size(.hidden)
    var positions = Embedding(.position, rows: 0, width: d)
    positions.offset = 2
    positions.waves = Waves(
      steps: d / 2 - 1, emptyRow: try keys.integer("pad_token_id"), grows: true)
    return try keys.decoder(
      keys.uniform(layer), FrameNames(norm: "model.layer_norm"), norm: .layer,
      after: [Branch("model.embed_positions", .embedding(positions))],
      scaled: keys.isSet("scale_embedding"))
  }
}

extension Keys {
  /// The layer of fairseq's decoders; in OPT 350M, norms follow the sum and do not precede.
  fileprivate func fairseqLayer(
    _ widthKey: String, bias: Bool = true, norm style: NormStyle = .layer, isPreNorm: Bool = true
  ) throws -> Layer {
    let attention = Branch(
      "self_attn", try attention(equalHeads(), bias: bias ? .all : [], names: .outProj))
    let feedForward = Branch(
      "", .feedForward(try plain(size(.intermediate, widthKey), "fc1", "fc2", bias: bias)))
    let first = [try norm("self_attn_layer_norm", style)]
    let second = [try norm("final_layer_norm", style)]
    return isPreNorm
      ? Layer([Block(first, [attention]), Block(second, [feedForward])])
      : Layer([
        Block([], [attention], outputNorms: first, normsSum: true),
        Block([], [feedForward], outputNorms: second, normsSum: true),
      ])
  }
}
