import Architecture
import Kernels

extension Executor {
  /// What learned queries read of streams, token by token: `[rows, queries · width]`.
  func attendDepth(
    _ streams: [Matrix], _ reading: DepthReading, at path: String
  ) throws -> Matrix {
    let (count, width) = (try extent(reading.queries), try extent(reading.width))
    let name = (model.depthPath ?? "").appending(
      reading.query.replacing("#", with: "\(layer - reading.firstLayer)"))
    weights.claim(name, count * width)
    let rows = streams[0].rows
    let y = scratch.matrix(rows, count * width)
    let scale = 1 / Float(width).squareRoot()
    scratch.scoped {
      let queries = weights.matrix(name, rows: count, columns: width, spread: 0.5, scratch)
      let scores = scratch.matrix(rows, count * streams.count)
      func place(_ query: Int, _ stream: Int) -> Int { query * streams.count + stream }
      meter.literally("\(path).scores", rows: 0..<rows) { row in
        for query in 0..<count {
          for (number, stream) in streams.enumerated() {
            var sum = Counted.zero
            for index in 0..<width {
              sum = sum + Counted(queries[query, index]) * Counted(stream[row, index])
            }
            scores[row, place(query, number)] = sum.value
          }
        }
      }
      meter.literally("\(path).softmax", rows: 0..<rows) { row in
        for index in 0..<scores.columns {
          scores[row, index] = (Counted(scores[row, index]) * Counted(scale)).value
        }
        for query in 0..<count {
          Counted.softmax(scores.row(row) + place(query, 0), streams.count)
        }
      }
      meter.literally("\(path).values", rows: 0..<rows) { row in
        for query in 0..<count {
          for index in 0..<width {
            var sum = Counted.zero
            for (number, stream) in streams.enumerated() {
              sum = sum + Counted(scores[row, place(query, number)]) * Counted(stream[row, index])
            }
            y[row, query * width + index] = sum.value
          }
        }
      }
    }
    return y
  }
}
