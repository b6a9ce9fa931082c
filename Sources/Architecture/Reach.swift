package import Symbolic

/// How far back the queries of an attention layer see.
package enum Reach: Hashable, Sendable {
  /// Every position up to the query's own.
  case all
  /// The last positions, the query's own included: query *i* sees key *j* if *i − W < j ≤ i*.
  ///
  /// The cache of such a layer drops what no later query sees, unless `keepsCache`.
  case window(Formula, keepsCache: Bool = false)
  /// The same of the tokens behind the first pass, and all of that pass, the prompt; the cache keeps the prompt.
  ///
  /// - Source: Baidu 2026 (Unlimited-OCR), `reference_sliding_attention` of transformers 5.23.
  case windowBehindPrompt(Formula)
  /// The best positions up to the query's own, as many as given, chosen by an indexer; the cache keeps
  /// every position.
  ///
  /// - Source: DeepSeek-AI 2025 (DeepSeek-V3.2), §2.1.
  case chosen(Formula)
  /// The positions of the query's own chunk of the sequence, up to its own.
  ///
  /// - Source: Meta 2025 (Llama 4), `attention_chunk_size`.
  case chunk(Formula)
  /// The positions of chosen blocks of `size`, `kept` in all, and those of the unfinished block.
  ///
  /// - Source: Qwen 2026 (Qwen4), `indexer_budget` and `indexer_compress_ratio`.
  case blocks(kept: Formula, size: Formula)
  /// Blocks of `size` positions, of which a query sees its own, up to itself, and the best others,
  /// `count` in all; the cache keeps every position.
  ///
  /// - Source: MiniMax 2026 (MiniMax-M3), `MiniMaxM3VLIndexer` of transformers 5.23.
  case bestBlocks(size: Formula, count: Formula)
}

/// How attention scores learn where query and key stand.
package enum PositionScheme: Hashable, Sendable {
  /// The scores do not know; positions come in elsewhere, or not at all.
  case none
  /// The first elements of each query and key head are rotated by angles of the position.
  case rotary(RotaryAngles)
  /// A slope for each head times the distance is added to the scores.
  ///
  /// - Source: Press et al. 2021 (ALiBi), <https://arxiv.org/abs/2108.12409>.
  case linearBias
  /// A vector of each query head gives a score for each distance up to an extent.
  case relative(RelativeScores)
  /// A learned score of each head for each bucket of distances, from a table before the layers.
  case buckets(PositionBuckets)

  /// A rotation of the first `size` elements of each head.
  package static func rotary(_ size: Formula, table: String = "") -> PositionScheme {
    .rotary(RotaryAngles(size, table: table))
  }

  /// The scores that are added for distances, from a vector of the query.
  package var relativeScores: RelativeScores? {
    if case .relative(let scores) = self { scores } else { nil }
  }

  /// The buckets of distances that have a score.
  package var distanceBuckets: PositionBuckets? {
    if case .buckets(let buckets) = self { buckets } else { nil }
  }

  /// The elements of each head that are rotated.
  package var rotarySize: Formula {
    if case .rotary(let angles) = self { angles.size } else { 0 }
  }
}

/// What is done to a gate before the product.
package enum GateFunction: Hashable, Sendable {
  /// `σ(g)`.
  case logistic
  /// `ln(1 + eᵍ)`.
  case softplus
  /// The gate itself.
  case identity
}

/// A gate on the output of attention heads: `σ(g)·o`, or another function of *g* times *o*.
package enum OutputGate: Hashable, Sendable {
  /// A gate for each element of the output.
  case elements
  /// A gate for each head.
  case heads
}

/// Scores for distances of a query: a vector of each of its heads times one table for all heads.
///
/// A key that is further away than the table says has a score of zero.
///
/// - Source: Thinking Machines 2026 (Inkling), `d_rel` and `rel_extent`.
package struct RelativeScores: Hashable, Sendable {
  /// The distances that have a score, from zero on.
  package var extent: Formula
  /// The table, as a map that all heads share.
  package var table: HeadwiseLinear
  /// The greatest length of the vectors, if they have one.
  package var bound: LengthBound?
  /// What the scale of the position multiplies, where queries have one.
  package enum Scaled: Hashable, Sendable {
    case vectors
    /// The score of each key.
    case scores
  }

  /// What that scale multiplies here.
  package var scaled = Scaled.scores

  package init(
    _ name: String, heads: Formula, width: Formula, extent: Formula, bound: LengthBound? = nil
  ) {
    self.extent = extent
    table = HeadwiseLinear(sharing: name, heads: heads, width, extent, .attention)
    self.bound = bound
  }
}
