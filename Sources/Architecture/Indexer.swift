package import Symbolic

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
