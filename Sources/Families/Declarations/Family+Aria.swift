import Architecture
import JSON
import Symbolic

/// Rhymes' Aria, whose checkpoints stack experts.
extension Family {
  static let ofAria: [Family] = [ariaText]

  static let ariaText = Family(
    "aria_text", spelling: "num_experts:moe_num_experts num_experts_per_tok:moe_topk",
    defaults: """
      vocab_size=32000 intermediate_size=4096 num_attention_heads=32 num_key_value_heads=null
      head_dim=null attention_bias=false mlp_bias=false moe_num_experts=8 moe_topk=2
      moe_num_shared_experts=2 tie_word_embeddings=false
      """
  ) { keys in
    let d = try keys.size(.hidden)
    let f = try keys.feedForwardWidth()
    let counts = try keys.expertCounts()
    let shared = try keys.sharedExperts(
      "moe_num_shared_experts", width: f, bias: keys.flag("mlp_bias"))
    let experts = try keys.stackedExperts(
      counts, keys.fusedGated(),
      router: keys.chosenFirst(Router([Linear("router", d, counts.all)])),
      names: ("experts.fc1.weight", "experts.fc2.weight"), shared: shared)
    return try keys.decoder(
      keys.uniform(keys.layer(keys.attention(bias: keys.biases(.all)), experts)))
  }
}
