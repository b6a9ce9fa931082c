import Architecture
import JSON
import Symbolic

/// The decoder of ModernBERT.
extension Family {
  static let ofModernBERT: [Family] = [modernBERTDecoder]

  /// The first layer's attention has no norm of its own, because the tokens are normed.
  static let modernBERTDecoder = Family(
    "modernbert-decoder", spelling: "hidden_act:hidden_activation",
    fixed: "has_own_base=true",
    defaults: """
      vocab_size=50368 intermediate_size=1152 num_attention_heads=12 norm_bias=false
      attention_bias=false mlp_bias=false decoder_bias=true classifier_bias=false
      local_attention=128 global_attn_every_n_layers=3 layer_types=null hidden_activation="gelu"
      tie_word_embeddings=true classifier_activation="gelu"
      """
  ) { keys in
    let style: NormStyle = try keys.flag("norm_bias") ? .layer : .layerWithoutBias
    let period = try keys.integer("global_attn_every_n_layers", least: 1) ?? 3
    // The window is on both sides of a token in ModernBERT, and only its half here.
    // A saved file has that half too, and what it says wins.
    let window =
      try keys.reading("sliding_window") != nil
      ? keys.window() : .window(.floor(keys.size(.window, "local_attention") / 2))
    let types = try keys.layerTypes(known: ["full_attention", "sliding_attention"]) {
      $0 % period == 0 ? "full_attention" : "sliding_attention"
    }
    let feedForward = Branch(
      "mlp", .feedForward(try keys.fusedGated(nil, "Wi", "Wo", bias: keys.flag("mlp_bias"))))
    let groups = try keys.layers(kind: { [types[$0], $0 == 0 ? "first" : ""] }) { kind in
      let attention = try keys.attention(
        keys.equalHeads(), bias: keys.biases(.all), names: ProjectionNames(output: "Wo"),
        reach: kind[0] == "full_attention" ? .all : window,
        position: keys.rotary(
          keys.equalHeads().size, table: kind[0] == "full_attention" ? "" : "local", of: kind[0]))
      return Layer([
        Block(
          kind[1] == "first" ? [] : [try keys.norm("attn_norm", style)],
          [Branch("attn", attention)]),
        Block([try keys.norm("mlp_norm", style)], [feedForward]),
      ])
    }
    let d = try keys.size(.hidden)
    let dense = Linear("lm_head.dense", d, d, bias: try keys.flag("classifier_bias"))
    let head = MappedFunction(
      dense, Activation(named: try keys.text("classifier_activation") ?? "gelu"),
      .languageModelHead)
    return try keys.decoder(
      groups,
      FrameNames(
        token: "model.embeddings.tok_embeddings", norm: "model.final_norm", head: "decoder"),
      norm: style,
      after: [Branch("model.embeddings", .normalization(keys.norm("norm", style)))],
      before: [
        Branch("", .stream(.mapped(head))),
        Branch("lm_head", .normalization(keys.norm("norm", style))),
      ], headBias: keys.flag("decoder_bias"))
  }
}
