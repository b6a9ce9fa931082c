package import Accounting
package import Architecture
package import Reference
import Symbolic

/// A pass that can run: its executor, and what it will take.
package struct Preparation {
  /// The pass.
  package let workload: Workload
  /// How it is executed.
  package let settings: Validation.Settings
  /// The executor, its weights made and its cache empty.
  package let executor: Executor
  /// The memory that it will take.
  package let memory: MemoryEstimate
  /// The operations that the formulas say of the pass, and of the one before it that fills the
  /// cache; comparisons are among them.
  package let operations: Double
  private let costs: [PassCost]
  /// The elements of all weights, which each of these passes may make.
  private let weights: Double
  let batch: Int
  let tokens: Int
  let past: Int
  let generated: Int

  /// - Throws: `ExecutionError` for what cannot run, `DescriptionError`.
  package init(
    _ model: Model, _ workload: Workload, _ settings: Validation.Settings
  ) throws {
    guard workload.phase != .train else {
      throw ExecutionError.notExecuted(modelType: model.modelType, what: "the backward pass")
    }
    let report = try OperationReport(model, workload)
    executor = try Executor(
      model, evidence: settings.evidence, seed: settings.seed, weights: settings.weights,
      threads: settings.threads)
    guard let batch = Int(exactly: workload.batch), let tokens = Int(exactly: workload.tokens),
      let past = Int(exactly: workload.past), let generated = Int(exactly: workload.generated),
      generated <= 1 << 32,
      batch <= 1 << 20, tokens <= 1 << 32, past <= 1 << 32,
      let cache = try Int(exactly: report.cacheElements.evaluated(with: [:]).ceiling),
      cache < 1 << 44
    else { throw ExecutionError.tooLarge(what: "The pass") }
    memory = try MemoryEstimate(
      executor, sequences: batch, tokens: tokens, past: past,
      scored: workload.logits == .last ? batch : batch * tokens, cacheElements: cache)
    var costs = [try PassCost(report.ledger)]
    if past > 0 {
      var filling = workload
      filling.phase = .prefill
      (filling.tokens, filling.past, filling.logits) = (workload.past, 0, .last)
      costs.append(try PassCost(OperationLedger(model, filling)))
    }
    self.costs = costs
    operations = costs.map(\.operations).reduce(0, +)
    weights =
      settings.weights == .streamed
      ? Double(try ParameterReport(model).total.evaluated(with: [:]).wholeValue())
        * Double(costs.count) : 0
    (self.batch, self.tokens, self.past, self.generated) = (batch, tokens, past, generated)
    self.workload = workload
    self.settings = settings
  }

  /// Whether the pass may take more than an instant, so that an estimate, which itself takes some
  /// hundredths of a second, is worth having.
  package var mayBeLong: Bool { operations + weights > 1e7 }

  /// About how long the passes take, from short runs of the kernels that they are made of.
  package func estimatedSeconds(_ rates: Rates) -> Double {
    costs.map { $0.seconds(rates, settings.evidence) }.reduce(0, +) + weights / rates.weights
  }
}
