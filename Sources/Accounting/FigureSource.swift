package import Architecture
package import Symbolic

/// Where figures come from: a description and a pass, some sizes of which may be free.
///
/// A figure is computed when it is requested, so that a sweep builds no more than it prints.
package struct FigureSource {
  /// The model.
  package let model: Model
  /// The pass that figures of a pass are of.
  package let workload: Workload
  /// The convention under which FLOPs are counted.
  package let convention: Convention
  /// The format of the weights, for figures in bytes.
  package let weightFormat: WeightFormat
  /// The format of keys, values and states, for figures in bytes.
  package let cacheFormat: NumberFormat
  /// The FLOPs of a training run, if there is one.
  package let budget: Evaluated?
  /// What the symbols of the pass stand for, where not for the numbers of the workload.
  private let variables: [Symbol: Evaluated]

  private var parameters: ParameterLedger?
  private var operations: OperationLedger?
  private var extremes: [DepthRouter.Assumption: OperationLedger] = [:]

  /// What a figure is.
  package enum Value: Hashable, Sendable {
    case plain(Evaluated)
    /// A quotient of sums, which is no formula.
    case quotient(Evaluated, Evaluated)
    /// The same, rounded down.
    case floor(Evaluated, Evaluated)
  }

  package init(
    _ model: Model, _ workload: Workload, convention: Convention = .exact,
    weights: WeightFormat = .bf16, cache: NumberFormat = .bf16, budget: Evaluated? = nil,
    variables: [Symbol: Evaluated] = [:]
  ) {
    self.model = model
    self.workload = workload
    self.convention = convention
    weightFormat = weights
    cacheFormat = cache
    self.budget = budget
    self.variables = variables
  }

  /// A figure with every size put in that is not free; nil where the model has no such figure.
  ///
  /// - Throws: `DescriptionError`: a pass that is not described, an arithmetic fault.
  package mutating func value(_ name: FigureName) throws(DescriptionError) -> Value? {
    if name.isOfPass { try requirePass() }
    guard let raw = try raw(name) else { return nil }
    func check(_ value: Evaluated) throws(DescriptionError) {
      if let fault = value.fault { throw .arithmetic(fault, what: "The figure \(name.path)") }
    }
    switch raw {
    case .plain(let value): try check(value)
    case .quotient(let above, let below), .floor(let above, let below):
      try check(above)
      try check(below)
      if below.isZero { return nil }
    }
    return raw
  }

  private func requirePass() throws(DescriptionError) {
    if let gap = model.operationGap {
      throw .operationsUnknown(modelType: model.modelType, missing: gap)
    }
    try model.requireKnownActivations()
  }

  private mutating func raw(_ name: FigureName) throws(DescriptionError) -> Value? {
    if let formula = parameterFigure(name.path) { return .plain(formula) }
    switch name.path {
    case "ratios.mlp/attention":
      let above = parameterValue { $0.feedForward }
      return .quotient(above, parameterValue { $0.count(of: .attention) })
    case "ratios.d_ff/d_model":
      return ratio(model.feedForwardWidths.expert ?? model.feedForwardWidths.dense)
    case "ratios.dense_d_ff/d_model": return ratio(model.feedForwardWidths.dense)
    case "arithmetic_intensity": return .quotient(passValue { $0.expectedTotal }, movedBytes())
    case "flops.per_token":
      return .quotient(passValue(convention.flops), put(Self.tokens))
    case "training.flops_per_token":
      return .quotient(trainingFLOPs, put(Self.tokens))
    case "training.tokens":
      guard let budget else { return nil }
      return .floor(budget * put(Self.tokens), trainingFLOPs)
    case "training.tokens_per_parameter":
      guard let budget else { return nil }
      return .quotient(
        budget * put(Self.tokens), trainingFLOPs * parameterValue { $0.total })
    default: return passFigure(name.path).map { .plain($0) }
    }
  }

  private static let tokens =
    Formula(Workload.batch) * (Formula(Workload.tokens) + Formula(Workload.generated))

  private func ratio(_ width: Formula?) -> Value? {
    width.map { .plain(put($0 / Formula(Size.hidden.symbol))) }
  }

  /// A formula with the sizes of the model and the pass put in.
  private func put(_ formula: Formula) -> Evaluated {
    formula.evaluated(
      in: model.values.merging(workload.values) { first, _ in first }
        .merging(variables) { _, variable in variable })
  }
}

// MARK: - From the ledgers

extension FigureSource {
  private mutating func parameterValue(_ body: (ParameterLedger) -> Formula) -> Evaluated {
    let ledger = parameters ?? ParameterLedger(model)
    parameters = ledger
    return body(ledger).evaluated(in: ledger.values)
  }

  private mutating func parameterFigure(_ path: String) -> Evaluated? {
    let pieces = path.split(separator: ".", maxSplits: 1).map(String.init)
    switch (pieces[0], pieces.count == 2 ? pieces[1] : "") {
    case ("parameters", "total"): return parameterValue { $0.total }
    case ("parameters", "mlp"): return parameterValue { $0.feedForward }
    case ("parameters", "embedding_and_head"):
      return parameterValue { $0.count(of: .embedding) + $0.count(of: .languageModelHead) }
    case ("parameters", "non_embedding"):
      return parameterValue {
        $0.total - $0.count(of: .embedding) - $0.count(of: .languageModelHead)
      }
    case ("parameters", let name):
      return Part(rawValue: name).map { part in parameterValue { $0.count(of: part) } }
    case ("persistent_buffers", _): return parameterValue { $0.persistentBuffers }
    case ("active", "mlp"):
      return parameterValue { ledger in
        ledger.rows.filter { ParameterLedger.feedForwardParts.contains($0.weight.part) }
          .map(\.activeCount).sum()
      }
    case ("active", let name):
      return ParameterLedger.Activity(rawValue: name).map { activity in
        parameterValue { $0.active(activity) }
      }
    default: return nil
    }
  }

  private mutating func passValue(_ body: (OperationLedger) -> Formula) -> Evaluated {
    let ledger = operations ?? OperationLedger(model, workload)
    operations = ledger
    return body(ledger).evaluated(in: ledger.values.merging(variables) { _, variable in variable })
  }

  private mutating func passFigure(_ path: String) -> Evaluated? {
    func name(after prefix: String) -> String? {
      path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : nil
    }
    switch path {
    case "flops.total": return passValue(convention.flops)
    case "flops.least": return extreme(.none)
    case "flops.most": return extreme(.all)
    case "flops.matmul.total": return passValue { $0.matrixProducts }
    case "flops.elementwise.total": return passValue { $0.elementwise }
    case "kv_cache.elements": return passValue { $0.cacheElements }
    case "kv_cache.bytes": return passValue { $0.cacheElements } * cacheFormat.bytes
    default: break
    }
    if let figure = memoryFigure(path) { return figure }
    if let part = name(after: "flops.matmul.").flatMap(Product.Part.init) {
      return passValue { $0.flops(of: part) }
    }
    if let category = name(after: "flops.elementwise.").flatMap(Elementwise.Category.init) {
      return passValue { $0.flops(of: category) }
    }
    if let operation = name(after: "operations.").flatMap(ScalarOperation.init) {
      return passValue { $0.count(of: operation) }
    }
    return nil
  }

  /// The least or the most FLOPs, where the data decide.
  private mutating func extreme(_ assumption: DepthRouter.Assumption) -> Evaluated {
    let ledger = extremes[assumption] ?? OperationLedger(model, workload, assuming: assumption)
    extremes[assumption] = ledger
    return convention.flops(of: ledger).evaluated(
      in: ledger.values.merging(variables) { _, variable in variable })
  }

  private func movedBytes(_ assumption: DepthRouter.Assumption = .expected) -> Evaluated {
    Traffic(model, workload, weights: weightFormat, assuming: assumption)
      .bytes(cache: cacheFormat) { put($0) }
  }

  private mutating func weightBytes(_ parameters: Evaluated) -> Evaluated {
    weightFormat.uniformBytes.map { parameters * $0.evaluated(in: [:]) }
      ?? put(StoredWeights(model, weightFormat).total)
  }

  private mutating func memoryFigure(_ path: String) -> Evaluated? {
    let weights = parameterValue { $0.total }
    let training =
      workload.phase == .train
      ? Memory.Training(parameters: weights, in: weightFormat.trained) : nil
    let state = passValue { $0.stateElements } * cacheFormat.bytes
    switch path {
    case "memory.weight_bytes": return weightBytes(weights)
    case "memory.gradient_bytes": return training?.gradientBytes
    case "memory.moment_bytes": return training?.momentBytes
    case "memory.master_bytes": return training?.masterBytes
    case "memory.state_elements": return passValue { $0.stateElements }
    case "memory.state_bytes": return state
    case "memory.total":
      return weightBytes(weights) + (training?.bytes ?? 0) + state
        + passValue { $0.cacheElements } * cacheFormat.bytes
    case "memory.moved_bytes": return movedBytes()
    default: return nil
    }
  }

  /// The FLOPs of a training step under the convention.
  private var trainingFLOPs: Evaluated {
    var step = workload
    (step.phase, step.past, step.generated) = (.train, 0, 0)
    let ledger = OperationLedger(model, step)
    return convention.flops(of: ledger)
      .evaluated(in: ledger.values.merging(variables) { _, variable in variable })
  }
}

extension ParameterLedger {
  /// Feed-forward layers, experts and routers.
  static let feedForwardParts: [Part] = [
    .denseFeedForward, .routedExperts, .sharedExperts, .router,
  ]

  fileprivate var feedForward: Formula { Self.feedForwardParts.map { count(of: $0) }.sum() }
}

// MARK: - Numbers

extension FigureSource.Value {
  /// The number for given sizes; nil where it is a quotient by zero.
  ///
  /// - Throws: `ArithmeticError`, as `Formula.evaluated(with:)`.
  package func evaluated(with values: [Symbol: Rational]) throws(ArithmeticError) -> Rational? {
    switch self {
    case .plain(let value): return try value.evaluated(with: values)
    case .quotient(let above, let below):
      let divisor = try below.evaluated(with: values)
      return divisor == .zero ? nil : try above.evaluated(with: values).divided(by: divisor)
    case .floor(let above, let below):
      let divisor = try below.evaluated(with: values)
      guard divisor != .zero else { return nil }
      return Rational(try above.evaluated(with: values).divided(by: divisor).floor)
    }
  }
}

extension FormulaCompiler {
  /// The place of a figure in a program.
  package mutating func value(of figure: FigureSource.Value) -> CompiledFormulas.Fraction {
    switch figure {
    case .plain(let value): return self.value(of: value)
    case .quotient(let above, let below):
      let divisor = value(of: below)
      return quotient(value(of: above), divisor)
    case .floor(let above, let below):
      let divisor = value(of: below)
      return floor(quotient(value(of: above), divisor))
    }
  }
}
