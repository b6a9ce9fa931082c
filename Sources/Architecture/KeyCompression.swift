package import Symbolic

/// What turns every so many tokens into one key, which all heads share and which is also its value.
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
  package var maps: [Linear]
  package var norm: Normalization

  package init(_ name: String, of input: Formula, rate: Formula, width: Formula, overlaps: Bool) {
    self.name = name
    self.rate = rate
    self.width = width
    self.overlaps = overlaps
    let output = overlaps ? 2 * width : width
    maps = [Linear("\(name).wkv", input, output), Linear("\(name).wgate", input, output)]
    norm = Normalization("\(name).norm", [width])
  }

  /// The numbers that one token gives.
  package var series: Formula { overlaps ? 2 * width : width }

  package var weights: [Weight] {
    maps.weights(.attention) + [Weight("\(name).ape", [rate, series], .attention)]
      + norm.weights(.attention)
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
  /// From the compressed query and the residual stream to queries and weights of heads.
  package var maps: [Linear]
  package var keys: KeyCompression

  package init(
    heads: Formula, headSize: Formula, kept: Formula, maps: [Linear], keys: KeyCompression
  ) {
    self.heads = heads
    self.headSize = headSize
    self.kept = kept
    self.maps = maps
    self.keys = keys
  }

  package var weights: [Weight] { maps.weights(.attention) + keys.weights }
}
