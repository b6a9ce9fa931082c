/// Why a model cannot run, as facts.
package enum ExecutionError: Error, Hashable, Sendable {
  /// A part that the executor does not have.
  case notExecuted(modelType: String, what: String)
  /// A size that was left free.
  case free(size: String)
  /// A size that no memory holds.
  case tooLarge(what: String)
  /// More positions than a table of the model has.
  case tooManyPositions(Int, table: Int)
  /// More memory than is allowed.
  case needsMemory(bytes: Int, allowed: Int)
  /// A tensor that the stored weights do not have as the parts request it.
  case notStored(tensor: String)
}

extension ExecutionError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notExecuted(let modelType, let what):
      """
      '\(modelType)' is counted but not executed, because of \(what). \
      'tally flops' gives its counts.
      """
    case .free(let size):
      "\(size) is left free, or follows from what is, and a model runs with numbers. Give it one."
    case .tooLarge(let what): "\(what) is too large to run. Lower the sizes it is made of."
    case .tooManyPositions(let count, let table):
      """
      The pass has \(count) positions, but the model's table of positions has \(table). \
      Lower --tokens or --past.
      """
    case .needsMemory(let bytes, let allowed):
      """
      The pass needs about \(Self.mebibytes(bytes)) of memory, and \(Self.mebibytes(allowed)) are \
      allowed. Lower --tokens, --past or --batch, stream the weights, or raise --memory.
      """
    case .notStored(let tensor):
      """
      The pass requires the tensor '\(tensor)', which the weights do not hold in that form. \
      'tally params --by tensor' lists the tensors that a checkpoint of this model has.
      """
    }
  }

  private static func mebibytes(_ bytes: Int) -> String {
    bytes < 16 << 20 ? "\(bytes) bytes" : "\((bytes + (1 << 20) - 1) >> 20) MiB"
  }
}
