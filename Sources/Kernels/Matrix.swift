/// A view of elements in memory as rows and columns; it does not own them.
package struct Matrix: @unchecked Sendable {
  /// The element in the first row and column.
  package var start: UnsafeMutablePointer<Float>
  /// The number of rows.
  package var rows: Int
  /// The number of columns.
  package var columns: Int
  /// How far apart the elements of neighbouring rows are.
  package var rowStride: Int
  /// How far apart the elements of neighbouring columns are.
  package var columnStride: Int

  /// A view of rows that are `rowStride` apart, or follow each other.
  package init(
    _ start: UnsafeMutablePointer<Float>, rows: Int, columns: Int, rowStride: Int? = nil,
    columnStride: Int = 1
  ) {
    self.start = start
    self.rows = rows
    self.columns = columns
    self.rowStride = rowStride ?? columns
    self.columnStride = columnStride
  }

  /// The same elements, with rows and columns exchanged.
  package var transposed: Matrix {
    Matrix(
      start, rows: columns, columns: rows, rowStride: columnStride, columnStride: rowStride)
  }
}
