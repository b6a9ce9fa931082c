import Architecture

/// What a description can say and no pass executes.
extension Executor {
  /// - Throws: `ExecutionError.notExecuted` for a function of which only the name is known.
  func checkFunctions(_ programs: Program?...) throws {
    for step in programs.flatMap({ $0?.allSteps ?? [] }) {
      guard case .activate(_, .unknown(let name), _, _) = step.operation else { continue }
      throw ExecutionError.notExecuted(
        modelType: model.modelType, what: "the activation '\(name)'")
    }
  }

  /// - Throws: `ExecutionError.notExecuted` for parts that do not go together.
  func checkLayer(_ layer: Layer) throws {
    func refuse(_ what: String) -> ExecutionError {
      .notExecuted(modelType: model.modelType, what: what)
    }
    if layer.isConditional, layer.branches.contains(where: \.module.isMixer) {
      throw refuse("a mixer in a routed layer")
    }
  }
}
