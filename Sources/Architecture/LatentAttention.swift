package import Symbolic

/// Multi-head latent attention (MLA): keys and values rise from one compressed vector per token.
///
/// A token's `[d]` is compressed to `[r_kv]`, which is cached with a rotary key of `[d_r]`;
/// from it each head's keys `[d_n]` and values `[d_v]` are expanded. Queries may be compressed too.
///
/// - Source: DeepSeek-AI 2024 (DeepSeek-V2), §2.1, <https://arxiv.org/abs/2405.04434>.
package struct LatentAttention: Hashable, Sendable {
  package var heads: Formula
  package var plainSize: Formula
  package var rotarySize: Formula
  package var valueSize: Formula
  package var keyValueRank: Formula
  /// From the residual stream to the queries: one map, or two with a norm between them.
  package var queries: [Linear]
  package var compress: Linear
  package var expand: Linear
  package var output: Linear
  package var norms: [Normalization]
  /// What chooses the keys, if attention is sparse.
  package var indexer: Indexer?
  /// Vectors beside the projections: attention sinks.
  package var vectors: [Weight] = []
  /// How far back a query sees.
  package var reach = Reach.all
  /// Whether the rotary parts of queries and keys are rotated, and by which angles.
  package var isRotated = true
  package var angles: RotaryAngles
  /// Whether the softmax has one more, learned, score for each head.
  package var hasSinks = false
  /// What is multiplied with the output before its projection, if anything.
  package var gate: OutputGate?
  /// By what queries are multiplied at each position, if at all.
  package var positionScale: PositionScale?
  /// Whether the compressed queries and the latent are multiplied by constants.
  package var scalesLatents = false

  package init(
    heads: Formula, plainSize: Formula, rotarySize: Formula, valueSize: Formula,
    keyValueRank: Formula, queries: [Linear], compress: Linear, expand: Linear, output: Linear,
    norms: [Normalization], indexer: Indexer? = nil
  ) {
    self.heads = heads
    self.plainSize = plainSize
    self.rotarySize = rotarySize
    angles = RotaryAngles(rotarySize)
    self.valueSize = valueSize
    self.keyValueRank = keyValueRank
    self.queries = queries
    self.compress = compress
    self.expand = expand
    self.output = output
    self.norms = norms
    self.indexer = indexer
  }

  package var weights: [Weight] {
    (queries + [compress, expand, output]).weights(.attention)
      + norms.flatMap { $0.weights(.attention) } + (indexer?.weights ?? []) + vectors
  }
}
