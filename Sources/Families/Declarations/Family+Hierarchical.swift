import Architecture
import JSON
import Symbolic

extension Size {
  fileprivate static let stackLayers = Size("L_s", "num_layers_per_stack", "layers of one stack")
}

extension Family {
  static let hierarchical: [Family] = [deepseekV4, dots3, dots3Note, inkling, inkling2, hrm, fuyu]

  /// Two stacks of layers that run in turn, several times over.
  ///
  /// - Source: Wang et al. 2025, <https://arxiv.org/abs/2506.21734>.
  static let hrm = Family(
    "hrm_text",
    defaults: """
      vocab_size=151808 intermediate_size=4096 num_attention_heads=12 head_dim=128
      attention_bias=false mlp_bias=false num_layers_per_stack=null tie_word_embeddings=false
      """
  ) { keys in
    let d = try keys.size(.hidden)
    let layer = try keys.hrmLayer()
    // Without a number for one stack, the number of layers is that; with it, it is of no effect.
    let count = try keys.optional(.stackLayers) ?? keys.size(.layers)
    let listed = try keys.fixed(count, "num_hidden_layers", "the second stack is listed")
    guard listed <= 10_000 else {
      throw DescriptionError.tooManyLayers(key: "num_hidden_layers", count: listed, limit: 10_000)
    }
    let second = (0..<listed).flatMap { index in
      layer.branches.map { branch in
        let path = branch.path.isEmpty ? "" : ".\(branch.path)"
        return Branch("model.L_module.layers.\(index)\(path)", branch.module)
      }
    }
    let state = Mixer(.other, linears: [], vectors: [Weight("z_L_init", [d], .mixer)])
    return try keys.decoder(
      [LayerGroup(layer, .range(0, count))],
      FrameNames(layers: "model.H_module.layers", norm: nil),
      after: second + [Branch("model", .mixer(state))])
  }

  /// Persimmon with other defaults; images enter as embeddings.
  static let fuyu = Family(
    "fuyu", like: persimmon,
    defaults: """
      vocab_size=262144 num_attention_heads=64 intermediate_size=16384 qk_layernorm=true
      hidden_act="relu2" tie_word_embeddings=false
      """)
}

extension Keys {
  /// Its norms have no weights, and the checkpoint joins maps but not their biases.
  fileprivate func hrmLayer() throws -> Layer {
    let d = try size(.hidden)
    let heads = try heads(grouped: false)
    let width = heads.query * heads.size
    let hasBias = try flag("attention_bias")
    let names = hasBias ? ["gate_proj", "q_proj", "k_proj", "v_proj"] : []
    let attention = SelfAttention(
      heads: heads.query, keyValueHeads: heads.query, headSize: heads.size,
      inputs: [Linear("attn.gqkv_proj", d, 4 * width)],
      output: Linear("attn.o_proj", width, d, bias: hasBias),
      vectors: names.map { Weight("self_attn.\($0).bias", [width], .attention) })
    let f = try feedForwardWidth()
    var feedForward = try fusedGated()
    if try flag("mlp_bias") {
      feedForward.output.hasBias = true
      feedForward.vectors = ["gate_proj", "up_proj"]
        .map { Weight("\($0).bias", [f], .denseFeedForward) }
    }
    return Layer([
      Block([try norm("input_layernorm", .bare)], [Branch("", .selfAttention(attention))]),
      Block(
        [try norm("post_attention_layernorm", .bare)], [Branch("mlp", .feedForward(feedForward))]),
    ])
  }
}
