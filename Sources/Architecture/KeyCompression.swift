package import Symbolic

/// What turns each block of tokens into one key, which all heads share and which is also its value.
///
/// Each channel of the entry is the mean of the projected tokens of a window, weighted by the
/// softmax of another projection and of a table of positions; the windows follow each other. With two
/// series `[2·width]` the window before, too, gives its half of them.
///
/// - Source: DeepSeek-AI 2026 (DeepSeek-V4), §2.3.
package struct KeyCompression: Hashable, Sendable {
  /// The path of its tensors inside the attention module.
  package var name: String
  /// The tokens of one entry.
  package var rate: Formula
  /// The width of one entry.
  package var width: Formula
  /// Whether an entry is also made of the window before its own.
  package var overlaps: Bool
  /// From the residual stream to the tokens' shares, and to their weights.
  package var shares: Linear
  /// From the residual stream to the weights before their softmax, `[T, series]`.
  package var gates: Linear
  /// What is added to the weights, for each position in a window.
  package var places: Weight
  /// The norm of an entry.
  package var norm: Normalization
  /// By which angles the last elements of an entry are rotated, at the first position of its window.
  package var angles: RotaryAngles

  package init(
    _ name: String, of input: Formula, rate: Formula, width: Formula, overlaps: Bool,
    angles: RotaryAngles
  ) {
    self.name = name
    self.rate = rate
    self.width = width
    self.overlaps = overlaps
    self.angles = angles
    let output = overlaps ? 2 * width : width
    shares = Linear("\(name).wkv", input, output)
    gates = Linear("\(name).wgate", input, output)
    places = Weight("\(name).ape", [rate, output], .attention)
    norm = Normalization("\(name).norm", [width])
  }

  /// The elements that one token gives.
  package var series: Formula { overlaps ? 2 * width : width }

  /// Both maps, the bias of the positions in a window, and the norm.
  package var weights: [Weight] {
    [shares, gates].weights(.attention) + [places] + norm.weights(.attention)
  }
}

/// What chooses among compressed keys: small heads score compressed keys of their own.
///
/// - Source: DeepSeek-AI 2026 (DeepSeek-V4), §2.3.1.
package struct CompressedIndexer: Hashable, Sendable {
  /// The heads of the indexer; all share one compressed key.
  package var heads: Formula
  /// The width of one of them.
  package var headSize: Formula
  /// The entries that a query keeps.
  package var kept: Formula
  /// From the compressed query to the queries of its heads.
  package var queries: Linear
  /// From the residual stream to a weight for each head.
  package var headWeights: Linear
  /// The compression of the indexer's own keys, `[T, d_x]`.
  package var keys: KeyCompression

  package init(
    heads: Formula, headSize: Formula, kept: Formula, queries: Linear, headWeights: Linear,
    keys: KeyCompression
  ) {
    self.heads = heads
    self.headSize = headSize
    self.kept = kept
    self.queries = queries
    self.headWeights = headWeights
    self.keys = keys
  }

  /// The maps of queries and weights, and the tensors of the compression.
  package var weights: [Weight] {
    [queries, headWeights].weights(.attention) + keys.weights
  }
}
