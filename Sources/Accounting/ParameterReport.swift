package import Architecture
package import Symbolic

/// The parameter figures of one model, with every size replaced by its value.
///
/// A figure is a constant unless a size was left free; then it is a formula in that size.
package struct ParameterReport: Sendable {
  /// The rows that the figures are sums of.
  package let ledger: ParameterLedger
  /// The parameters of each part.
  package let parts: [Part: Evaluated]
  /// All parameters; a matrix that two modules share counts once.
  package let total: Evaluated
  /// The parameters that a checkpoint holds, where the library allocates more.
  package let stored: Evaluated?
  /// Elements that a checkpoint stores beside the parameters.
  package let persistentBuffers: Evaluated
  /// The parameters one token meets, under each definition.
  package let active: [ParameterLedger.Activity: Evaluated]
  /// The inner widths over the width of the model: of dense layers, and of one routed expert.
  package let denseRatio: Evaluated?
  /// The inner width of one routed expert over *d*.
  package let expertRatio: Evaluated?

  /// - Throws: `DescriptionError.arithmetic` if a figure needs more than 128 bits.
  package init(_ model: Model) throws(DescriptionError) {
    let ledger = ParameterLedger(model)
    let numbers = ledger.numbers
    func value(
      _ number: (ParameterNumbers) -> Rational?, _ formula: @autoclosure () -> Formula,
      _ what: String
    ) throws(DescriptionError) -> Evaluated {
      if let numbers { return Evaluated(number(numbers) ?? .zero) }
      return try ledger.value(formula(), what)
    }
    var parts: [Part: Evaluated] = [:]
    for part in Part.allCases {
      parts[part] = try value(
        { $0.parts[part] }, ledger.count(of: part), "The count of \(part.rawValue)")
    }
    var active: [ParameterLedger.Activity: Evaluated] = [:]
    for activity in ParameterLedger.Activity.allCases {
      active[activity] = try value(
        { $0.active[activity] }, ledger.active(activity), "The active count")
    }
    self.ledger = ledger
    self.parts = parts
    self.active = active
    total = try value({ $0.total }, ledger.total, "The total")
    let unstored = try value({ $0.unstored }, ledger.unstored, "What no checkpoint holds")
    stored = unstored.isZero ? nil : total - unstored
    persistentBuffers = try value(
      { $0.buffers }, ledger.persistentBuffers, "The count of buffers")
    let widths = model.feedForwardWidths
    let d = Formula(Size.hidden.symbol)
    denseRatio = widths.dense.map { ($0 / d).evaluated(in: ledger.values) }
    expertRatio = widths.expert.map { ($0 / d).evaluated(in: ledger.values) }
  }

  /// The model.
  package var model: Model { ledger.model }

  /// The parameters of one part.
  package func count(_ part: Part) -> Evaluated { parts[part] ?? .zero }

  /// Feed-forward layers, experts and routers together.
  package var feedForward: Evaluated {
    ParameterLedger.feedForwardParts.map { count($0) }.sum()
  }

  /// All but the tables and the head.
  package var nonEmbedding: Evaluated {
    total - count(.embedding) - count(.languageModelHead)
  }

  /// The width the field calls *d_ff* over *d_model*: one expert's, where there are experts.
  package var widthRatio: Evaluated? { expertRatio ?? denseRatio }

  /// Feed-forward over attention, or nil without attention or while a size is free.
  package var feedForwardToAttention: Rational? {
    guard let above = feedForward.constant, let below = count(.attention).constant else {
      return nil
    }
    return try? above.divided(by: below)
  }
}

extension Model {
  /// The inner widths of the first dense layer and of the first routed experts.
  var feedForwardWidths: (dense: Formula?, expert: Formula?) {
    var dense: Formula?
    var expert: Formula?
    for branch in groups.flatMap(\.layer.branches) {
      switch branch.module {
      case .feedForward(let module): dense = dense ?? module.width
      case .mixtureOfExperts(let module): expert = expert ?? module.expert.width
      default: break
      }
    }
    return (dense, expert)
  }
}
