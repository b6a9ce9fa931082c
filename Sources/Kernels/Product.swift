import CKernels

/// Computes, or adds, y = x · wᵀ for x of M×K, w of N×K and y of M×N.
///
/// Fast are an x with neighbouring columns, a w whose rows or columns are neighbours, and a y likewise.
/// The bytes of y are the same with any number of workers. Several threads may call this at once.
/// - Returns: how many multiply-adds the loops ran over, added up as they ran; padding not included.
package func multiply(
  _ x: Matrix, byTransposeOf w: Matrix, into y: Matrix, accumulates: Bool = false,
  workers: Workers, instructions: InstructionSet = .best
) -> Int {
  precondition(x.columns == w.columns, "x and w differ in their columns")
  precondition(x.rows == y.rows && w.rows == y.columns, "y has not the rows of x and of w")
  precondition(y.columnStride == 1 || y.rowStride == 1, "y has no neighbours")
  guard x.rows > 0, w.rows > 0 else { return 0 }
  guard x.columns > 0 else {
    if !accumulates { y.clear() }
    return 0
  }
  let loops = instructions.loops
  if x.rows <= loops.few_rows, x.columnStride == 1, w.columnStride == 1 {
    return FewRowsProduct(few: x, many: w, y: y, accumulates: accumulates, loops: loops)
      .run(workers)
  }
  if w.rows <= loops.few_rows, x.columnStride == 1, w.columnStride == 1 {
    return FewRowsProduct(
      few: w, many: x, y: y.transposed, accumulates: accumulates, loops: loops
    ).run(workers)
  }
  if x.rows <= loops.few_rows, w.rowStride == 1, y.columnStride == 1 {
    return FewRowsProduct(few: x, many: w, y: y, accumulates: accumulates, loops: loops)
      .run(workers)
  }
  // Packing costs as many copies as its operand has elements, a transposed y as many as that has.
  let (m, n, k) = (x.rows, w.rows, x.columns)
  let packingX = m * k + (y.rowStride == 1 ? 0 : m * n)
  let packingW = n * k + (y.columnStride == 1 ? 0 : m * n)
  let packsW = w.columnStride != 1 && x.columnStride == 1 || 2 * packingW < packingX
  return
    (packsW
    ? PackedProduct(
      copied: x, packed: w, product: y, accumulates: accumulates, workers: workers, loops: loops)
    : PackedProduct(
      copied: w, packed: x, product: y.transposed, accumulates: accumulates, workers: workers,
      loops: loops)).run()
}

/// Products that are done sooner than a second thread would begin.
let smallProduct = 8 << 20

extension Matrix {
  fileprivate func clear() {
    for i in 0..<rows {
      for j in 0..<columns { start[i * rowStride + j * columnStride] = 0 }
    }
  }

  /// Where the number in a row and column is.
  func at(_ row: Int, _ column: Int) -> UnsafeMutablePointer<Float> {
    start + (row * rowStride + column * columnStride)
  }
}
