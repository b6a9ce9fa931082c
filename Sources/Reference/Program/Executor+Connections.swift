import Architecture
import Kernels
import Symbolic

/// What reads and writes several streams of each token.
///
/// The weights of a token are few elements, and have only a literal form.
extension Executor {
  /// `y ← y / √(mean(x²) + ε)`.
  func divide(
    _ y: Matrix, byMagnitudeOf x: Matrix, _ norm: Normalization, _ path: String
  ) throws {
    let epsilon = try float(norm.epsilon ?? "1e-5")
    switch evidence {
    case .literal:
      meter.literally(path, rows: 0..<y.rows) { row in
        var squares = Counted.zero
        for column in 0..<x.columns {
          squares = squares + Counted(x[row, column]) * Counted(x[row, column])
        }
        let mean = squares / Counted(Float(x.columns))
        let inverse = Counted(1) / (mean + Counted(epsilon)).squareRoot
        for column in 0..<y.columns { y[row, column] = (Counted(y[row, column]) * inverse).value }
      }
    case .kernel:
      var tally = OperationTally()
      for row in 0..<y.rows {
        let squares = Vectors.dot(x.row(row), x.row(row), count: x.columns)
        let inverse = 1 / (squares / Float(x.columns) + epsilon).squareRoot()
        Vectors.scale(y.row(row), by: inverse, count: y.columns)
        tally.multiply += x.columns + y.columns
        tally.add += x.columns + 1
        tally.divide += 2
        tally.sqrt += 1
      }
      meter.record(path, tally)
    }
  }

  /// Each piece of every row times its factor, plus a vector.
  func affine(
    _ y: Matrix, _ factors: UnsafeMutablePointer<Float>, _ shift: UnsafeMutablePointer<Float>,
    _ pieces: [Formula], _ path: String
  ) throws {
    let widths = try pieces.map { try extent($0) }
    meter.literally(path, rows: 0..<y.rows) { row in
      var column = 0
      for (piece, width) in widths.enumerated() {
        for _ in 0..<width {
          let product = Counted(y[row, column]) * Counted(factors[piece])
          y[row, column] = (product + Counted(shift[column])).value
          column += 1
        }
      }
    }
  }

  /// The sum of `count` parts of every row.
  func sumParts(_ x: Matrix, _ count: Int, _ path: String) -> Matrix {
    let width = x.columns / count
    let y = scratch.zeros(x.rows, width)
    switch evidence {
    case .literal:
      meter.literally(path, rows: 0..<x.rows) { row in
        for column in 0..<width {
          var sum = Counted.zero
          for part in 0..<count { sum = sum + Counted(x[row, part * width + column]) }
          y[row, column] = sum.value
        }
      }
    case .kernel:
      var tally = OperationTally()
      for row in 0..<x.rows {
        for part in 0..<count {
          Vectors.add(x.row(row) + part * width, into: y.row(row), count: width)
          tally.add += width
        }
      }
      meter.record(path, tally)
    }
    return y
  }

  /// The matrix `[n, n]` of every row with columns and rows that sum to one, nearly.
  func balance(_ y: Matrix, _ balance: Balance, _ path: String) throws {
    let (size, iterations) = (try extent(balance.size), try extent(balance.iterations))
    let epsilon = Counted(try float(balance.epsilon))
    meter.literally(path, rows: 0..<y.rows) { row in
      let matrix = y.row(row)
      /// Divides the elements of each of `size` lines, `stride` apart, by their sum plus ε.
      func scale(line: Int, apart: Int) {
        for index in 0..<size {
          let first = index * line
          var sum = Counted.zero
          for place in 0..<size { sum = sum + Counted(matrix[first + place * apart]) }
          sum = sum + epsilon
          for place in 0..<size {
            let number = Counted(matrix[first + place * apart]) / sum
            matrix[first + place * apart] = number.value
          }
        }
      }
      for line in 0..<size { Counted.softmax(matrix + line * size, size) }
      for index in 0..<size * size { matrix[index] = (Counted(matrix[index]) + epsilon).value }
      scale(line: 1, apart: size)
      for _ in 1..<max(1, iterations) {
        scale(line: size, apart: 1)
        scale(line: 1, apart: size)
      }
    }
  }
}
