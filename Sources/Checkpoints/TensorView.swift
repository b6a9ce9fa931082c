/// Elements of stored tensors, seen as a matrix `[rows, columns]` of floats in rows one after another.
///
/// The rows may be those of several tensors, and the columns may be rows of what is stored.
package struct TensorView: Sendable {
  /// Rows of one tensor: number `(row, column)` stands at `first + row·rowStride +
  /// column·columnStride`.
  struct Piece: Sendable {
    var tensor: StoredTensor
    var rows: Int
    var first = 0
    var rowStride: Int
    var columnStride = 1
  }

  let columns: Int
  let pieces: [Piece]

  /// How many elements there are.
  package var count: Int { pieces.reduce(0) { $0 + $1.rows } * columns }

  /// All elements of a tensor, as they are stored.
  package init(_ tensor: StoredTensor) {
    columns = tensor.count
    pieces = [Piece(tensor: tensor, rows: 1, rowStride: tensor.count)]
  }

  init(columns: Int, _ pieces: [Piece]) {
    self.columns = columns
    self.pieces = pieces
  }

  /// Reads the elements of a range, counted row by row.
  package func read(_ range: Range<Int>, into target: UnsafeMutablePointer<Float>) {
    var first = 0
    for piece in pieces {
      let end = first + piece.rows * columns
      let own = range.clamped(to: first..<end)
      if !own.isEmpty {
        read(
          piece, own.lowerBound - first..<own.upperBound - first,
          into: target + (own.lowerBound - range.lowerBound))
      }
      first = end
    }
  }

  private func read(
    _ piece: Piece, _ range: Range<Int>, into target: UnsafeMutablePointer<Float>
  ) {
    if piece.columnStride == 1, piece.rowStride == columns {
      piece.tensor.read(
        first: piece.first + range.lowerBound, stride: 1, count: range.count, into: target)
      return
    }
    var place = range.lowerBound
    while place < range.upperBound {
      let (row, column) = place.quotientAndRemainder(dividingBy: columns)
      let start = target + (place - range.lowerBound)
      let whole = (range.upperBound - place) / columns
      if column == 0, whole > 1, piece.columnStride > piece.rowStride {
        // What is stored in rows is read in rows.
        for column in 0..<columns {
          piece.tensor.read(
            first: piece.first + row * piece.rowStride + column * piece.columnStride,
            stride: piece.rowStride, count: whole, into: start + column, spacing: columns)
        }
        place += whole * columns
      } else {
        let count = min(columns - column, range.upperBound - place)
        piece.tensor.read(
          first: piece.first + row * piece.rowStride + column * piece.columnStride,
          stride: piece.columnStride, count: count, into: start)
        place += count
      }
    }
  }

  /// Where the elements of a range stand, if they are floats that follow each other in the file.
  package func address(_ range: Range<Int>) -> UnsafePointer<Float>? {
    var first = 0
    for piece in pieces {
      let end = first + piece.rows * columns
      if first <= range.lowerBound, range.upperBound <= end {
        guard piece.columnStride == 1, piece.rowStride == columns || piece.rows == 1 else {
          return nil
        }
        return piece.tensor.address(piece.first + range.lowerBound - first)
      }
      first = end
    }
    return nil
  }
}
