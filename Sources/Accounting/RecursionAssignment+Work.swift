import Architecture
import Symbolic

extension RecursionAssignment {
  /// From the scores of some tokens to their weights, and one look at each for the greatest.
  func counts(rows: Formula) -> OperationCounts {
    let numbers = rows * recursions
    let weights =
      switch gate {
      case .softmax: ReferenceAlgorithms.softmax(numbers)
      case .sigmoid: numbers * ReferenceAlgorithms.sigmoid
      }
    return weights + OperationCounts([.compare: numbers])
  }
}
