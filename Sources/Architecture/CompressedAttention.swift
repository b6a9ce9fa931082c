package import Symbolic

/// Attention of many query heads over one key that is also its value: those within a window and,
/// beside them, entries that stand for several tokens each.
///
/// Queries are compressed, and each head has a norm without a weight. The last elements of queries
/// and keys are rotated; because keys are values, outputs are rotated back. Groups of heads have a
/// map of their own before the one back to the stream.
///
/// - Source: DeepSeek-AI 2026 (DeepSeek-V4), §2.3.
package struct CompressedAttention: Hashable, Sendable {
  /// Query heads, *h*; all of them share one key.
  package var heads: Formula
  /// The width of one query head and of the key, which is also the value.
  package var headSize: Formula
  /// From the residual stream `[T, d]` to compressed queries `[T, r_q]`.
  package var queryDown: Linear
  /// The norm of compressed queries.
  package var queryNorm: Normalization
  /// From compressed queries to the queries of every head, `[T, h·d_h]`.
  package var queryUp: Linear
  /// The norm of each query head, without a weight.
  package var headNorm: Normalization
  /// From the residual stream to one key for each token, `[T, d_h]`.
  package var keys: Linear
  /// The norm of that key.
  package var keyNorm: Normalization
  /// How far back a query sees single keys.
  package var reach: Reach
  /// By which angles the last elements of queries and keys are rotated, and those of outputs back.
  package var angles: RotaryAngles
  /// The factor of the scores: `1/√d_h`.
  package var scale: Constant
  /// One more score for each head, to which no value answers.
  package var sinks: Weight
  /// The maps of groups of heads, one after the other, and how many there are.
  package var groupOutput: Linear
  /// The number of groups of heads; each has a map of its own.
  package var groups: Formula
  /// From the outputs of all groups back to the residual stream.
  package var output: Linear
  /// What makes entries of the whole past.
  package var compression: KeyCompression?
  /// What chooses among them, if not all are seen.
  package var indexer: CompressedIndexer?

  package init(
    heads: Formula, headSize: Formula, queryDown: Linear, queryNorm: Normalization,
    queryUp: Linear, headNorm: Normalization, keys: Linear, keyNorm: Normalization, reach: Reach,
    angles: RotaryAngles, sinks: Weight, groupOutput: Linear, groups: Formula, output: Linear
  ) {
    self.heads = heads
    self.headSize = headSize
    self.queryDown = queryDown
    self.queryNorm = queryNorm
    self.queryUp = queryUp
    self.headNorm = headNorm
    self.keys = keys
    self.keyNorm = keyNorm
    self.reach = reach
    self.angles = angles
    scale = .inverseRoot(headSize)
    self.sinks = sinks
    self.groupOutput = groupOutput
    self.groups = groups
    self.output = output
  }

  /// The tensors: maps, norms, the compression and the indexer where they exist, and the sinks.
  package var weights: [Weight] {
    [queryDown, queryUp, keys, groupOutput, output].weights(.attention)
      + [queryNorm, headNorm, keyNorm].flatMap { $0.weights(.attention) }
      + (compression?.weights ?? []) + (indexer?.weights ?? []) + [sinks]
  }

  /// Changes each of its norms.
  mutating func changeNorms(_ change: (inout Normalization) -> Void) {
    change(&queryNorm)
    change(&headNorm)
    change(&keyNorm)
    if var own = compression {
      change(&own.norm)
      compression = own
    }
    if var own = indexer {
      change(&own.keys.norm)
      indexer = own
    }
  }
}
