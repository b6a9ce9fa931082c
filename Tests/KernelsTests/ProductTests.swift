import Kernels
import Testing

@Suite struct ProductTests {
  struct Shape: CustomTestStringConvertible, Sendable {
    var m: Int
    var n: Int
    var k: Int
    /// What m·n·k is, as a literal of its own.
    var multiplyAdds: Int
    var testDescription: String { "\(m)×\(n)×\(k)" }
  }

  static let shapes = [
    Shape(m: 1, n: 1, k: 1, multiplyAdds: 1),
    Shape(m: 1, n: 37, k: 45, multiplyAdds: 1_665),
    Shape(m: 2, n: 9, k: 64, multiplyAdds: 1_152),
    Shape(m: 3, n: 50, k: 7, multiplyAdds: 1_050),
    Shape(m: 5, n: 26, k: 33, multiplyAdds: 4_290),
    Shape(m: 6, n: 13, k: 16, multiplyAdds: 1_248),
    Shape(m: 7, n: 300, k: 3, multiplyAdds: 6_300),
    Shape(m: 8, n: 17, k: 70, multiplyAdds: 9_520),
    Shape(m: 9, n: 11, k: 5, multiplyAdds: 495),
    Shape(m: 13, n: 3, k: 21, multiplyAdds: 819),
    Shape(m: 17, n: 15, k: 31, multiplyAdds: 7_905),
    Shape(m: 33, n: 29, k: 40, multiplyAdds: 38_280),
    Shape(m: 50, n: 9, k: 65, multiplyAdds: 29_250),
    Shape(m: 400, n: 14, k: 4, multiplyAdds: 22_400),
    Shape(m: 10, n: 200, k: 3, multiplyAdds: 6_000),
    Shape(m: 19, n: 21, k: 1_030, multiplyAdds: 410_970),
    Shape(m: 0, n: 4, k: 4, multiplyAdds: 0),
    Shape(m: 4, n: 0, k: 4, multiplyAdds: 0),
    Shape(m: 20, n: 20, k: 0, multiplyAdds: 0),
  ]

  @Test(
    "Products of small integers are exact, and every multiply-add is counted",
    arguments: InstructionSet.available, shapes)
  func exactness(instructions: InstructionSet, shape: Shape) {
    for layout in Layout.all {
      let x = Numbers(shape.m, shape.k, layout.x, seed: 1)
      let w = Numbers(shape.n, shape.k, layout.w, seed: 2)
      for accumulates in [false, true] {
        let y = Numbers(shape.m, shape.n, layout.y, seed: 3)
        var expected = y.all
        for i in 0..<shape.m {
          for j in 0..<shape.n {
            var sum = accumulates ? y[i, j] : 0
            for k in 0..<shape.k { sum += x[i, k] * w[j, k] }
            expected[i * y.view.rowStride + j * y.view.columnStride] = sum
          }
        }
        let count = multiply(
          x.view, byTransposeOf: w.view, into: y.view, accumulates: accumulates,
          workers: Workers(count: 2), instructions: instructions)
        #expect(count == shape.multiplyAdds)
        #expect(y.all == expected, "\(layout), accumulates: \(accumulates)")
      }
    }
  }

  @Test(
    "The bytes of a product do not depend on how many workers share it",
    arguments: InstructionSet.available,
    [
      Shape(m: 40, n: 500, k: 530, multiplyAdds: 10_600_000),
      Shape(m: 420, n: 45, k: 530, multiplyAdds: 10_017_000),
      Shape(m: 3, n: 700, k: 400, multiplyAdds: 840_000),
    ])
  func determinism(instructions: InstructionSet, shape: Shape) {
    for layout in [Layout.all[0], Layout.all[1]] {
      let x = Numbers(shape.m, shape.k, layout.x, seed: 1, scale: 0.137)
      let w = Numbers(shape.n, shape.k, layout.w, seed: 2, scale: 0.211)
      let results = [1, 2, 3].map { count in
        let y = Numbers(shape.m, shape.n, layout.y, seed: 3)
        let done = multiply(
          x.view, byTransposeOf: w.view, into: y.view, workers: Workers(count: count),
          instructions: instructions)
        #expect(done == shape.multiplyAdds)
        return y.all.map(\.bitPattern)
      }
      #expect(results[0] == results[1] && results[0] == results[2])
    }
  }

  @Test("Several threads may multiply at once")
  func reentrance() {
    let x = Numbers(20, 64, .rows, seed: 1)
    let w = Numbers(90, 64, .rows, seed: 2)
    let expected = Numbers(20, 90, .rows, seed: 3)
    let results = (0..<16).map { _ in Numbers(20, 90, .rows, seed: 4) }
    let one = Workers(count: 1)
    _ = multiply(x.view, byTransposeOf: w.view, into: expected.view, workers: one)
    Workers(count: 4).forEach(16) { item in
      _ = multiply(x.view, byTransposeOf: w.view, into: results[item].view, workers: one)
    }
    #expect(results.allSatisfy { $0.all == expected.all })
  }
}

/// How the numbers of a matrix follow each other.
enum Order: Sendable { case rows, columns, spacedRows, spacedColumns, apart }

struct Layout {
  var x: Order
  var w: Order
  var y: Order
  static let all = [
    Layout(x: .rows, w: .rows, y: .rows), Layout(x: .rows, w: .columns, y: .rows),
    Layout(x: .spacedRows, w: .spacedRows, y: .spacedRows),
    Layout(x: .spacedRows, w: .spacedColumns, y: .spacedRows),
    Layout(x: .columns, w: .rows, y: .columns), Layout(x: .columns, w: .columns, y: .rows),
    Layout(x: .apart, w: .apart, y: .rows), Layout(x: .apart, w: .rows, y: .columns),
    Layout(x: .rows, w: .columns, y: .spacedColumns),
  ]
}

/// Small integers times a scale in a matrix that owns its memory, and numbers between that must stay.
final class Numbers: @unchecked Sendable {
  let view: Matrix
  let count: Int

  init(_ rows: Int, _ columns: Int, _ order: Order, seed: UInt32, scale: Float = 1) {
    let (row, column) =
      switch order {
      case .rows: (columns, 1)
      case .columns: (1, rows)
      case .spacedRows: (columns + 3, 1)
      case .spacedColumns: (1, rows + 5)
      case .apart: (2 * columns + 1, 2)
      }
    count = rows * columns == 0 ? 0 : (rows - 1) * row + (columns - 1) * column + 1
    let start = UnsafeMutablePointer<Float>.allocate(capacity: max(count, 1))
    var state = seed
    for i in 0..<count {
      state = state &* 1_664_525 &+ 1_013_904_223
      start[i] = Float(Int(state >> 24) % 9 - 4) * scale
    }
    view = Matrix(start, rows: rows, columns: columns, rowStride: row, columnStride: column)
  }

  deinit { view.start.deallocate() }

  var all: [Float] { Array(UnsafeBufferPointer(start: view.start, count: count)) }

  subscript(row: Int, column: Int) -> Float {
    view.start[row * view.rowStride + column * view.columnStride]
  }
}
