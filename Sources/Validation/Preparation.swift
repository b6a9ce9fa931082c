package import Accounting
package import Architecture
package import Reference
import Symbolic

/// A pass that can run: its executor, and what it will take.
package struct Preparation {
  package let workload: Workload
  package let settings: Validation.Settings
  package let executor: Executor
  package let memory: MemoryEstimate
  /// The floating-point operations that the formulas say.
  package let flops: Double
  let batch: Int
  let tokens: Int
  let past: Int

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
      let past = Int(exactly: workload.past), batch <= 1 << 20, tokens <= 1 << 32, past <= 1 << 32,
      let cache = try Int(exactly: report.cacheElements.evaluated(with: [:]).ceiling),
      cache < 1 << 44
    else { throw ExecutionError.tooLarge(what: "The pass") }
    memory = try MemoryEstimate(
      executor, sequences: batch, tokens: tokens, past: past,
      scored: workload.logits == .last ? batch : batch * tokens, cacheElements: cache)
    let total = try report.total.evaluated(with: [:])
    flops = Double(total.numerator) / Double(total.denominator)
    (self.batch, self.tokens, self.past) = (batch, tokens, past)
    self.workload = workload
    self.settings = settings
  }

  /// About how long the pass takes, from a short run of the kernel that most of it is.
  package var estimatedSeconds: Double {
    let share = workload.past > 0 ? 1 + Double(workload.past) / Double(workload.tokens) : 1
    return flops * share / executor.measuredRate
  }
}
