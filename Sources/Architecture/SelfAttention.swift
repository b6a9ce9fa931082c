package import Symbolic

/// Softmax attention over keys and values of the same sequence.
///
/// Queries have `heads` heads of `headSize`; keys and values have `keyValueHeads`, each shared by
/// a group of query heads. The projections are separate maps or one fused map; either way the
/// extents follow from the heads.
///
/// - Source: Vaswani et al. 2017, <https://arxiv.org/abs/1706.03762>; Ainslie et al. 2023 (GQA),
///   <https://arxiv.org/abs/2305.13245>.
package struct SelfAttention: Hashable, Sendable {
  package var heads: Formula
  package var keyValueHeads: Formula
  package var headSize: Formula
  /// The width of one head's values, where it is not that of its queries and keys.
  package var valueSize: Formula?
  /// The maps from the residual stream to queries, keys and values (and an output gate).
  package var inputs: [Linear]
  package var output: Linear
  /// Norms of queries, keys, values or the output, inside the module.
  package var norms: [Normalization]
  /// Vectors beside the projections: attention sinks, scales.
  package var vectors: [Weight]
  /// The number of keys a query sees, itself included, or nil for all before it.
  package var window: Int128?
  /// Whether the cache keeps keys that the window has passed.
  package var keepsWholeCache = false

  package init(
    heads: Formula, keyValueHeads: Formula, headSize: Formula, valueSize: Formula? = nil,
    inputs: [Linear], output: Linear, norms: [Normalization] = [], vectors: [Weight] = [],
    window: Int128? = nil
  ) {
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headSize = headSize
    self.valueSize = valueSize
    self.inputs = inputs
    self.output = output
    self.norms = norms
    self.vectors = vectors
    self.window = window
  }

  package var weights: [Weight] {
    inputs.weights(.attention) + output.weights(.attention)
      + norms.flatMap { $0.weights(.attention) } + vectors
  }
}
