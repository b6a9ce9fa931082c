package import Architecture
package import Symbolic

/// A format of numbers in memory.
package enum NumberFormat: String, CaseIterable, Hashable, Sendable {
  case fp32, bf16, fp16, fp8, int8, int4, int2
  /// Block types of llama.cpp, of 32 elements with their scales.
  case q8_0, q5_1, q5_0, q4_1, q4_0, iq4_nl

  /// The bytes of one number.
  var size: Formula {
    switch self {
    case .fp32: 4
    case .bf16, .fp16: 2
    case .fp8, .int8: 1
    case .int4: Formula(1) / 2
    case .int2: Formula(1) / 4
    case .q8_0: Formula(34) / 32
    case .q5_1: Formula(24) / 32
    case .q5_0: Formula(22) / 32
    case .q4_1: Formula(20) / 32
    case .q4_0, .iq4_nl: Formula(18) / 32
    }
  }

  /// The bytes of one element, with its share of a block's scales.
  package var bytes: Evaluated { size.evaluated(in: [:]) }

  /// Whether it is a block type.
  var isBlock: Bool {
    switch self {
    case .fp32, .bf16, .fp16, .fp8, .int8, .int4, .int2: false
    case .q8_0, .q5_1, .q5_0, .q4_1, .q4_0, .iq4_nl: true
    }
  }
}

/// The bytes that a pass needs and moves, and how many FLOPs it does for each byte moved.
package struct Memory: Sendable {
  /// All parameters in the format of the weights.
  package let weightBytes: Evaluated
  /// The format of the weights.
  package let weightFormat: WeightFormat
  /// What attention has cached after the pass: keys and values, and what its layers keep beside.
  package let cacheBytes: Evaluated
  /// What recurrent layers carry, in the format of the cache.
  package let stateElements: Evaluated
  /// Those elements, in bytes of the cache's format.
  package let stateBytes: Evaluated
  /// What a training step keeps beside the weights; nil in inference.
  package let training: Training?
  /// Weights, what training keeps for them, the cache and the states; no activations.
  package let total: Evaluated
  /// What one pass reads and writes; nil where the expectation needs more than 128 bits.
  package let movedBytes: Evaluated?
  /// Those of them that caches and states are; nil where `movedBytes` is.
  package let movedCacheBytes: Evaluated?
  /// FLOPs for each byte moved.
  package let intensity: Rational?
  /// The least and the most of both, where the data decide.
  package let movedBounds: (least: Evaluated, most: Evaluated)?
  /// The least and the most FLOPs per byte, where the data decide.
  package let intensityBounds: (least: Rational, most: Rational)?
  /// How many experts the pass meets in each kind of layer that has some.
  package let expertsMet: [ExpertsMet]
  /// How many choices of experts find a slot, in each kind of layer where not all do.
  package let slotsFilled: [SlotsFilled]

  /// What a training step keeps for each parameter.
  ///
  /// - Source: Rajbhandari et al. 2019 (ZeRO), §3.1, <https://arxiv.org/abs/1910.02054>.
  package struct Training: Sendable {
    /// In the format of the weights.
    package let gradientBytes: Evaluated
    /// Adam's two moments in 32 bits.
    package let momentBytes: Evaluated
    /// A copy of the weights in 32 bits, where they are kept in fewer.
    package let masterBytes: Evaluated

    package init(parameters count: Evaluated, in format: NumberFormat) {
      gradientBytes = count * format.bytes
      momentBytes = 8 * count
      masterBytes = format == .fp32 ? 0 : 4 * count
    }

    /// All of it, without the weights themselves.
    package var bytes: Evaluated { gradientBytes + momentBytes + masterBytes }
  }

  /// - Throws: `DescriptionError.arithmetic` if a figure needs more than 128 bits.
  package init(
    _ report: OperationReport, weights format: WeightFormat, cache cacheFormat: NumberFormat
  ) throws(DescriptionError) {
    let ledger = report.ledger
    func sound(_ value: Evaluated, _ what: String) throws(DescriptionError) -> Evaluated {
      if let fault = value.fault { throw .arithmetic(fault, what: what) }
      return value
    }
    let parameters = ParameterLedger(report.model)
    let count = try parameters.totalValue()
    weightFormat = format
    let stored =
      format.uniformBytes.map { count * $0.evaluated(in: [:]) }
      ?? StoredWeights(report.model, format).total.evaluated(in: parameters.values)
    weightBytes = try sound(stored, "The bytes of the weights")
    cacheBytes = try sound(report.cacheElements * cacheFormat.bytes, "The bytes of the cache")
    stateElements = try ledger.value(ledger.stateElements, "The recurrent state")
    stateBytes = try sound(stateElements * cacheFormat.bytes, "The bytes of the recurrent state")
    training =
      report.workload.phase == .train ? Training(parameters: count, in: format.trained) : nil
    total = try sound(
      weightBytes + (training?.bytes ?? 0) + cacheBytes + stateBytes, "The bytes in all")
    func traffic(_ assumption: DepthRouter.Assumption) -> Traffic {
      Traffic(
        report.model, report.workload, weights: format, assuming: assumption,
        programs: ledger.programs)
    }
    func moved(_ traffic: Traffic) -> Evaluated {
      traffic.bytes(cache: cacheFormat) { $0.evaluated(in: ledger.values) }
    }
    let expectedTraffic = traffic(.expected)
    let (least, expected, most) = (
      moved(traffic(.none)), moved(expectedTraffic), moved(traffic(.all))
    )
    // A share of a sum of free variables is no formula; then there is no figure.
    guard ![least, most].contains(where: { $0.fault == .notAMonomial }) else {
      (movedBytes, movedBounds, intensity, intensityBounds) = (nil, nil, nil, nil)
      movedCacheBytes = nil
      (expertsMet, slotsFilled) = ([], [])
      return
    }
    _ = (try sound(least, "The bytes moved"), try sound(most, "The bytes moved"))
    movedBytes = expected.fault == nil ? expected : nil
    movedCacheBytes =
      expected.fault == nil
      ? expectedTraffic.cacheBytes(cacheFormat) { $0.evaluated(in: ledger.values) } : nil
    movedBounds = least == most ? nil : (least, most)
    // What a backward pass reads and writes again is not counted among the bytes.
    let isOnePass = report.workload.phase != .train
    let expectedTotal = ledger.model.hasNoOpExperts ? try ledger.expectedTotalValue() : report.total
    intensity = isOnePass ? movedBytes.flatMap { Self.ratio(expectedTotal, to: $0) } : nil
    if !isOnePass || (least == most && report.bounds == nil) {
      intensityBounds = nil
    } else if let low = Self.ratio(report.bounds?.least ?? report.total, to: most),
      let high = Self.ratio(report.bounds?.most ?? report.total, to: least)
    {
      intensityBounds = (low, high)
    } else {
      intensityBounds = nil
    }
    expertsMet = try ExpertsMet.kinds(ledger)
    slotsFilled = try SlotsFilled.kinds(ledger)
  }

  private static func ratio(_ flops: Evaluated, to bytes: Evaluated) -> Rational? {
    guard let above = flops.constant, let below = bytes.constant, below != .zero else { return nil }
    return try? above.divided(by: below)
  }
}
