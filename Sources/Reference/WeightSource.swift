import Architecture
import Kernels

/// How long random weights are kept.
package enum WeightPolicy: String, CaseIterable, Hashable, Sendable {
  /// Made anew from the seed whenever a part runs, and forgotten after it.
  case streamed
  /// One tensor for all parts of the same role and shape: every layer, every expert.
  case shared
  /// Made once and kept.
  case resident
}

/// Weights that are stored somewhere, by the names under which parts request them.
package protocol StoredWeights: Sendable {
  /// How many elements a tensor has; nil for one that is not stored.
  func count(of name: String) -> Int?

  /// Reads the elements of a range, in the order in which parts see them: a map's rows `[output,
  /// input]` one after another, whatever the file does. Several threads may read at once.
  func read(_ name: String, _ range: Range<Int>, into target: UnsafeMutablePointer<Float>)

  /// Where these elements stand as floats one after another, if they do; nobody writes them.
  func address(of name: String, _ range: Range<Int>) -> UnsafePointer<Float>?
}

/// Weights that are stored, or random ones from a seed; and the record of what the parts requested.
///
/// A random number of a tensor is a hash of the seed, the tensor's name and the number's place, so
/// that it is the same whenever, and in whatever order, it is made.
final class WeightSource {
  let seed: UInt64
  let policy: WeightPolicy
  /// Where the weights are stored; nil for random ones.
  var stored: (any StoredWeights)?
  /// A tensor that a part requested and that is not stored, or not as large.
  private(set) var unknown: String?
  /// The elements of each tensor that a part requested, by name.
  private(set) var allocated: [String: Int] = [:]
  private var kept: [String: UnsafeMutablePointer<Float>] = [:]
  private let workers: Workers
  /// The tensors that another model holds, by name.
  private let borrowed: Set<String>
  /// Where the tensors of the layer that runs stand, if it is another layer that holds some.
  var alias: Alias?

  /// Parts that several layers run, under the names of the layers that hold them.
  struct Alias {
    /// The beginning of the names by which the layer asks, and of those that are stored, with the
    /// number of the use, which stands in names for `#`.
    private let names: [(asked: String, stored: String, use: String)]

    init(_ sharings: [Layer.Sharing], layer: Int, in path: String) {
      names = sharings.flatMap { sharing in
        sharing.paths.map {
          ("\(path).\(layer).\($0).", "\(path).\(sharing.holder).\($0).", "\(sharing.use)")
        }
      }
    }

    func name(_ name: String) -> String {
      guard let (asked, stored, use) = names.first(where: { name.hasPrefix($0.asked) }) else {
        return name
      }
      return stored + name.dropFirst(asked.count).replacing("#", with: use)
    }
  }

  private func named(_ name: String) -> String { alias?.name(name) ?? name }

  init(seed: UInt64, policy: WeightPolicy, borrowed: Set<String>, workers: Workers) {
    self.borrowed = borrowed
    self.seed = seed
    self.policy = policy
    self.workers = workers
  }

  deinit {
    for start in kept.values { Storage.free(start) }
  }

  /// Enters a tensor into the record, but for what is stored with a model and not trained, and for
  /// what another model holds.
  func claim(_ name: String, _ count: Int, isBuffer: Bool = false) {
    guard !isBuffer, !borrowed.contains(name) else { return }
    let name = named(name)
    precondition(allocated[name, default: count] == count, "\(name) has two sizes")
    allocated[name] = count
  }

  /// Rows `first..<first + rows` of a tensor `[_, columns]`, uniform in `center ± spread`.
  func matrix(
    _ name: String, first: Int = 0, rows: Int, columns: Int, spread: Float, center: Float = 0,
    _ scratch: Scratch
  ) -> Matrix {
    let count = rows * columns
    let name = named(name)
    if let stored {
      let range = first * columns..<first * columns + count
      if let start = stored.address(of: name, range), isWithin(name, range) {
        return Matrix(UnsafeMutablePointer(mutating: start), rows: rows, columns: columns)
      }
    }
    guard policy != .streamed else {
      let matrix = scratch.matrix(rows, columns)
      fill(matrix.start, count, name, first * columns, spread, center)
      return matrix
    }
    // Stored tensors differ, whatever their roles are.
    let isShared = policy == .shared && stored == nil
    let key = isShared ? "\(Self.role(name))[\(rows),\(columns)]" : "\(name)[\(first)]"
    if let start = kept[key] { return Matrix(start, rows: rows, columns: columns) }
    let start = Storage.numbers(count)
    fill(start, count, isShared ? key : name, first * columns, spread, center)
    kept[key] = start
    return Matrix(start, rows: rows, columns: columns)
  }

  /// Random numbers that no tensor has, to see how long they take.
  func made(rows: Int, columns: Int, _ scratch: Scratch) -> Matrix {
    let matrix = scratch.matrix(rows, columns)
    fill(matrix.start, rows * columns, "", 0, 1, 0)
    return matrix
  }

  /// Whether a range of elements is stored; what is not is kept in mind.
  private func isWithin(_ name: String, _ range: Range<Int>) -> Bool {
    if let count = stored?.count(of: name), range.upperBound <= count { return true }
    unknown = unknown ?? name
    return false
  }

  private func fill(
    _ start: UnsafeMutablePointer<Float>, _ count: Int, _ name: String, _ first: Int,
    _ spread: Float, _ center: Float
  ) {
    let piece = 1 << 16
    let pieces = (count + piece - 1) / piece
    let place = UncheckedPointer(start)
    // The elements without a name are made, to see how long that takes.
    if let stored, !name.isEmpty {
      guard isWithin(name, first..<first + count) else {
        return start.update(repeating: 0, count: count)
      }
      workers.forEach(pieces) { index in
        let begin = index * piece
        let end = min(begin + piece, count)
        stored.read(name, first + begin..<first + end, into: place.start + begin)
      }
      return
    }
    let key = Self.key(seed, name)
    workers.forEach(pieces) { index in
      let begin = index * piece
      let length = min(piece, count - begin)
      Vectors.fillUniform(
        place.start + begin, count: length, key: key, first: UInt64(first + begin), scale: spread)
      guard center != 0 else { return }
      for offset in begin..<begin + length { place.start[offset] += center }
    }
  }

  /// A name without the numbers of layers and experts.
  private static func role(_ name: String) -> String {
    name.split(separator: ".").filter { $0.contains { !$0.isNumber } }.joined(separator: ".")
  }

  /// The 64-bit FNV-1a hash of a name, from the seed on.
  static func key(_ seed: UInt64, _ name: String) -> UInt64 {
    name.utf8.reduce(0xcbf2_9ce4_8422_2325 ^ (seed &* 0x9e37_79b9_7f4a_7c15)) { hash, byte in
      (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
  }
}

/// A place in memory that several threads write different parts of.
struct UncheckedPointer: @unchecked Sendable {
  let start: UnsafeMutablePointer<Float>

  init(_ start: UnsafeMutablePointer<Float>) { self.start = start }
}

extension WeightSource {
  /// One row of a tensor `[rows, width]`.
  func row(
    _ name: String, _ row: Int, of rows: Int, _ width: Int, _ scratch: Scratch, spread: Float
  ) -> UnsafeMutablePointer<Float> {
    let name = named(name)
    // A head that shares the table has the spread of a map.
    let spread = spread * (3 / Float(max(width, 1))).squareRoot()
    if let stored {
      // The table may be large, and few of its rows are looked up.
      let range = row * width..<(row + 1) * width
      let found = scratch.numbers(width)
      guard isWithin(name, range) else {
        found.update(repeating: 0, count: width)
        return found
      }
      stored.read(name, range, into: found)
      return found
    }
    switch policy {
    case .streamed:
      return matrix(name, first: row, rows: 1, columns: width, spread: spread, scratch).start
    case .shared, .resident:
      return matrix(name, rows: rows, columns: width, spread: spread, scratch).row(row)
    }
  }
}
