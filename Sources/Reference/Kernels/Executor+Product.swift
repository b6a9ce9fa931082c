import Architecture
import Kernels

extension Executor {
  /// `y = x·wᵀ` for x `[m, k]` and w `[n, k]`: m·n·k multiplications and, from zero, as many
  /// additions.
  func product(_ x: Matrix, _ w: Matrix, into y: Matrix, _ path: String) {
    var (x, w) = (x, w)
    if plantedError == .shortensProducts {
      x = x.columns(0..<x.columns - 1)
      w = w.columns(0..<w.columns - 1)
    }
    switch evidence {
    case .literal:
      meter.literally(path, rows: 0..<x.rows) { row in
        Self.literalProduct(x, row, w, y)
      }
    case .kernel:
      // Rows enough for some tenths of a second at a time, so that somebody can be told.
      let atOnce = max(512, Self.operationsAtOnce / max(1, w.rows * w.columns))
      for first in stride(from: 0, to: x.rows, by: atOnce) {
        let rows = first..<min(first + atOnce, x.rows)
        let done = Kernels.multiply(
          x.rows(rows), byTransposeOf: w, into: y.rows(rows), workers: workers)
        var tally = OperationTally()
        tally.multiply = done
        tally.add = done
        meter.record(path, tally)
      }
    }
  }

  private static let operationsAtOnce = 1 << 34

  @inline(__always)
  private static func literalProduct(_ x: Matrix, _ row: Int, _ w: Matrix, _ y: Matrix) {
    for column in 0..<w.rows {
      var (left, right) = (x.row(row), w.row(column))
      var sum = Counted.zero
      for _ in 0..<x.columns {
        sum = sum + Counted(left.pointee) * Counted(right.pointee)
        left += x.columnStride
        right += w.columnStride
      }
      y[row, column] = sum.value
    }
  }

  /// The product of each head of x `[m, heads · input]` with its own weight: `[m, heads · output]`.
  func product(_ x: Matrix, _ map: HeadwiseLinear, at path: String) throws -> Matrix {
    let (heads, inner) = (try extent(map.heads), try extent(map.input))
    let columns = try extent(map.output)
    let (name, tensor) = (path.appending(map.name), path.appending(map.weight.name))
    weights.claim(tensor, (map.isShared ? 1 : heads) * inner * columns)
    let y = scratch.matrix(x.rows, heads * columns)
    let (rows, width) = map.isTransposed ? (inner, columns) : (columns, inner)
    for head in 0..<heads {
      scratch.scoped {
        let stored = weights.matrix(
          tensor, first: map.isShared ? 0 : head * rows, rows: rows, columns: width,
          spread: (3 / Float(inner)).squareRoot(), scratch)
        let answer = scratch.matrix(x.rows, columns)
        product(
          x.columns(head * inner..<(head + 1) * inner),
          map.isTransposed ? stored.transposed : stored,
          into: answer, name)
        answer.copy(into: y.columns(head * columns..<(head + 1) * columns))
      }
    }
    return y
  }

  /// The affine map of every row of x `[m, input]`: `[m, output]`.
  func linear(_ x: Matrix, _ linear: Linear, at path: String) throws -> Matrix {
    let y = try product(x, linear, isTied: false, at: path)
    if linear.hasBias { try addBias(of: linear, to: y, at: path) }
    return y
  }

  /// The product of every row of x `[m, input]` with the weight of a map: `[m, output]`.
  ///
  /// Large weights that are not kept are made and used some rows at a time. A tied map has the
  /// weight of the token table, which is no parameter of its own.
  func product(_ x: Matrix, _ linear: Linear, isTied: Bool, at path: String) throws -> Matrix {
    let (inner, columns) = (try extent(linear.input), try extent(linear.output))
    let name = path.appending(linear.name)
    let y = scratch.matrix(x.rows, columns)
    guard x.columns == inner else {
      throw ExecutionError.notExecuted(
        modelType: model.modelType,
        what: "the map '\(name)' that takes \(inner) elements and is given \(x.columns)")
    }
    let table = isTied ? model.tokenTable?.appending("weight") : nil
    let weight = path.appending(linear.weightName)
    if table == nil { weights.claim(weight, inner * columns) }
    map(x, table ?? weight, into: y, path: name)
    if let scale = linear.loadScale {
      // The weight is stored without it.
      let factor = try float(scale)
      for row in 0..<y.rows { Vectors.scale(y.row(row), by: factor, count: y.columns) }
    }
    return y
  }

  /// `y ← y + b` with the bias of a map.
  func addBias(of linear: Linear, to y: Matrix, at path: String) throws {
    let bias = path.appending(linear.biasName)
    weights.claim(bias, try extent(linear.output))
    scratch.scoped {
      let bias = weights.matrix(bias, rows: 1, columns: y.columns, spread: 0.05, scratch)
      addVector(bias.start, to: y, path.appending(linear.name))
    }
  }

  /// Enters the tensors of a map into the record of weights.
  func claim(_ linear: Linear, at path: String, _ inner: Int, _ columns: Int) {
    weights.claim(path.appending(linear.weightName), inner * columns)
    if linear.hasBias { weights.claim(path.appending(linear.biasName), columns) }
  }

  /// The product with a weight of the model, whose elements keep the variance of what they multiply.
  func map(_ x: Matrix, _ name: String, into y: Matrix, path: String) {
    let (inner, columns) = (x.columns, y.columns)
    // No row needs the elements of a weight.
    guard x.rows > 0 else { return }
    let spread = (3 / Float(max(inner, 1))).squareRoot()
    let atOnce =
      weights.policy == .streamed ? max(1, Self.streamedNumbers / max(inner, 1)) : max(columns, 1)
    var first = 0
    while first < columns {
      let count = min(atOnce, columns - first)
      scratch.scoped {
        let w = weights.matrix(
          name, first: first, rows: count, columns: inner, spread: spread, scratch)
        product(x, w, into: y.columns(first..<first + count), path)
      }
      first += count
    }
  }

  private static let streamedNumbers = 1 << 24
}

extension String {
  /// The path of a part within this one.
  func appending(_ name: String) -> String {
    if isEmpty { return name }
    return name.isEmpty ? self : "\(self).\(name)"
  }
}
