package import Symbolic

/// How a block reads the stream: learned queries attend, in each token, to the stream as it was at
/// earlier layers and as it is.
///
/// Every `n`-th layer leaves the stream as it came in, and begins another with its answer.
///
/// - Source: Thinking Machines 2026 (Inkling 2), `n_layers_per_attn_res_block`.
package struct DepthReading: Hashable, Sendable {
  /// The queries among the tensors of the model's reader, with `#` for the number of the layer less
  /// `firstLayer`.
  package var query: String
  /// The layer whose query is number 0 of the reader.
  package var firstLayer: Int
  /// Whether there are three of them: for what queries, keys and values of attention are made of.
  package var isSplit: Bool
  /// How many streams were left before; the one that is comes after them.
  package var states: Int
  /// The width of each stream, *d*.
  package var width: Formula
  /// The norm of each of them, without a weight.
  package var norm: Normalization

  package init(
    _ query: String, from firstLayer: Int = 0, isSplit: Bool = false, states: Int, width: Formula
  ) {
    self.query = query
    self.firstLayer = firstLayer
    self.isSplit = isSplit
    self.states = states
    self.width = width
    norm = Normalization("norm", [width], weight: false)
    norm.epsilon = "1e-6"
  }

  /// How many queries the block has: one, or one each for queries, keys and values.
  package var queries: Formula { isSplit ? 3 : 1 }
}

/// The queries of all blocks, and what stands behind the last layer.
package struct DepthReader: Hashable, Sendable {
  /// The queries of the blocks, each `[1, d]` or `[3, d]`.
  package var queries: [Weight]
  /// The reading behind the last layer, whose result goes to the head.
  package var last: DepthReading

  package init(queries: [Weight], last: DepthReading) {
    self.queries = queries
    self.last = last
  }
}

extension Model {
  /// The path of the queries of its blocks, if they read earlier streams.
  package var depthPath: String? {
    tail.first { if case .stream(.depth) = $0.module { true } else { false } }?.path
  }
}
