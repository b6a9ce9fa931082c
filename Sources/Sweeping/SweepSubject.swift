package import Accounting
package import Architecture
package import Symbolic

/// What a sweep starts from: a model, and a pass of it.
package struct SweepSubject: Sendable {
  /// Describes the model with keys replaced, and with changes made after its own.
  package let describe: @Sendable ([String: String], [Transformation]) throws -> Model
  /// The pass.
  package var request: WorkloadRequest
  /// The way of counting `flops.total`.
  package var convention: Convention
  /// How weights are stored.
  package var weightFormat: WeightFormatRequest
  /// How keys and values are stored.
  package var cacheFormat: NumberFormat
  /// The FLOPs of a training run.
  package var budget: Rational?

  package init(
    request: WorkloadRequest, convention: Convention = .exact,
    weights: WeightFormatRequest = .usual,
    cache: NumberFormat = .bf16,
    describe: @escaping @Sendable ([String: String], [Transformation]) throws -> Model
  ) {
    self.describe = describe
    self.request = request
    self.convention = convention
    weightFormat = weights
    cacheFormat = cache
  }
}

/// Why a point, or a whole sweep, has no figures.
package enum SweepError: Error, Hashable, Sendable {
  /// The value of an axis is none that it can have.
  case badValue(key: String, value: String, expected: String)
  case conflict(WorkloadConflict)
  case description(DescriptionError)
  /// The model has no such figure.
  case noFigure(FigureName)
  /// The figure does not move steadily with the size.
  case notSteady(FigureName, key: String)
  /// The size cannot be solved for.
  case notSolvable(key: String, reason: String)
  /// The compiled program and the plain evaluation differ: a defect.
  case disagreement(String)
}

/// What one axis says about a point: a number that stays a variable, or a value that is put in.
enum Choice: Hashable, Sendable {
  case free(Symbol)
  case fixed(AxisValue)
}

extension SweepSubject {
  /// The figures of the points that make these choices.
  ///
  /// - Throws: `SweepError` for choices that no model has.
  func source(_ choices: [(key: String, choice: Choice)]) throws(SweepError) -> FigureSource {
    var setting = Setting(self)
    for (key, choice) in choices { try setting.apply(key, choice) }
    let workload: Workload
    do throws(WorkloadConflict) {
      workload = try setting.request.workload()
    } catch {
      throw .conflict(error)
    }
    let model: Model
    do {
      model = try describe(setting.overrides, setting.changes)
    } catch let error as DescriptionError {
      throw .description(error)
    } catch {
      throw .badValue(key: "model", value: "\(error)", expected: "a model")
    }
    let variables = choices.compactMap { choice -> Symbol? in
      if case .free(let symbol) = choice.choice { symbol } else { nil }
    }.map(\.name)
    for binding in model.sizes {
      // A word where a number belongs would be taken for a variable.
      guard let word = binding.value.variables.first(where: { !variables.contains($0.name) }) else {
        continue
      }
      throw .badValue(key: binding.key, value: word.name, expected: "a number")
    }
    // What the first pass has is a variable where what it consists of is one.
    setting.variables[Workload.promptLength] =
      setting.variables[workload.past == 0 ? Workload.tokens : Workload.past]
    guard let weights = setting.weightFormat.format(of: model) else {
      throw .badValue(
        key: "weight-dtype", value: "config",
        expected: "the name of a format, because the configuration states none")
    }
    return FigureSource(
      model, workload, convention: setting.convention, weights: weights,
      cache: setting.cacheFormat, budget: setting.budget, variables: setting.variables)
  }
}

/// A subject while choices are put into it.
private struct Setting {
  var overrides: [String: String] = [:]
  var changes: [Transformation] = []
  var request: WorkloadRequest
  var convention: Convention
  var weightFormat: WeightFormatRequest
  var cacheFormat: NumberFormat
  var budget: Evaluated?
  var variables: [Symbol: Evaluated] = [:]

  init(_ subject: SweepSubject) {
    request = subject.request
    convention = subject.convention
    weightFormat = subject.weightFormat
    cacheFormat = subject.cacheFormat
    budget = subject.budget.map { Evaluated($0) }
  }

  mutating func apply(_ key: String, _ choice: Choice) throws(SweepError) {
    let text: String
    switch choice {
    case .free(let symbol): text = symbol.name
    case .fixed(let value): text = value.text
    }
    switch Axis.target(of: key) {
    case .configuration: overrides[key] = text
    case .transformation:
      do {
        // Of `mod/2` the first part is the name, and the second belongs behind the value.
        let parts = key.split(separator: "/", maxSplits: 1).map(String.init)
        let rest = parts.count > 1 ? "/\(parts[1])" : ""
        changes.append(try Transformation(parsing: "\(parts[0])=\(text)\(rest)"))
      } catch {
        throw .badValue(key: key, value: text, expected: error.expected)
      }
    case .tokens:
      request.tokens = try number(key, choice, Workload.tokens, least: 1)
      request.packed = []
    case .past: request.past = try number(key, choice, Workload.past, least: 0)
    case .generated: request.generated = try number(key, choice, Workload.generated, least: 0)
    case .batch: request.batch = try number(key, choice, Workload.batch, least: 1)
    case .budget:
      switch choice {
      case .free(let symbol): budget = Evaluated(variable: symbol)
      case .fixed(.number(let value)) where value > .zero: budget = Evaluated(value)
      case .fixed(let value):
        throw .badValue(key: key, value: value.text, expected: "a number above 0")
      }
    case .convention:
      guard let found = Convention.named(text) else {
        throw .badValue(
          key: key, value: text,
          expected: "one of \(Convention.all.map(\.name).joined(separator: ", "))")
      }
      convention = found
    case .weightFormat:
      guard let found = WeightFormatRequest(text) else {
        throw .badValue(key: key, value: text, expected: "one of \(WeightFormat.words)")
      }
      weightFormat = found
    case .cacheFormat: cacheFormat = try word(key, text)
    case .pass:
      switch key {
      case "phase": request.phase = try word(key, text)
      case "mask": request.mask = try word(key, text)
      case "logits": request.logits = try word(key, text)
      case "mla": request.latentForm = try word(key, text)
      default: request.recompute = try word(key, text)
      }
    }
  }

  /// A number of the pass: a variable of its own while it is free, with any number for the moment.
  private mutating func number(
    _ key: String, _ choice: Choice, _ variable: Symbol, least: Int128
  ) throws(SweepError) -> Int128 {
    switch choice {
    case .free(let symbol):
      variables[variable] = Evaluated(variable: symbol)
      return 2
    case .fixed(let value):
      guard let number = value.number, number.isWhole, number.numerator >= least else {
        throw .badValue(
          key: key, value: value.text, expected: "a whole number of at least \(least)")
      }
      return number.numerator
    }
  }

  private func word<Word: RawRepresentable & CaseIterable>(
    _ key: String, _ text: String
  ) throws(SweepError) -> Word where Word.RawValue == String {
    guard let word = Word(rawValue: text) else {
      throw .badValue(
        key: key, value: text,
        expected: "one of \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return word
  }
}

extension SweepSubject {
  /// Finds values of an axis that it can never have, whatever the model: a misspelt word, a change
  /// that is none.
  ///
  /// - Throws: `SweepError.badValue` with the first.
  package func checkValues(_ axis: Axis) throws(SweepError) {
    guard axis.target != .configuration else { return }
    let values = axis.values
    // The ends of a range speak for what lies between.
    let places =
      values.progression == nil ? Array(0..<values.count) : [0, values.count - 1]
    for place in places {
      var setting = Setting(self)
      try setting.apply(axis.key, .fixed(values[place]))
    }
  }
}

extension SweepSubject {
  /// Finds out whether the model reads a key.
  ///
  /// - Throws: `SweepError` if it does not, or if the model itself has a fault.
  package func checkKey(_ key: String) throws(SweepError) {
    _ = try source([])
    guard Axis.target(of: key) == .configuration else { return }
    do throws(SweepError) {
      _ = try source([(key, .fixed(.number(.one)))])
    } catch {
      if case .description(.unknownKey) = error { throw error }
    }
  }
}
