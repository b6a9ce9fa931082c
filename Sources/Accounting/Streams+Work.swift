import Architecture
import Symbolic

extension Balance {
  /// The softmax of each row, plus ε; then columns and rows in turn over their sum plus ε.
  func counts(rows: Formula) -> OperationCounts {
    let square = rows * size * size
    let times = 2 * iterations - 1
    return ReferenceAlgorithms.softmax(square)
      + OperationCounts([
        .add: square + times * (square + rows * size), .divide: times * square,
      ])
  }
}

extension ReferenceAlgorithms {
  /// A number of rows over the root mean square of others: squares, their sum; over the width, plus ε,
  /// root, inverse; and the product with that.
  static func divide(
    rows: Formula, _ width: Formula, byMagnitudeOf other: Formula
  )
    -> OperationCounts
  {
    OperationCounts([
      .multiply: rows * (other + width), .add: rows * (other + 1), .divide: 2 * rows, .sqrt: rows,
    ])
  }
}
