import Architecture
import JSON
import Symbolic

/// SmallDoge's Doge: biases of scores by the values of each key.
extension Family {
  static let ofDoge: [Family] = [doge]

  /// Attention with a learned mask; optionally many experts of one neuron each.
  ///
  /// - Source: Shi et al. 2024, <https://arxiv.org/abs/2412.11834>.
  static let doge = Family(
    "doge",
    defaults: """
      vocab_size=32768 intermediate_size=2048 num_attention_heads=8 num_key_value_heads=null
      attention_bias=false mlp_bias=false is_moe=false num_experts=16384 num_experts_per_tok=64
      tie_word_embeddings=false
      norm_topk_prob=false sliding_window=null keep_window_size=2048
      """
  ) { keys in
    let d = try keys.size(.hidden)
    let heads = try keys.heads()
    let bias = try keys.biases(.all)
    let groups = heads.keyValue
    // Without a window a query keeps the keys with the largest biases, however old.
    let kept = try keys.size(.keptKeys)
    let window = try keys.window()
    let slopes = Weight("A", [groups], .attention)
    let attention = try keys.attention(
      heads, bias: bias, norm: .eachHead, vectors: [slopes],
      reach: window == .all ? .chosen(kept) : window
    ).attending {
      $0.valueBias = ValueBias(
        map: Linear("dt_proj", groups * heads.size, groups, bias: !bias.isEmpty),
        slopes: slopes, kept: kept)
    }
    let dense = try keys.gated(bias: keys.flag("mlp_bias"))
    var layer = try keys.layer(attention, .feedForward(dense))
    if try keys.flag("is_moe") {
      layer.blocks[1].branches.append(Branch("mlp", try keys.dogeExperts(dense.activation)))
    }
    // The stream is multiplied by a vector before each addition.
    for (block, name) in ["input_residual", "post_attention_residual"].enumerated() {
      layer.blocks[block].streamFactor = LearnedScale(Weight(name, [d], .mixer))
    }
    return try keys.decoder(keys.uniform(layer))
  }
}

extension Size {
  static let keptKeys = Size("k_k", "keep_window_size", "keys that a dynamic mask keeps")
}

extension Keys {
  /// Experts of one neuron, found by the product of two sets of keys, beside a dense layer.
  fileprivate func dogeExperts(_ activation: String) throws -> Module {
    let d = try size(.hidden)
    let counts = try expertCounts()
    let all = try fixed(counts.all, "num_experts", "the router has two keys for its square root")
    var root = Int128(Double(all).squareRoot().rounded(.up))
    while root.multipliedFullWidth(by: root) > (high: 0, low: all.magnitude) { root -= 1 }
    let expert = FeedForward(
      width: 1, isGated: false, inputs: [Linear("down_embed", d, 1)],
      output: Linear("up_embed", 1, d), activation: activation)
    let tables = ["down_embed", "up_embed"]
      .map { Weight("\($0).weight", [counts.all, d], .routedExperts) }
    var router = try chosenFirst(routed(Router([Linear("router_gate", d, 2 * Formula(root))])))
    router.addsScores = true
    var mixture = MixtureOfExperts(
      router: router, experts: counts.all, active: counts.active, expert: expert,
      layout: .stacked(tables))
    mixture.weighing = .innerNumbers
    return .mixtureOfExperts(mixture)
  }
}
