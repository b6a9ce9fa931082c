package import Symbolic

/// A size of a model: its symbol, its key in `config.json`, and what it measures.
///
/// The key is the one most families use; a family that spells it otherwise says so in its
/// declaration. `docs/notation.md` lists every size with the symbols that papers use.
package struct Size: Hashable, Sendable {
  /// The symbol in formulas.
  package let symbol: Symbol
  /// The key that most families use.
  package let key: String
  /// What it measures, as `explain` prints it.
  package let meaning: String

  package init(_ name: String, _ key: String, _ meaning: String, isWhole: Bool = true) {
    symbol = Symbol(name, isWhole: isWhole)
    self.key = key
    self.meaning = meaning
  }
}

// MARK: - The sizes most models have

extension Size {
  /// *V*: the rows of the token table, and the columns of the head.
  package static let vocabulary = Size("V", "vocab_size", "tokens in the vocabulary")
  /// *d*: the width of the residual stream.
  package static let hidden = Size("d", "hidden_size", "width of the residual stream")
  /// *L*: the number of layers.
  package static let layers = Size("L", "num_hidden_layers", "layers")
  /// *n_ctx*: the positions of the context, and the rows of a learned position table.
  package static let positions = Size(
    "n_ctx", "max_position_embeddings", "positions of the context")
  /// *f*: the inner width of a dense feed-forward layer.
  package static let intermediate = Size(
    "f", "intermediate_size", "width of the feed-forward layer")
  /// *h*: the query heads of a layer.
  package static let heads = Size("h", "num_attention_heads", "query heads")
  /// *g*: its key-value heads.
  package static let keyValueHeads = Size("g", "num_key_value_heads", "key-value heads")
  /// *d_h*: the width of one query or key head.
  package static let headSize = Size("d_h", "head_dim", "width of one head")
  /// *d_v*: the width of one head's values, where it is not *d_h*.
  package static let valueSize = Size("d_v", "v_head_dim", "width of one head's values")
  /// *W*: the keys that a query of a sliding layer sees, its own included.
  package static let window = Size("W", "sliding_window", "keys that a sliding layer sees")
  /// *C*: the positions of a chunk that attends within itself.
  package static let chunk = Size(
    "C", "attention_chunk_size", "positions of a chunk that attends within itself")
  /// *r*: the elements of a head that are rotated, where not all are.
  package static let rotaryPart = Size("r", "rotary_dim", "elements of a head that are rotated")
  /// *d_e*: the width of the token table, where a map brings it to *d*.
  package static let embeddingWidth = Size("d_e", "embedding_size", "width of the token table")
}

// MARK: - Multi-head latent attention

extension Size {
  /// *r_q*: the rank of compressed queries.
  package static let queryRank = Size("r_q", "q_lora_rank", "rank of the compressed queries")
  /// *r_kv*: the rank of the latent that is cached.
  package static let keyValueRank = Size(
    "r_kv", "kv_lora_rank", "rank of the compressed keys and values")
  /// *d_r*: the rotated part of a query or key head.
  package static let rotarySize = Size(
    "d_r", "qk_rope_head_dim", "rotary part of a query or key head")
  /// *d_n*: the part of a query or key head without position.
  package static let plainSize = Size(
    "d_n", "qk_nope_head_dim", "part of a query or key head without position")
  /// *h_x*: the heads of a sparse-attention indexer.
  package static let indexHeads = Size(
    "h_x", "index_n_heads", "heads of the sparse-attention indexer")
  /// *k_x*: the keys that the indexer keeps for each query.
  package static let indexedKeys = Size("k_x", "index_topk", "keys that the indexer keeps")
  /// *d_x*: the width of one head of the indexer.
  package static let indexHeadSize = Size("d_x", "index_head_dim", "width of one indexer head")
}

// MARK: - Mixtures

extension Size {
  /// *E*: the routed experts of a layer.
  package static let experts = Size("E", "num_experts", "routed experts of a layer")
  /// *K*: the routed experts that one token meets.
  package static let activeExperts = Size("K", "num_experts_per_tok", "routed experts of one token")
  /// *f_e*: the inner width of one routed expert.
  package static let expertSize = Size("f_e", "moe_intermediate_size", "width of one routed expert")
  /// *E_s*: the experts that every token meets.
  package static let sharedExperts = Size("E_s", "n_shared_experts", "shared experts")
  /// *f_s*: the inner width of the shared expert, where it has a key of its own.
  package static let sharedSize = Size(
    "f_s", "shared_expert_intermediate_size", "width of the shared expert")
  /// *E_0*: experts that the router may choose and that compute nothing.
  package static let noOpExperts = Size("E_0", "num_noop_experts", "no-op experts")
  /// *k_d*: the leading layers that are dense in a model of experts.
  package static let leadingDense = Size("k_d", "first_k_dense_replace", "leading dense layers")
  /// *κ*: the share of the tokens that enter a routed block, from 0 to 1.
  package static let capacity = Size(
    "κ", "mod_capacity", "share of the tokens that enter a routed block", isWhole: false)
  /// *κ_L*: that share at the last layer, where it changes with depth.
  package static let lastCapacity = Size(
    "κ_L", "mod_capacity_last", "share of the tokens that enter the last layer", isWhole: false)
  /// *P_m*: the inner width of the predictor of a depth router.
  package static let predictorSize = Size(
    "P_m", "mod_predictor_size", "width of the routing predictor")
}

// MARK: - Recurrent and convolution mixers

extension Size {
  /// *d_i*: the inner width of a recurrent mixer.
  package static let innerSize = Size("d_i", "intermediate_size", "inner width of the mixer")
  /// *N*: the state of one channel.
  package static let stateSize = Size("N", "state_size", "state of one channel")
  /// *k_c*: the positions that one output of the causal convolution sees.
  package static let kernelSize = Size("k_c", "conv_kernel", "width of the causal convolution")
  /// *r_t*: the rank from which the time step is projected.
  package static let timeStepRank = Size("r_t", "time_step_rank", "rank of the time step")
  /// *h_m*: the heads of a recurrent mixer.
  package static let mixerHeads = Size("h_m", "num_heads", "heads of the mixer")
  /// *d_m*: the width of one of them.
  package static let mixerHeadSize = Size("d_m", "head_dim", "width of one mixer head")
  /// *g_m*: the groups of heads that share B and C.
  package static let mixerGroups = Size("g_m", "n_groups", "groups that share a state projection")
}

/// A size of one model with its value.
package struct SizeBinding: Hashable, Sendable {
  /// Where a value came from.
  package enum Origin: Hashable, Sendable {
    /// It stands in the configuration or was set on the command line.
    case given
    /// The family's default, because the key is absent.
    case defaulted
    /// It follows from other sizes, in the way the text says.
    case derived(String)
  }

  /// The size.
  package let size: Size
  /// The key of this model's configuration.
  package let key: String
  /// A number, or a formula in the variables that were left free.
  package let value: Evaluated
  /// Where the value came from.
  package let origin: Origin
  /// Whether a configuration may have the key; a size that only follows from others has none.
  package var isKey = true

  package init(size: Size, key: String, value: Evaluated, origin: Origin) {
    self.size = size
    self.key = key
    self.value = value
    self.origin = origin
  }
}
