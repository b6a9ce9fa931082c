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

  /// The affine map of every row of x `[m, input]`: `[m, output]`.
  ///
  /// Large weights that are not kept are made and used some rows at a time. A map may have the
  /// weight of a table, which is then no parameter of its own.
  func linear(
    _ x: Matrix, _ linear: Linear, at path: String, sharing table: String? = nil
  ) throws -> Matrix {
    let (inner, columns) = (try extent(linear.input), try extent(linear.output))
    let name = path.appending(linear.name)
    let y = scratch.matrix(x.rows, columns)
    guard x.columns == inner else {
      throw ExecutionError.notExecuted(
        modelType: model.modelType,
        what: "the map '\(name)' that takes \(inner) numbers and is given \(x.columns)")
    }
    claim(linear, at: path, inner, columns, withoutWeight: table != nil)
    map(x, table ?? "\(name).weight", into: y, path: name)
    if linear.hasBias {
      scratch.scoped {
        let bias = weights.matrix(
          "\(name).bias", rows: 1, columns: columns, spread: 0.05, scratch)
        addVector(bias.start, to: y, name)
      }
    }
    return y
  }

  /// Enters the tensors of a map into the record of weights.
  func claim(
    _ linear: Linear, at path: String, _ inner: Int, _ columns: Int, withoutWeight: Bool = false
  ) {
    let name = path.appending(linear.name)
    if !withoutWeight { weights.claim("\(name).weight", inner * columns) }
    if linear.hasBias { weights.claim("\(name).bias", columns) }
  }

  /// The product with a weight of the model, whose numbers keep the variance of what they multiply.
  func map(_ x: Matrix, _ name: String, into y: Matrix, path: String) {
    let (inner, columns) = (x.columns, y.columns)
    // No row needs the numbers of a weight.
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
