import Accounting
import Architecture
import Arguments
import Families
import JSON
import Sweeping
import Symbolic

/// Options that a command line has and that change nothing of what is printed.
///
/// Whoever writes an option expects an effect; where it has none, a note says so, and why.
enum UnusedOptions {
  // MARK: - Of a pass

  /// A sentence for each option of a pass that leaves every figure as its default does.
  static func notes(_ arguments: Arguments, _ report: PassReport) -> [String] {
    choices(report).compactMap { choice in
      // What is not requested is not counted again.
      guard arguments.has(choice.declaration), let reason = choice.reason() else { return nil }
      return "\(choice.declaration.label) changes nothing: \(reason)."
    }
  }

  private typealias Choice = (declaration: Declaration, reason: () -> String?)

  private static func choices(_ report: PassReport) -> [Choice] {
    let (model, workload, memory) = (report.model, report.workload, report.memory)
    func differs(_ change: (inout Workload) -> Void) -> Bool {
      var other = workload
      change(&other)
      guard other != workload, let plain = try? PassReport(model, other) else { return true }
      return plain.figures != report.figures
    }
    func latent() -> String? {
      guard model.hasLatentAttention else { return "the model has no latent attention" }
      return differs { $0.latentForm = .reexpanded }
        ? nil : "this pass counts as much in the default form"
    }
    func mask() -> String? {
      if differs({ $0.mask = .full }) { return nil }
      return model.hasAttention
        ? "the mask hides no position of this pass" : "the model has no attention scores"
    }
    func logits() -> String? {
      if differs({ $0.logits = .all }) { return nil }
      return workload.tokens == 1
        ? "the pass has one token" : "the model scores the last position alone"
    }
    func recompute() -> String? {
      differs { $0.recompute = .none }
        ? nil : "the model has no attention scores to compute again"
    }
    func cache() -> String? {
      if !memory.cacheBytes.isZero || !memory.stateBytes.isZero { return nil }
      return workload.phase == .train
        ? "a training step caches nothing" : "the model caches nothing"
    }
    return [
      (WorkloadOptions.latent.declaration, latent), (WorkloadOptions.mask.declaration, mask),
      (WorkloadOptions.logits.declaration, logits),
      (WorkloadOptions.recompute.declaration, recompute),
      (WorkloadOptions.cacheFormat.declaration, cache),
    ]
  }

  // MARK: - Of a description

  /// A sentence for each `--set`, `--transform` and `--assume` without which a report is the same.
  ///
  /// The model is that of the configuration that was found, with all of them; `figures` are what the
  /// report prints of a model.
  static func notes(
    _ arguments: Arguments, _ source: ModelSource, _ found: ModelSource.Found, _ model: Model,
    figures: (Model) throws -> JSONObject
  ) -> [String] {
    let description = source.description
    guard
      !description.overrides.isEmpty || description.assumed != nil
        || !source.transformations.isEmpty,
      let whole = try? figures(model)
    else { return [] }
    func isIdle(_ other: ModelSource) -> Bool {
      // What cannot be described or counted without it has an effect.
      guard let plain = try? other.model(found), let rest = try? figures(plain) else {
        return false
      }
      return printed(rest) == printed(whole)
    }
    var sentences: [String] = []
    let said = model.notes.joined()
    for (key, value) in source.description.overrides.sorted(by: { $0.key < $1.key })
    where !said.contains("Set, but without effect") || !said.contains(key) {
      guard isIdle(source.without(key: key)) else { continue }
      sentences.append("--set \(key)=\(value) changes no figure of this report.")
    }
    for (index, text) in arguments[ModelSource.changes].enumerated()
    where isIdle(source.without(change: index)) {
      sentences.append("--transform \(text) changes no figure of this report.")
    }
    let count = arguments[ModelSource.changes].count
    if source.transformations.count > count, isIdle(source.without(change: count)) {
      sentences.append(
        "\(CapacityOptions.factor.declaration.label) changes no figure of this report.")
    }
    if let assumed = source.description.assumed, isIdle(source.withoutAssumption) {
      sentences.append("--assume \(assumed) changes no figure of this report.")
    }
    return sentences
  }

  /// A report without what is no figure.
  private static func printed(_ report: JSONObject) -> JSONValue {
    var report = report
    for key in ["notes", "model_type", "name"] { report[key] = nil }
    if var pass = report["pass"]?.object {
      for key in ["notes", "model_type", "name"] { pass[key] = nil }
      report["pass"] = .object(pass)
    }
    return .object(report)
  }

  // MARK: - Of a sweep

  /// A sentence for each option that no figure of a sweep depends on.
  ///
  /// The queries are all that a point is asked, the axes the keys that vary.
  static func notes(
    _ arguments: Arguments, _ model: Model, asked queries: [Query], axes: [String] = []
  ) -> [String] {
    var sentences: [String] = []
    func say(_ declarations: [Declaration], _ reason: String) {
      for declaration in declarations {
        if arguments.has(declaration) {
          sentences.append("\(declaration.label) changes nothing: \(reason).")
        }
        if axes.contains(declaration.name) {
          sentences.append("--vary \(declaration.name) changes nothing: \(reason).")
        }
      }
    }
    let names = queries.flatMap(\.names)
    let figures = names.compactMap { name -> FigureName? in
      switch name {
      case .figure(let figure), .baseline(let figure): figure
      case .axis, .size, .solved, .residual: nil
      }
    }
    let comparesBaseline = names.contains { name in
      if case .baseline = name { true } else { false }
    }
    if !comparesBaseline, !arguments.has(SweepOptions.hold.declaration) {
      say(
        [SweepOptions.baseline.declaration],
        "no requested figure is compared with another model's")
    }
    if !figures.contains(where: \.isOfBudget) {
      say([SweepOptions.budget.declaration], "no requested figure is of a training run")
    }
    guard figures.contains(where: \.isOfPass) else {
      say(
        WorkloadOptions.declarations + [SweepOptions.convention.declaration],
        "no requested figure is of a pass")
      return sentences
    }
    if !model.hasLatentAttention {
      say([WorkloadOptions.latent.declaration], "the model has no latent attention")
    }
    if !model.hasAttention {
      say([WorkloadOptions.mask.declaration], "the model has no attention scores")
    }
    if !figures.contains(where: { $0.isBytes || $0.path == "arithmetic_intensity" }) {
      say(
        [WorkloadOptions.cacheFormat.declaration, WorkloadOptions.weightFormat.declaration],
        "no requested figure is in bytes")
    }
    return sentences
  }
}

extension PassReport {
  /// All that a table prints.
  fileprivate var figures: [Evaluated?] {
    [
      operations.total, operations.matrixProducts, operations.elementwise,
      operations.cacheElements, memory.weightBytes, memory.cacheBytes, memory.stateBytes,
      memory.total, memory.movedBytes, operations.bounds?.least, operations.bounds?.most,
    ]
  }
}
