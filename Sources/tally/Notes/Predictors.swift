import Accounting
import Architecture
import Symbolic

extension Model {
  /// The model, and one for each layer of multi-token prediction beside it, with a note on the sum.
  ///
  /// - Throws: `DescriptionError` where there is none.
  func withPredictors() throws -> [Model] {
    let predictors = try predictors()
    let own = try ParameterReport(self).total
    let beside = try predictors.map { try ParameterReport($0).total }.sum()
    var copy = self
    // They are counted now, beside it.
    copy.notes.removeAll { $0.hasPrefix("Layers for multi-token prediction are not counted") }
    copy.notes.append(
      "\(own.short) parameters and \(beside.short) for multi-token prediction are "
        + "\((own + beside).short).")
    return [copy] + predictors
  }
}
