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
  /// Whether what is looked up is multiplied by a constant, as Gemma's `√d`.
  package var isScaled = false

  package init(_ index: Index, rows: Formula, width: Formula) {
    self.index = index
    self.rows = rows
    self.width = width
  }

  package var weights: [Weight] { [Weight("weight", [rows, width], .embedding)] }
}
