package import Kernels

/// Numbers in memory with a shape, in row order.
package final class Tensor: @unchecked Sendable {
  package let shape: [Int]
  package let start: UnsafeMutablePointer<Float>
  package let count: Int

  /// Uninitialised numbers of a shape.
  package init(_ shape: [Int]) {
    self.shape = shape
    count = shape.reduce(1, *)
    start = UnsafeMutableRawPointer.allocate(
      byteCount: max(1, count) * MemoryLayout<Float>.stride, alignment: 64
    ).bindMemory(to: Float.self, capacity: max(1, count))
  }

  deinit { UnsafeMutableRawPointer(start).deallocate() }

  /// The extent of the last axis.
  package var width: Int { shape.last ?? 1 }

  /// The product of all other extents.
  package var rows: Int { width == 0 ? 0 : count / width }

  /// The numbers as rows of the last axis.
  package var matrix: Matrix { Matrix(start, rows: rows, columns: width) }
}
