/// What an input map of attention gives.
package enum InputPiece: Hashable, Sendable {
  case queries, keys, values
  /// The gates of the output.
  case gate
  /// Vectors that give scores for distances.
  case distances
  /// One more score for each head, to which no value answers.
  case sinks
}

/// Which input map of attention gives what, and in which order a fused one holds it.
package struct InputLayout: Hashable, Sendable {
  /// How the pieces of a fused map follow each other in its row.
  package enum Order: Hashable, Sendable {
    /// All heads of one piece, then all of the next.
    case sideBySide
    /// All pieces of one head, then those of the next.
    case headByHead
    /// For each key-value head its queries, its key and its value.
    case groupByGroup
    /// In a number of shards, each with its share of the heads of one piece, then of the next.
    case sharded(Int)
  }

  /// For each map in order, the pieces that it gives.
  package var pieces: [[InputPiece]]
  /// How a fused map lays its pieces out in a row.
  package var order: Order
  /// Whether what the map of keys gives is values as well, before any norm.
  package var keysAreValues = false

  package init(_ pieces: [[InputPiece]], _ order: Order = .sideBySide) {
    self.pieces = pieces
    self.order = order
  }

  /// One map for each piece.
  package static let separate = InputLayout([[.queries], [.keys], [.values]])
  /// One map for all, with all heads of one piece before those of the next.
  package static let fused = InputLayout([[.queries, .keys, .values]])
  /// One map for each piece, and a last one for the gate.
  package static let withGateBehind = InputLayout([[.queries], [.keys], [.values], [.gate]])

  /// Whether some map gives a piece.
  package func gives(_ piece: InputPiece) -> Bool { pieces.contains { $0.contains(piece) } }
}
