package import Symbolic

/// What chooses blocks of keys: small heads score the mean key of each whole block.
///
/// The keys of a query are those of the blocks with the highest scores, and of the unfinished
/// block.
///
/// - Source: Qwen 2026 (Qwen4), `indexer_compress_ratio`.
package struct BlockIndexer: Hashable, Sendable {
  package var heads: Formula
  package var headSize: Formula
  /// The numbers of each query and key that are rotated.
  package var rotarySize: Formula
  /// The tokens of one block.
  package var blockSize: Formula
  /// From the residual stream to queries and keys.
  package var map: Linear
  package var queryNorm: Normalization
  package var keyNorm: Normalization

  package init(
    heads: Formula, headSize: Formula, rotarySize: Formula, blockSize: Formula, map: Linear,
    queryNorm: Normalization, keyNorm: Normalization
  ) {
    self.heads = heads
    self.headSize = headSize
    self.rotarySize = rotarySize
    self.blockSize = blockSize
    self.map = map
    self.queryNorm = queryNorm
    self.keyNorm = keyNorm
  }

  package var weights: [Weight] {
    map.weights(.attention) + queryNorm.weights(.attention) + keyNorm.weights(.attention)
  }
}

/// What chooses the keys of sparse attention: small heads of its own score every key.
///
/// A query keeps the `kept` keys with the highest scores. A dense kernel multiplies all of them
/// nevertheless, and the mask hides the others.
///
/// - Source: DeepSeek-AI 2025 (DeepSeek-V3.2), §2.1.
package struct Indexer: Hashable, Sendable {
  package var heads: Formula
  package var headSize: Formula
  /// The numbers of each query and key that are rotated.
  package var rotarySize: Formula
  package var maps: [Linear]
  package var norm: Normalization
  /// A norm of each head's queries.
  package var queryNorm: Normalization?
  /// Whether the scores of the heads are added up under weights, and not used for themselves.
  package var isWeighted = true

  package init(
    heads: Formula, headSize: Formula, rotarySize: Formula, maps: [Linear], norm: Normalization
  ) {
    self.heads = heads
    self.headSize = headSize
    self.rotarySize = rotarySize
    self.maps = maps
    self.norm = norm
  }

  package var weights: [Weight] {
    maps.weights(.attention) + (queryNorm?.weights(.attention) ?? []) + norm.weights(.attention)
  }
}
