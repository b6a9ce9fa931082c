package import Symbolic

/// A table of learned vectors, one for each token or position: `[rows, width]`.
package struct Embedding: Hashable, Sendable {
  /// What selects a row.
  package enum Index: Hashable, Sendable {
    case token
    case position
  }

  package var index: Index
  package var rows: Formula
  package var width: Formula
  /// The row of the first position, where rows before it are for padding.
  package var offset = 0
  /// What the looked-up numbers are multiplied by, if anything, as Gemma's `√d`.
  package var scale: Constant?

  package init(_ index: Index, rows: Formula, width: Formula) {
    self.index = index
    self.rows = rows
    self.width = width
  }

  package var weights: [Weight] { [Weight("weight", [rows, width], .embedding)] }
}
