package import Symbolic

/// Learned scores of each head for how far a key stands before or behind a query, in buckets that
/// widen with the distance; and, for keys of another segment, for the pair of segments.
///
/// The tokens of a learned prompt are segment 0, all others segment 2.
///
/// - Source: Raffel et al. 2020 (T5), §2.1, <https://arxiv.org/abs/1910.10683>; OpenBMB 2022 (CPM-Ant).
package struct PositionBuckets: Hashable, Sendable {
  /// The scores, `[buckets + segments², h]`.
  package var table: Weight
  /// The buckets of both directions.
  package var buckets: Formula
  /// The distance from which on all keys are in one bucket.
  package var farthest: Constant
  /// The kinds of segments.
  package var segments: Formula
  /// The tokens of the prompt.
  package var prompt: Formula

  /// The segment of text.
  package static let text = 2

  package init(
    table: Weight, buckets: Formula, farthest: Constant, segments: Formula, prompt: Formula
  ) {
    self.table = table
    self.buckets = buckets
    self.farthest = farthest
    self.segments = segments
    self.prompt = prompt
  }
}
