package import Symbolic

/// What chooses blocks of keys: small heads score the mean key of each whole block.
///
/// The keys of a query are those of the blocks with the highest scores, and of the unfinished
/// block.
///
/// - Source: Qwen 2026 (Qwen4), `indexer_compress_ratio`.
package struct BlockIndexer: Hashable, Sendable {
  /// The heads of the indexer; all share one key.
  package var heads: Formula
  /// The width of one of them.
  package var headSize: Formula
  /// The tokens of one block.
  package var blockSize: Formula
  /// How many keys the best blocks have together.
  package var budget: Formula
  /// From the residual stream to queries, and behind them the keys.
  package var map: Linear
  /// The norm of each head's query.
  package var queryNorm: Normalization
  /// The norm of the mean key of a block.
  package var keyNorm: Normalization
  /// By which angles the first elements of a query and, at its first position, of a block are rotated.
  package var angles: RotaryAngles

  package init(
    heads: Formula, headSize: Formula, blockSize: Formula, budget: Formula, map: Linear,
    queryNorm: Normalization, keyNorm: Normalization, angles: RotaryAngles
  ) {
    self.heads = heads
    self.headSize = headSize
    self.blockSize = blockSize
    self.budget = budget
    self.map = map
    self.queryNorm = queryNorm
    self.keyNorm = keyNorm
    self.angles = angles
  }

  /// The map and both norms.
  package var weights: [Weight] {
    map.weights(.attention) + queryNorm.weights(.attention) + keyNorm.weights(.attention)
  }

  /// Changes each of its norms.
  mutating func changeNorms(_ change: (inout Normalization) -> Void) {
    change(&queryNorm)
    change(&keyNorm)
  }
}

/// What chooses the keys of sparse attention: small heads of its own score every key.
///
/// - Source: DeepSeek-AI 2025 (DeepSeek-V3.2), §2.1.
package struct Indexer: Hashable, Sendable {
  /// What the queries of the small heads are made of.
  package enum QuerySource: Hashable, Sendable {
    /// The residual stream.
    case stream
    /// The compressed queries of latent attention, behind their norm.
    case compressedQueries
  }

  /// The heads of the indexer, *h_x*; all share one key.
  package var heads: Formula
  /// The width of one of them, *d_x*.
  package var headSize: Formula
  /// What queries are made of.
  package var source: QuerySource
  /// The norm of what queries are made of, where it is a norm of the indexer's own.
  package var inputNorm: Normalization?
  /// To the queries of the heads, `[T, h_x·d_x]`.
  package var queries: Linear
  /// From the residual stream to one key for each token, `[T, d_x]`.
  package var keys: Linear
  /// From the residual stream to a weight for each head, under which their scores are added up;
  /// without it the heads choose by themselves.
  package var headWeights: Linear?
  /// A norm of each head's queries.
  package var queryNorm: Normalization?
  /// The norm of keys, before they are rotated and cached.
  package var keyNorm: Normalization
  /// What queries are multiplied by at each position, before they are rotated, if anything.
  package var positionScale: PositionScale?
  /// By which angles some elements of queries and keys are rotated, if they are.
  package var angles: RotaryAngles?
  /// Whether the last elements of queries and keys are rotated, and not the first.
  package var rotatesEnd = false
  /// Whether the weights of the heads are scaled by `1/√d_x`, and not their scores.
  package var scalesWeights = false
  /// Which keys are kept by their scores.
  package var choice: KeyChoice

  package init(
    heads: Formula, headSize: Formula, source: QuerySource, queries: Linear, keys: Linear,
    headWeights: Linear? = nil, queryNorm: Normalization? = nil, keyNorm: Normalization,
    angles: RotaryAngles?, choice: KeyChoice
  ) {
    self.heads = heads
    self.headSize = headSize
    self.source = source
    self.queries = queries
    self.keys = keys
    self.headWeights = headWeights
    self.queryNorm = queryNorm
    self.keyNorm = keyNorm
    self.angles = angles
    self.choice = choice
  }

  /// The maps, the norms, and what is learned of positions.
  package var weights: [Weight] {
    [queries, keys, headWeights].compactMap(\.self).weights(.attention)
      + [inputNorm, queryNorm, keyNorm].compactMap(\.self).flatMap { $0.weights(.attention) }
      + (positionScale?.weights ?? [])
  }

  /// Changes each of its norms.
  mutating func changeNorms(_ change: (inout Normalization) -> Void) {
    change(&keyNorm)
    if var norm = queryNorm {
      change(&norm)
      queryNorm = norm
    }
    if var norm = inputNorm {
      change(&norm)
      inputNorm = norm
    }
  }
}

/// Where the keys that a query sees are chosen.
package enum KeySource: Hashable, Sendable {
  /// By an indexer of the layer itself.
  case own(Indexer)
  /// By the last layer before that has an indexer.
  case layerBefore
}

/// Which keys a query sees, by their scores.
package enum KeyChoice: Hashable, Sendable {
  /// The best keys up to a number, or all there are.
  case best(Formula)
  /// A number of blocks of `size` positions: the last `local` ones, up to the query, and of the
  /// others those with the best key.
  case bestBlocks(size: Formula, count: Formula, local: Constant)

  /// How far a query sees then.
  package var reach: Reach {
    switch self {
    case .best(let count): .chosen(count)
    case .bestBlocks(let size, let count, _): .bestBlocks(size: size, count: count)
    }
  }
}
