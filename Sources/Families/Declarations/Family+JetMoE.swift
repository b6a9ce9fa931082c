import Architecture
import JSON
import Symbolic

/// MyShell's JetMoE: experts of attention and of feed-forward layers.
extension Family {
  static let ofJetMoE: [Family] = [jetmoe]

  static let jetmoe = Family(
    "jetmoe",
    spelling: "head_dim=kv_channels num_experts:num_local_experts hidden_act:activation_function",
    defaults: """
      vocab_size=32000 activation_function="silu" num_key_value_heads=16 kv_channels=128 intermediate_size=5632
      num_local_experts=8 num_experts_per_tok=2 tie_word_embeddings=true
      """
  ) { keys in
    let mixture = try keys.jetmoeExperts()
    var layer = try keys.layer(
      keys.routedAttention(), mixture, paths: ("self_attention", "mlp"))
    // The norms of a layer are made without the configuration's ε, the last one is not.
    for block in layer.blocks.indices { layer.blocks[block].inputNorms[0].epsilon = "1e-6" }
    return try keys.decoder(keys.uniform(layer))
  }
}

extension Keys {
  /// Attention whose queries and outputs go through experts; keys and values are shared by them.
  ///
  /// - Source: Shen et al. 2024 (JetMoE), §2.2, <https://arxiv.org/abs/2404.07413>.
  fileprivate func routedAttention() throws -> Module {
    let d = try size(.hidden)
    let (g, headSize) = (try size(.keyValueHeads), try size(.headSize))
    let width = g * headSize
    let counts = try expertCounts()
    let routed = RoutedQueries(
      router: Linear("experts.router.layer", d, counts.all), active: counts.active,
      map: Linear("experts.input_linear", d, width),
      maps: Weight("experts.input_linear.weight", [counts.all, width, d], .attention),
      outputs: Weight("experts.output_linear.weight", [counts.all, d, width], .attention),
      bias: Weight("experts.bias", [d], .attention))
    var attention = SelfAttention(
      heads: counts.active * g, keyValueHeads: g, headSize: headSize,
      inputs: [Linear("kv_proj", d, 2 * width)], layout: InputLayout([[.keys, .values]]),
      output: Linear("experts.output_linear", width, d),
      vectors: routed.vectors, position: try rotary(headSize))
    attention.routedQueries = routed
    return .selfAttention(attention)
  }

  fileprivate func jetmoeExperts() throws -> Module {
    let (d, f) = (try size(.hidden), try feedForwardWidth())
    let counts = try expertCounts()
    let stacks = [
      Weight("input_linear.weight", [counts.all, 2 * f, d], .routedExperts),
      Weight("output_linear.weight", [counts.all, d, f], .routedExperts),
    ]
    let router = Router([Linear("router.layer", d, counts.all)])
    var mixture = MixtureOfExperts(
      router: chosenFirst(router), experts: counts.all, active: counts.active,
      expert: try fusedGated(f, "input_linear", "output_linear"), layout: .stacked(stacks))
    mixture.bias = Weight("bias", [d], .denseFeedForward)
    return .mixtureOfExperts(mixture)
  }
}
