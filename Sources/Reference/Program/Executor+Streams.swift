import Architecture
import Kernels

/// Several streams side by side in each row.
extension Executor {
  /// The elements of each row, `count` times.
  func repeated(_ x: Matrix, times: Int) -> Matrix {
    let y = scratch.matrix(x.rows, times * x.columns)
    for time in 0..<times {
      x.copy(into: y.columns(time * x.columns..<(time + 1) * x.columns))
    }
    return y
  }

  /// For each row sums of its streams, `[rows, results · width]`, with coefficients of the row:
  /// first those of the first sum.
  func mixStreams(
    _ x: Matrix, by coefficients: Matrix, _ mixing: StreamMixing, _ path: String
  ) throws -> Matrix {
    let (streams, results) = (try extent(mixing.streams), try extent(mixing.results))
    let width = try extent(mixing.width)
    let y = scratch.zeros(x.rows, results * width)
    func place(_ stream: Int, _ result: Int) -> Int {
      mixing.isByStream ? stream * results + result : result * streams + stream
    }
    switch evidence {
    case .literal:
      meter.literally(path, rows: 0..<x.rows) { row in
        for result in 0..<results {
          for index in 0..<width {
            var sum = Counted.zero
            for stream in 0..<streams {
              sum =
                sum + Counted(coefficients[row, place(stream, result)])
                * Counted(x[row, stream * width + index])
            }
            y[row, result * width + index] = sum.value
          }
        }
      }
    case .kernel:
      var count = 0
      for row in 0..<x.rows {
        for result in 0..<results {
          for stream in 0..<streams {
            Vectors.addScaled(
              x.row(row) + stream * width, by: coefficients[row, place(stream, result)],
              into: y.row(row) + result * width, count: width)
            count += width
          }
        }
      }
      var tally = OperationTally()
      (tally.multiply, tally.add) = (count, count)
      meter.record(path, tally)
    }
    return y
  }

  /// The root of the mean square of each row: `[rows, 1]`.
  func magnitudes(_ x: Matrix, _ path: String) -> Matrix {
    let y = scratch.matrix(x.rows, 1)
    meter.literally(path, rows: 0..<x.rows) { row in
      y[row, 0] = (Self.squares(x, row) / Counted(Float(x.columns))).squareRoot.value
    }
    return y
  }

  /// `y ← y · m / √(max(least, mean(y²)))`, row by row.
  func rescale(_ y: Matrix, to magnitudes: Matrix, least: Float, _ path: String) {
    meter.literally(path, rows: 0..<y.rows) { row in
      let mean = Self.squares(y, row) / Counted(Float(y.columns))
      let own = (Counted(least) > mean ? Counted(least) : mean).squareRoot
      for column in 0..<y.columns {
        y[row, column] = (Counted(y[row, column]) * Counted(magnitudes[row, 0]) / own).value
      }
    }
  }

  /// What of each element lies above the mean of its row plus a number of deviations.
  func exceed(_ y: Matrix, deviations: Float, _ path: String) {
    let size = Counted(Float(y.columns))
    meter.literally(path, rows: 0..<y.rows) { row in
      var (sum, squares) = (Counted.zero, Counted.zero)
      for column in 0..<y.columns { sum = sum + Counted(y[row, column]) }
      let mean = sum / size
      for column in 0..<y.columns {
        let difference = Counted(y[row, column]) - mean
        squares = squares + difference * difference
      }
      let bound = mean + Counted(deviations) * (squares / size).squareRoot
      for column in 0..<y.columns {
        let excess = Counted(y[row, column]) - bound
        y[row, column] = excess > .zero ? excess.value : 0
      }
    }
  }

  private static func squares(_ x: Matrix, _ row: Int) -> Counted {
    var sum = Counted.zero
    for column in 0..<x.columns {
      let number = Counted(x[row, column])
      sum = sum + number * number
    }
    return sum
  }
}
