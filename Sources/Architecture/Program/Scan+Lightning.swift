package import Symbolic

extension Scan {
  /// `S ← e^(−s)·S + k·v`, then `y = Sᵀq`: the state of each head is `[size, size]`.
  ///
  /// A prompt goes in blocks; after a cache one token goes after the other.
  package struct Lightning: Hashable, Sendable {
    /// The heads of queries, keys and values.
    package var heads: Formula
    /// The width of one head.
    package var size: Formula
    /// The tokens of a block.
    package var block: Formula
    /// By what the slopes `2^(−8·i/heads)` of the heads are multiplied in a layer.
    package var slopeScale: Constant
    /// Tables of decays, which follow from the slopes and are stored with a model: of one token, of
    /// the queries and the keys of a block, and of its pairs.
    package var tables: [Weight]

    package init(
      heads: Formula, size: Formula, block: Formula, slopeScale: Constant, tables: [Weight]
    ) {
      self.heads = heads
      self.size = size
      self.block = block
      self.slopeScale = slopeScale
      self.tables = tables
    }

    /// The elements of the state of one sequence.
    package var stateSize: Formula { heads * size * size }
  }
}

extension Scan.Lightning {
  /// The widths of queries, keys and values.
  package var inputs: [Formula] { [heads * size, heads * size, heads * size] }

  /// The width of what it returns.
  package var width: Formula { heads * size }

  func words(_ names: [String]) -> String {
    "S ← exp(−s) · S + \(names[1]) · \(names[2]), s = 2^(−8 · head / \(heads)) · (\(slopeScale)), "
      + "S [\(heads), \(size), \(size)]; \(names[0]) · S"
  }
}
