package import Symbolic

/// What turns each block of tokens into one key, which all heads share and which is also its value.
///
/// Each channel of the entry is the mean of the projected tokens of a window, weighted by the
/// softmax of another projection and of a table of places; the windows follow each other. With two
/// series `[2·width]` the window before, too, gives its half of them.
///
/// - Source: DeepSeek-AI 2026 (DeepSeek-V4), §2.3.
package struct KeyCompression: Hashable, Sendable {
  package var name: String
  /// The tokens of one entry.
  package var rate: Formula
  /// The width of one entry.
  package var width: Formula
  /// Whether an entry is also made of the window before its own.
  package var overlaps: Bool
  /// From the residual stream to the tokens' shares, and to their weights.
  package var shares: Linear
  package var gates: Linear
  /// What is added to the weights, for each place in a window.
  package var places: Weight
  package var norm: Normalization
  /// By which angles the last numbers of an entry are rotated, at the first position of its window.
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

  /// The numbers that one token gives.
  package var series: Formula { overlaps ? 2 * width : width }

  package var weights: [Weight] {
    [shares, gates].weights(.attention) + [places] + norm.weights(.attention)
  }
}

/// What chooses among compressed keys: small heads score compressed keys of their own.
///
/// - Source: DeepSeek-AI 2026 (DeepSeek-V4), §2.3.1.
package struct CompressedIndexer: Hashable, Sendable {
  package var heads: Formula
  package var headSize: Formula
  /// The entries that a query keeps.
  package var kept: Formula
  /// From the compressed query to the queries of its heads.
  package var queries: Linear
  /// From the residual stream to a weight for each head.
  package var headWeights: Linear
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

  package var weights: [Weight] {
    [queries, headWeights].weights(.attention) + keys.weights
  }
}
