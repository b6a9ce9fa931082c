package import Symbolic

/// Sines and cosines of positions: `sin(p·10000^(−i/n))` for half of the elements, then the cosines.
///
/// - Source: Vaswani et al. 2017, §3.5, <https://arxiv.org/abs/1706.03762>.
package struct Waves: Hashable, Sendable {
  /// *n*, the number of steps from the fastest wave to the slowest that is left out.
  package var steps: Formula
  /// A row of zeros in their place, if there is one.
  package var emptyRow: Int?
  /// Whether a longer text has more rows.
  package var grows: Bool

  package init(steps: Formula, emptyRow: Int? = nil, grows: Bool) {
    self.steps = steps
    self.emptyRow = emptyRow
    self.grows = grows
  }
}

/// A table of vectors, one for each token or position: `[rows, width]`; most are learned.
package struct Embedding: Hashable, Sendable {
  /// What selects a row.
  package enum Index: Hashable, Sendable {
    case token
    case position
    /// Whether a token is of a learned prompt of this length or not: row 0, or that of text.
    case segment(prompt: Formula)
  }

  /// Rows behind the others, under a name of their own.
  package struct Addition: Hashable, Sendable {
    /// The path of their tensor inside the module.
    package var name: String
    /// How many there are.
    package var rows: Formula

    package init(_ name: String, rows: Formula) {
      self.name = name
      self.rows = rows
    }
  }

  /// What selects a row.
  package var index: Index
  /// The number of rows: the vocabulary, or the positions with those for padding.
  package var rows: Formula
  /// The width of one row.
  package var width: Formula
  /// The path of the table inside the module.
  package var name = "weight"
  /// The extents of the table, where it has more than rows and their width; an axis of one is shared.
  package var axes: [Formula]?
  /// The last rows, where they are a tensor of their own.
  package var addition: Addition?
  /// The row of the first position, where rows before it are for padding.
  package var offset = 0
  /// The row of every token beyond the table, where there may be some.
  package var rowBeyond: Int?
  /// What the elements are, where the table is not learned.
  package var waves: Waves?
  /// What the looked-up elements are multiplied by, if anything, as Gemma's `√d`.
  package var scale: Constant?

  package init(_ index: Index, rows: Formula, width: Formula) {
    self.index = index
    self.rows = rows
    self.width = width
  }

  /// The table, mostly `[rows, width]`, or both its parts; none where it consists of sines and cosines.
  package var weights: [Weight] {
    guard waves == nil else { return [] }
    guard let addition else { return [Weight(name, axes ?? [rows, width], .embedding)] }
    return [
      Weight(name, [rows - addition.rows, width], .embedding),
      Weight(addition.name, [addition.rows, width], .embedding),
    ]
  }
}
