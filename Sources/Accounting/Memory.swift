package import Architecture
package import Symbolic

/// A format of numbers in memory.
package enum NumberFormat: String, CaseIterable, Hashable, Sendable {
  case fp32, bf16, fp16, fp8, int8, int4

  /// The bytes of one number.
  package var bytes: Evaluated {
    switch self {
    case .fp32: 4
    case .bf16, .fp16: 2
    case .fp8, .int8: 1
    case .int4: Evaluated(1) / 2
    }
  }
}

/// The bytes that a pass needs and moves, and how many FLOPs it does for each byte moved.
package struct Memory: Sendable {
  /// All parameters in the format of the weights.
  package let weightBytes: Evaluated
  /// Keys and values after the pass, and what recurrent mixers carry.
  package let cacheBytes: Evaluated
  package let stateElements: Evaluated
  /// What one pass reads and writes: the weights it touches, once, and the cache.
  package let movedBytes: Evaluated
  /// FLOPs for each byte moved.
  package let intensity: Rational?
  package let training: Training?

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
  }

  /// - Throws: `DescriptionError.arithmetic` if a figure needs more than 128 bits.
  package init(
    _ report: OperationReport, weights format: NumberFormat, cache cacheFormat: NumberFormat
  ) throws(DescriptionError) {
    let ledger = report.ledger
    func sound(_ value: Evaluated, _ what: String) throws(DescriptionError) -> Evaluated {
      if let fault = value.fault { throw .arithmetic(fault, what: what) }
      return value
    }
    let parameters = ParameterLedger(report.model)
    let count = try parameters.value(parameters.total, "The total")
    weightBytes = try sound(count * format.bytes, "The bytes of the weights")
    cacheBytes = try sound(report.cacheElements * cacheFormat.bytes, "The bytes of the cache")
    stateElements = try ledger.value(ledger.stateElements, "The recurrent state")
    let touched = try ledger.value(
      parameters.touched(byTokens: Formula(Workload.batch) * Formula(Workload.tokens))
        .spellingOut(parameters.layerCounts), "The weights touched")
    movedBytes = try sound(touched * format.bytes + cacheBytes, "The bytes moved")
    if let flops = report.total.constant, let bytes = movedBytes.constant, bytes != .zero {
      intensity = try? flops.divided(by: bytes)
    } else {
      intensity = nil
    }
    training =
      report.workload.phase == .train
      ? Training(
        gradientBytes: weightBytes, momentBytes: try sound(8 * count, "The bytes of the moments"),
        masterBytes: try sound(
          format == .fp32 ? 0 : 4 * count, "The bytes of the master copy")) : nil
  }
}

extension ParameterLedger {
  /// The parameters that so many tokens meet, at most: of a table only the rows looked up, of the
  /// routed experts no more than the tokens choose.
  func touched(byTokens tokens: Formula) -> Formula {
    rows.map { row in
      if row.weight.isBuffer { return 0 }
      if row.weight.part == .embedding,
        !model.tiesEmbeddings
          || model.head.first?.weights
            .contains(row.weight) != true
      {
        let width = row.weight.shape.last ?? 1
        return .minimum(row.count, tokens * width)
      }
      guard row.weight.activeShare != .one else { return row.count }
      return .minimum(row.count, tokens * row.activeCount)
    }.sum()
  }
}
