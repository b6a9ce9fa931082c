import Kernels

/// Memory for the elements of a pass: taken in order, and given back together at the end of a scope.
///
/// A pass needs the same amounts layer after layer, so that nothing is asked of the system, and
/// no page is touched for the first time, after the first of them.
final class Scratch {
  private struct Block {
    let start: UnsafeMutableRawPointer
    let capacity: Int
  }

  private var blocks: [Block] = []
  private var current = 0
  private var used = 0
  private static let least = 1 << 24

  init() {}

  deinit {
    for block in blocks { Storage.free(block.start) }
  }

  /// Uninitialised elements.
  func numbers(_ count: Int) -> UnsafeMutablePointer<Float> {
    let bytes = (max(count, 1) * MemoryLayout<Float>.stride + 127) & ~127
    while current < blocks.count {
      if blocks[current].capacity - used >= bytes {
        let start = blocks[current].start + used
        used += bytes
        return start.bindMemory(to: Float.self, capacity: max(count, 1))
      }
      current += 1
      used = 0
      if current < blocks.count, blocks[current].capacity < bytes {
        // Nothing stands in it or behind it, because memory is given back in order.
        for block in blocks[current...] { Storage.free(block.start) }
        blocks.removeSubrange(current...)
      }
    }
    let capacity = max(bytes, Self.least)
    blocks.append(
      Block(start: Storage.allocate(bytes: capacity), capacity: capacity))
    used = bytes
    return blocks[current].start.bindMemory(to: Float.self, capacity: max(count, 1))
  }

  /// An uninitialised matrix `[rows, columns]`.
  func matrix(_ rows: Int, _ columns: Int) -> Matrix {
    Matrix(numbers(rows * columns), rows: rows, columns: columns)
  }

  /// A matrix of zeros `[rows, columns]`.
  func zeros(_ rows: Int, _ columns: Int) -> Matrix {
    let matrix = matrix(rows, columns)
    matrix.start.update(repeating: 0, count: rows * columns)
    return matrix
  }

  /// A copy of a matrix, its rows next to each other.
  func copy(_ matrix: Matrix) -> Matrix {
    let copy = self.matrix(matrix.rows, matrix.columns)
    matrix.copy(into: copy)
    return copy
  }

  /// Runs a body, and takes back everything that it took.
  func scoped<Result>(_ body: () throws -> Result) rethrows -> Result {
    let mark = (current, used)
    defer { (current, used) = mark }
    return try body()
  }
}

extension Matrix {
  /// The rows of a range.
  func rows(_ range: Range<Int>) -> Matrix {
    Matrix(
      start + range.lowerBound * rowStride, rows: range.count, columns: columns,
      rowStride: rowStride, columnStride: columnStride)
  }

  /// The columns of a range.
  func columns(_ range: Range<Int>) -> Matrix {
    Matrix(
      start + range.lowerBound * columnStride, rows: rows, columns: range.count,
      rowStride: rowStride, columnStride: columnStride)
  }

  /// Where a row starts.
  @inline(__always)
  func row(_ index: Int) -> UnsafeMutablePointer<Float> { start + index * rowStride }

  /// Copies the elements; both have columns next to each other.
  func copy(into other: Matrix) {
    for row in 0..<rows { other.row(row).update(from: self.row(row), count: columns) }
  }

  /// The number at a place.
  @inline(__always)
  subscript(_ row: Int, _ column: Int) -> Float {
    get { start[row * rowStride + column * columnStride] }
    nonmutating set { start[row * rowStride + column * columnStride] = newValue }
  }
}
