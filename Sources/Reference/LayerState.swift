import Kernels

/// What one layer carries from pass to pass, for each sequence.
final class LayerState {
  /// Keys and values, or a latent, of each branch and sequence.
  var caches: [CacheKey: RowBuffer] = [:]
  /// Inputs of convolutions and states of recurrences.
  var carried: [CacheKey: [Float]] = [:]
  /// The least score with which a router let a token in, while its sequence was known whole.
  var thresholds: [CacheKey: Float] = [:]
  /// The tokens of each sequence that a router has let in.
  var entered: [CacheKey: Int] = [:]

  struct CacheKey: Hashable {
    var name: String
    var sequence: Int
  }

  /// The rows of a name and a sequence, empty at first.
  func cache(_ name: String, _ sequence: Int, width: Int) -> RowBuffer {
    let key = CacheKey(name: name, sequence: sequence)
    if let buffer = caches[key] { return buffer }
    let buffer = RowBuffer(width: width)
    caches[key] = buffer
    return buffer
  }

  /// What is carried under a name, zeros at first.
  func carried(_ name: String, _ sequence: Int, count: Int) -> [Float] {
    carried[CacheKey(name: name, sequence: sequence)] ?? [Float](repeating: 0, count: count)
  }

  func carry(_ numbers: [Float], _ name: String, _ sequence: Int) {
    carried[CacheKey(name: name, sequence: sequence)] = numbers
  }
}

/// Rows that grow at the end and are dropped at the beginning.
final class RowBuffer {
  let width: Int
  private(set) var count = 0
  /// The rows ever appended, those dropped since included.
  private(set) var total = 0
  /// The rows at the beginning that are never dropped.
  private(set) var pinned = 0
  private var start: UnsafeMutablePointer<Float>
  private var first = 0
  private var capacity: Int

  init(width: Int) {
    self.width = width
    capacity = 16
    start = Storage.numbers(capacity * width)
  }

  deinit { Storage.free(start) }

  /// The rows that are kept, `[count, width]`.
  var matrix: Matrix { Matrix(start + first * width, rows: count, columns: width) }

  func append(_ rows: Matrix) {
    if first + count + rows.rows > capacity {
      let larger = max(2 * count, count + rows.rows)
      let copy = Storage.numbers(larger * width)
      copy.update(from: start + first * width, count: count * width)
      Storage.free(start)
      (start, capacity, first) = (copy, larger, 0)
    }
    rows.copy(into: Matrix(start + (first + count) * width, rows: rows.rows, columns: width))
    count += rows.rows
    total += rows.rows
  }

  /// Drops rows at the beginning, but behind those that are pinned, until no more than `most` are left.
  func keepLast(_ most: Int) {
    let dropped = max(0, count - pinned - most)
    if pinned == 0 {
      first += dropped
    } else if dropped > 0 {
      let row = start + (first + pinned) * width
      row.update(from: row + dropped * width, count: (count - pinned - dropped) * width)
    }
    count -= dropped
  }

  /// Pins the rows that there are.
  func pin() { pinned = count }
}
