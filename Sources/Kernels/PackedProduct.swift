import CKernels
import Synchronization

/// The product of two operands of many rows each: product = copied · packedᵀ.
///
/// `packed` is rearranged once, into panels of as many columns as a tile has, for each block of depth.
/// `copied` is read where it is: an item of work copies one panel of its rows at a time, next to each
/// other, and multiplies it with all packed panels of the item while it is in the nearest cache.
struct PackedProduct {
  private let copied: Matrix
  private let packed: Matrix
  private let product: Matrix
  private let accumulates: Bool
  private let workers: Workers
  private let loops: Loops

  /// How deep a block is; no more than a copied panel may be.
  private let depth: Int
  /// Columns of all packed panels, with the padding of the last.
  private let paddedColumns: Int
  /// Rows of one copied panel.
  private let panelRows: Int
  /// Rows of one item of work, in whole panels.
  private let itemRows: Int
  /// Columns of one item of work, in whole panels.
  private let itemColumns: Int

  init(
    copied: Matrix, packed: Matrix, product: Matrix, accumulates: Bool, workers: Workers,
    loops: Loops
  ) {
    self.copied = copied
    self.packed = packed
    self.product = product
    self.accumulates = accumulates
    self.loops = loops
    let (rows, columns, all) = (copied.rows, packed.rows, copied.columns)
    self.workers = Workers(count: rows * columns * all < smallProduct ? 1 : workers.count)
    depth = all.shared(among: all.parts(of: blockDepth))
    paddedColumns = columns.parts(of: loops.lanes) * loops.lanes
    let panels = rows.parts(of: loops.tile_rows)
    panelRows = rows.shared(among: panels)
    let columnPanels = columns.parts(of: loops.tile_columns)
    let mostColumns = itemWidth / loops.tile_columns
    itemColumns =
      columnPanels.shared(among: columnPanels.parts(of: mostColumns)) * loops.tile_columns
    // Enough items for all workers to finish together, but not so small that nothing is reused.
    let columnItems = columns.parts(of: itemColumns)
    let wanted = panels * columnItems / (8 * self.workers.count)
    itemRows = panelRows * min(max(wanted, 168 / loops.tile_rows / 4), 168 / loops.tile_rows)
  }

  func run() -> Int {
    BufferPool.with(paddedColumns * copied.columns) { room in
      pack(into: room)
      let rowItems = copied.rows.parts(of: itemRows)
      let columnItems = packed.rows.parts(of: itemColumns)
      let done = Atomic(0)
      workers.forEach(rowItems * columnItems) { item in
        let (column, row) = item.quotientAndRemainder(dividingBy: rowItems)
        let rows = range(row * itemRows, itemRows, copied.rows)
        let columns = range(column * itemColumns, itemColumns, packed.rows)
        done.add(multiply(rows, columns, packed: room), ordering: .relaxed)
      }
      return done.load(ordering: .relaxed)
    }
  }

  private func range(_ start: Int, _ length: Int, _ limit: Int) -> Range<Int> {
    start..<min(start + length, limit)
  }

  private func pack(into room: UnsafeMutablePointer<Float>) {
    let width = loops.tile_columns
    let panels = packed.rows.parts(of: width)
    let isLarge = packed.rows * packed.columns >= 1 << 18
    let packers = Workers(count: isLarge ? workers.count : 1)
    // One item packs a few panels of one block.
    let together = 4
    let items = panels.parts(of: together)
    packers.forEach(items * copied.columns.parts(of: depth)) { item in
      let (block, group) = item.quotientAndRemainder(dividingBy: items)
      let depths = range(block * depth, depth, copied.columns)
      let columns = range(group * together * width, together * width, packed.rows)
      loops.pack(
        packed.at(columns.lowerBound, depths.lowerBound), packed.rowStride, packed.columnStride,
        columns.count, depths.count,
        room + depths.lowerBound * paddedColumns + columns.lowerBound * depths.count)
    }
  }

  /// Does one item, block by block, into its place or, where that has no neighbouring columns, into
  /// scratch that is transposed at the end.
  private func multiply(
    _ rows: Range<Int>, _ columns: Range<Int>, packed room: UnsafeMutablePointer<Float>
  ) -> Int {
    let isDirect = product.columnStride == 1
    // Rows an odd number of cache lines apart do not compete for the same places in a cache.
    let stride = columns.count.parts(of: 32) * 32 + 16
    let panelSize = loops.tile_rows * kernel_panel_stride
    return BufferPool.with(panelSize + (isDirect ? 0 : rows.count * stride)) { scratch in
      let target = product.at(rows.lowerBound, columns.lowerBound)
      let sums = isDirect ? target : scratch + panelSize
      let sumsStride = isDirect ? product.rowStride : stride
      var done = 0
      for start in Swift.stride(from: 0, to: copied.columns, by: depth) {
        let depths = range(start, depth, copied.columns)
        let block =
          room + depths.lowerBound * paddedColumns + columns.lowerBound * depths.count
        for row in Swift.stride(from: rows.lowerBound, to: rows.upperBound, by: panelRows) {
          let count = min(panelRows, rows.upperBound - row)
          loops.copy_panel(
            copied.at(row, depths.lowerBound), copied.rowStride, copied.columnStride, count,
            depths.count, scratch)
          let next =
            row + panelRows < rows.upperBound
            ? copied.at(row + panelRows, depths.lowerBound)
            : copied.at(rows.lowerBound, depths.upperBound)
          loops.tile(
            count, columns.count, depths.count, scratch, block,
            sums + (row - rows.lowerBound) * sumsStride, sumsStride,
            start > 0 || isDirect && accumulates, next, copied.rowStride)
          done += count * columns.count * depths.count
        }
      }
      if !isDirect {
        loops.transpose(
          sums, sumsStride, rows.count, columns.count, target, product.columnStride, accumulates)
      }
      return done
    }
  }
}

/// The most of the depth that one block takes.
private let blockDepth = 512
/// The most columns of one item of work.
private let itemWidth = 384

extension Int {
  /// How many parts of `size` this is, the last perhaps a smaller one.
  fileprivate func parts(of size: Int) -> Int { (self + size - 1) / size }
  /// How large the parts are if there are `count`.
  fileprivate func shared(among count: Int) -> Int { parts(of: count) }
}
