import Foundation
import Kernels

/// The best and the median of repeated times, in seconds.
func times(_ repeats: Int, _ body: () -> Void) -> (best: Double, median: Double) {
  let clock = ContinuousClock()
  let all = (0..<max(repeats, 1)).map { _ in clock.measure(body) / .seconds(1) }.sorted()
  return (all[0], all[all.count / 2])
}

func randomMatrix(_ rows: Int, _ columns: Int) -> Matrix {
  let start = UnsafeMutablePointer<Float>.allocate(capacity: max(rows * columns, 1))
  var state: UInt32 = 1
  for i in 0..<rows * columns {
    state = state &* 1_664_525 &+ 1_013_904_223
    start[i] = Float(Int32(bitPattern: state) >> 8) / Float(1 << 23)
  }
  return Matrix(start, rows: rows, columns: columns)
}

while let line = readLine(), line != "quit" {
  let words = line.split(separator: " ")
  let numbers = words.dropFirst().compactMap { Int($0) }
  guard words.first == "product", numbers.count == 5, numbers.allSatisfy({ $0 > 0 }) else {
    print("expected: product M N K workers repeats, or: quit")
    fflush(nil)
    continue
  }
  let (m, n, k) = (numbers[0], numbers[1], numbers[2])
  let (x, w, y) = (randomMatrix(m, k), randomMatrix(n, k), randomMatrix(m, n))
  let workers = Workers(count: numbers[3])
  let (best, median) = times(numbers[4]) {
    _ = multiply(x, byTransposeOf: w, into: y, workers: workers)
  }
  print(best, median)
  fflush(nil)
  for matrix in [x, w, y] { matrix.start.deallocate() }
}
