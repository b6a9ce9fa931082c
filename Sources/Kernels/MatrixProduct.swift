import CKernels
import Synchronization

/// `y = x·wᵀ`, or `y + x·wᵀ`, for x `[m, k]`, w `[n, k]` and y `[m, n]`.
///
/// The bytes of the result do not depend on the number of workers.
///
/// - Parameters:
///   - x: Its columns are next to each other.
///   - w: Either its columns are next to each other, or its rows: a matrix `[k, n]`, transposed.
///   - y: Its columns are next to each other.
///   - accumulates: Whether what is in y is added to.
/// - Returns: The multiply-adds that the loops ran over, padding left out: each piece of work adds
///   the extents that it covered.
package func multiply(
  _ x: Matrix, byTransposeOf w: Matrix, into y: Matrix, accumulates: Bool = false,
  workers: Workers, loops: Loops = .best
) -> Int {
  let (m, n, k) = (x.rows, w.rows, x.columns)
  guard m > 0, n > 0 else { return 0 }
  guard k > 0 else {
    if !accumulates { for row in 0..<m { (y.start + row * y.rowStride).update(repeating: 0, count: n) } }
    return 0
  }
  let isTransposed = w.columnStride != 1 && w.rowStride == 1
  if x.columnStride == 1, w.columnStride == 1 || isTransposed, m <= FewRows.most {
    return FewRows(x: x, w: w, y: y, isTransposed: isTransposed, accumulates: accumulates)
      .run(workers, loops)
  }
  let product =
    isTransposed
    // The columns of a [k, n] matrix are next to each other: they are the vectors.
    ? BlockedProduct(broadcast: x, vectors: w, y: y, isTurned: false, accumulates: accumulates)
    // The rows of both have their numbers next to each other: those of x are turned.
    : BlockedProduct(broadcast: w, vectors: x, y: y, isTurned: true, accumulates: accumulates)
  return product.run(workers, loops)
}

/// A product with so few rows that the other matrix is read once from memory: as in decoding.
private struct FewRows: @unchecked Sendable {
  static let most = 8

  let x: Matrix
  let w: Matrix
  let y: Matrix
  let isTransposed: Bool
  let accumulates: Bool

  func run(_ workers: Workers, _ loops: Loops) -> Int {
    let (m, n, k) = (x.rows, w.rows, x.columns)
    // A second thread pays from about a megabyte on.
    let pieces = n * k < 1 << 18 ? 1 : min(n, max(1, n * k >> 18))
    let done = Atomic<Int>(0)
    workers.forEach(pieces) { piece in
      let first = n * piece / pieces
      let count = n * (piece + 1) / pieces - first
      let (from, into) = (w.start + first * w.rowStride, y.start + first)
      let adds: Int32 = accumulates ? 1 : 0
      if isTransposed {
        loops.table.sums(
          m, count, k, x.start, x.rowStride, from, w.columnStride, into, y.rowStride, adds)
      } else {
        loops.table.dots(
          m, count, k, x.start, x.rowStride, from, w.rowStride, into, y.rowStride, adds)
      }
      done.wrappingAdd(m * count * k, ordering: .relaxed)
    }
    return done.load(ordering: .acquiring)
  }
}

/// A product in blocks: panels of one matrix, whose numbers are broadcast one by one, against panels
/// of vectors of the other.
///
/// The vectors are packed once for the whole product, panel by panel; the broadcast panels are
/// copied into a small buffer by the piece of work that needs them.
private struct BlockedProduct: @unchecked Sendable {
  /// `[i, k]`.
  let broadcast: Matrix
  /// `[j, k]`.
  let vectors: Matrix
  let y: Matrix
  /// Whether y is `[j, i]`, and not `[i, j]`.
  let isTurned: Bool
  let accumulates: Bool

  private static let depth = Int(CK_DEPTH)
  private static let stride = Int(CK_DEPTH) + 16
  /// Panels of each kind in one piece of work.
  private static let tall = 12
  private static let wideColumns = 384

  func run(_ workers: Workers, _ loops: Loops) -> Int {
    let (i, j, k) = (broadcast.rows, vectors.rows, broadcast.columns)
    let (rows, columns) = (loops.table.rows, loops.table.columns)
    let panels = (j + columns - 1) / columns
    // Below a tenth of a millisecond a second thread costs more than it saves.
    let workers = i * j * k < 5_000_000 ? Workers(count: 1) : workers
    let packed = BufferPool.shared.take(panels * columns * k)
    defer { BufferPool.shared.give(packed) }
    workers.forEach(panels) { pack($0, packed.start, loops, panels) }

    // Pieces small enough that all workers have some, whatever their number.
    var tall = Self.tall
    let wide = max(1, min(Self.wideColumns / columns, panels))
    while tall > 1, (i + tall * rows - 1) / (tall * rows) * ((panels + wide - 1) / wide) < 8 {
      tall /= 2
    }
    let down = (i + tall * rows - 1) / (tall * rows)
    let across = (panels + wide - 1) / wide
    let done = Atomic<Int>(0)
    workers.forEach(down * across) { piece in
      let first = piece / across * tall * rows
      let firstPanel = piece % across * wide
      let count = run(
        rows: first..<min(first + tall * rows, i), panels: firstPanel..<min(firstPanel + wide, panels),
        packed.start, panels, loops)
      done.wrappingAdd(count, ordering: .relaxed)
    }
    return done.load(ordering: .acquiring)
  }

  /// Packs one panel of vectors: for each block of the depth, `[depth, columns]`.
  private func pack(
    _ panel: Int, _ packed: UnsafeMutablePointer<Float>, _ loops: Loops, _ panels: Int
  ) {
    let columns = loops.table.columns
    let first = panel * columns
    let count = min(columns, vectors.rows - first)
    var begin = 0
    while begin < vectors.columns {
      let depth = min(Self.depth, vectors.columns - begin)
      let out = packed + begin * panels * columns + panel * depth * columns
      let from = vectors.start + first * vectors.rowStride + begin * vectors.columnStride
      if vectors.columnStride == 1 {
        loops.table.turn(count, depth, from, vectors.rowStride, out)
      } else {
        for row in 0..<depth {
          let (source, target) = (from + row * vectors.columnStride, out + row * columns)
          if vectors.rowStride == 1 {
            target.update(from: source, count: count)
          } else {
            for column in 0..<count { target[column] = source[column * vectors.rowStride] }
          }
          for column in count..<columns { target[column] = 0 }
        }
      }
      begin += depth
    }
  }

  /// One piece of work; returns the multiply-adds it covered.
  private func run(
    rows: Range<Int>, panels range: Range<Int>, _ packed: UnsafeMutablePointer<Float>,
    _ panels: Int, _ loops: Loops
  ) -> Int {
    let (height, columns) = (loops.table.rows, loops.table.columns)
    let width = range.count * columns
    let tall = (rows.count + height - 1) / height
    let buffer = BufferPool.shared.take(tall * height * width + height * Self.stride)
    defer { BufferPool.shared.give(buffer) }
    let panel = buffer.start + tall * height * width
    var done = 0
    var begin = 0
    while begin < broadcast.columns {
      let depth = min(Self.depth, broadcast.columns - begin)
      for high in 0..<tall {
        let first = rows.lowerBound + high * height
        let count = min(height, rows.upperBound - first)
        copy(first, count, height, begin, depth, into: panel)
        let next = broadcast.start + min(first + height, broadcast.rows - 1) * broadcast.rowStride + begin
        for place in 0..<range.count {
          let number = range.lowerBound + place
          let vectors = packed + begin * panels * columns + number * depth * columns
          loops.table.tile(
            depth, panel, vectors, buffer.start + high * height * width + place * columns, width,
            begin > 0 ? 1 : 0, next, broadcast.rowStride)
          done += count * min(columns, self.vectors.rows - number * columns) * depth
        }
      }
      begin += depth
    }
    write(rows, range.lowerBound * columns, buffer.start, width)
    return done
  }

  /// Copies rows of the broadcast matrix to a panel, with zeros below the last.
  private func copy(
    _ first: Int, _ count: Int, _ height: Int, _ begin: Int, _ depth: Int,
    into panel: UnsafeMutablePointer<Float>
  ) {
    for row in 0..<height {
      let target = panel + row * Self.stride
      guard row < count else {
        target.update(repeating: 0, count: depth)
        continue
      }
      let source =
        broadcast.start + (first + row) * broadcast.rowStride + begin * broadcast.columnStride
      if broadcast.columnStride == 1 {
        target.update(from: source, count: depth)
      } else {
        for place in 0..<depth { target[place] = source[place * broadcast.columnStride] }
      }
    }
  }

  /// Writes the tile of a piece of work to y, turned if that is how y lies.
  private func write(
    _ rows: Range<Int>, _ firstColumn: Int, _ tile: UnsafeMutablePointer<Float>, _ width: Int
  ) {
    let count = min(width, vectors.rows - firstColumn)
    guard isTurned else {
      for row in rows {
        let target = y.start + row * y.rowStride + firstColumn
        let source = tile + (row - rows.lowerBound) * width
        if accumulates {
          Vectors.add(source, into: target, count: count)
        } else {
          target.update(from: source, count: count)
        }
      }
      return
    }
    for column in 0..<count {
      let target = y.start + (firstColumn + column) * y.rowStride + rows.lowerBound
      var source = tile + column
      for row in 0..<rows.count {
        target[row] = accumulates ? target[row] + source.pointee : source.pointee
        source += width
      }
    }
  }
}
