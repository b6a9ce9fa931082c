package import Symbolic

/// A size of a model: its letter, its key in `config.json`, and what it measures.
///
/// The key is the one most families use; a family that spells it otherwise says so in its
/// declaration. `docs/notation.md` lists every size with the letters that papers use.
package struct Size: Hashable, Sendable {
  package let symbol: Symbol
  package let key: String
  package let meaning: String

  package init(_ letter: String, _ key: String, _ meaning: String, isWhole: Bool = true) {
    symbol = Symbol(letter, isWhole: isWhole)
    self.key = key
    self.meaning = meaning
  }
}

// MARK: - The sizes most models have

extension Size {
  package static let vocabulary = Size("V", "vocab_size", "tokens in the vocabulary")
  package static let hidden = Size("d", "hidden_size", "width of the residual stream")
  package static let layers = Size("L", "num_hidden_layers", "layers")
  package static let positions = Size(
    "n_ctx", "max_position_embeddings", "positions of the context")
  package static let intermediate = Size(
    "f", "intermediate_size", "width of the feed-forward layer")
  package static let heads = Size("h", "num_attention_heads", "query heads")
  package static let keyValueHeads = Size("g", "num_key_value_heads", "key-value heads")
  package static let headSize = Size("d_h", "head_dim", "width of one head")
  package static let valueSize = Size("d_v", "v_head_dim", "width of one head's values")
  package static let window = Size("W", "sliding_window", "keys that a sliding layer sees")
  package static let chunk = Size(
    "C", "attention_chunk_size", "positions of a chunk that attends within itself")
  package static let rotaryPart = Size("r", "rotary_dim", "numbers of a head that are rotated")
  package static let embeddingWidth = Size("d_e", "embedding_size", "width of the token table")
}

// MARK: - Multi-head latent attention

extension Size {
  package static let queryRank = Size("r_q", "q_lora_rank", "rank of the compressed queries")
  package static let keyValueRank = Size(
    "r_kv", "kv_lora_rank", "rank of the compressed keys and values")
  package static let rotarySize = Size(
    "d_r", "qk_rope_head_dim", "rotary part of a query or key head")
  package static let plainSize = Size(
    "d_n", "qk_nope_head_dim", "part of a query or key head without position")
  package static let indexHeads = Size(
    "h_x", "index_n_heads", "heads of the sparse-attention indexer")
  package static let indexedKeys = Size("k_x", "index_topk", "keys that the indexer keeps")
  package static let indexHeadSize = Size("d_x", "index_head_dim", "width of one indexer head")
}

// MARK: - Mixtures

extension Size {
  package static let experts = Size("E", "num_experts", "routed experts of a layer")
  package static let activeExperts = Size("K", "num_experts_per_tok", "routed experts of one token")
  package static let expertSize = Size("f_e", "moe_intermediate_size", "width of one routed expert")
  package static let sharedExperts = Size("E_s", "n_shared_experts", "shared experts")
  package static let sharedSize = Size(
    "f_s", "shared_expert_intermediate_size", "width of the shared expert")
  package static let idleExperts = Size("E_0", "num_noop_experts", "no-op experts")
  package static let leadingDense = Size("k_d", "first_k_dense_replace", "leading dense layers")
  package static let capacity = Size(
    "κ", "mod_capacity", "share of the tokens that enter a routed block", isWhole: false)
  package static let lastCapacity = Size(
    "κ_L", "mod_capacity_last", "share of the tokens that enter the last layer", isWhole: false)
  package static let predictorSize = Size(
    "P_m", "mod_predictor_size", "width of the routing predictor")
}

// MARK: - Recurrent and convolution mixers

extension Size {
  package static let innerSize = Size("d_i", "intermediate_size", "inner width of the mixer")
  package static let stateSize = Size("N", "state_size", "state of one channel")
  package static let kernelSize = Size("k_c", "conv_kernel", "width of the causal convolution")
  package static let timeStepRank = Size("r_t", "time_step_rank", "rank of the time step")
  package static let mixerHeads = Size("h_m", "num_heads", "heads of the mixer")
  package static let mixerHeadSize = Size("d_m", "head_dim", "width of one mixer head")
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

  package let size: Size
  /// The key of this model's configuration.
  package let key: String
  /// A number, or a formula in the letters that were left free.
  package let value: Evaluated
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
