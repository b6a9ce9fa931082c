import CKernels
import Synchronization

/// The product of a few rows with many: it reads the many once, in place, at the speed of memory.
struct FewRowsProduct {
  var few: Matrix
  var many: Matrix
  var y: Matrix
  var accumulates: Bool
  var loops: Loops

  /// Rows of `many` in one item of work: about 128 KiB of it, and a multiple of what loops do at once.
  private var itemRows: Int {
    let rows = (1 << 15) / max(many.columns, 1)
    return many.columnStride == 1 ? max(rows / 24 * 24, 24) : max(rows / 384 * 384, 384)
  }

  func run(_ workers: Workers) -> Int {
    var workers = workers
    if many.rows * many.columns < 1 << 18 { workers.count = 1 }
    let size = workers.count == 1 ? many.rows : itemRows
    let done = Atomic(0)
    workers.forEach((many.rows + size - 1) / size) { item in
      let first = item * size
      let rows = min(size, many.rows - first)
      if many.columnStride == 1 {
        loops.dot_few(
          few.rows, few.start, few.rowStride, many.at(first, 0), many.rowStride, rows,
          many.columns, y.at(0, first), y.rowStride, y.columnStride, accumulates)
      } else {
        loops.axpy_few(
          few.rows, few.start, few.rowStride, few.columnStride, many.at(first, 0),
          many.columnStride, rows, many.columns, y.at(0, first), y.rowStride, accumulates)
      }
      done.add(few.rows * rows * many.columns, ordering: .relaxed)
    }
    return done.load(ordering: .relaxed)
  }
}
