import Architecture
package import Symbolic

/// The passes that a workload is made of: a prompt and the tokens after it, or packed sequences.
///
/// Every figure of a pass is a formula in *T* new tokens after *P*. The passes after a prompt have one
/// new token after `P + T + i`, so their figures are those of one with the sizes put in, summed over *i*
/// from zero to below *O*. Packed sequences of *T₁*, *T₂* … tokens do not see each other, so what each
/// does adds up.
extension Workload {
  /// A pass, and how its figures make those of all passes like it.
  struct Part {
    let workload: Workload
    /// Whether it is one of those that follow a prompt.
    var isStep = false
    /// nil where there is one such pass.
    var sum: ((Formula) -> Formula)?

    func total(_ figure: Formula) -> Formula { sum.map { $0(figure) } ?? figure }

    /// The work of one pass, as that of all.
    func total(_ work: Work) -> Work {
      guard let sum else { return work }
      return work.summed(isOfStep: isStep, sum)
    }
  }

  /// The parts; `sizes` are those of the model.
  func parts(_ sizes: [Symbol: Evaluated]) -> [Part] {
    if generated > 0 {
      return [
        Part(workload: prompt),
        Part(workload: step, isStep: true) { overSteps($0, sizes) },
      ]
    }
    guard packed.isEmpty else {
      return [Part(workload: sequence) { self.overSequences($0) }]
    }
    return [Part(workload: self)]
  }

  /// A figure of a pass, for all passes together.
  func total(_ sizes: [Symbol: Evaluated], _ figure: (Workload) -> Formula) -> Formula {
    parts(sizes).map { $0.total(figure($0.workload)) }.sum()
  }

  /// Whether it is more than one pass.
  package var hasParts: Bool { generated > 0 || !packed.isEmpty }

  // MARK: - A prompt and the tokens after it

  /// The pass over the prompt; the workload itself where nothing follows.
  package var prompt: Workload {
    var copy = self
    copy.generated = 0
    return copy
  }

  /// The first of the passes that follow the prompt.
  package var step: Workload {
    var copy = prompt
    copy.phase = .decode
    let (end, isTooLarge) = past.addingReportingOverflow(tokens)
    (copy.past, copy.tokens) = (isTooLarge ? .max : end, 1)
    return copy
  }

  private static let index = Symbol(variable: "generated token")

  /// A figure of a pass of one token, summed over all tokens that are generated.
  ///
  /// Where only the numbers of `sizes` give a closed form, as of a capacity, they are put in, and where
  /// that is not enough, those of this workload.
  private func overSteps(_ figure: Formula, _ sizes: [Symbol: Evaluated]) -> Formula {
    let (past, tokens, count) = (
      Formula(Self.past), Formula(Self.tokens), Formula(Self.generated)
    )
    guard figure.mentionsPass else { return figure * count }
    let step = figure.substituting([
      Self.tokens: 1, Self.past: past + tokens + Formula(Self.index),
    ])
    let sum = step.summed(over: Self.index, below: count)
    guard sum.fault != nil else { return sum }
    let numbered = step.substituting(sizes.compactMapValues { $0.constant.map { Formula($0) } })
    let other = numbered.summed(over: Self.index, below: count)
    guard other.fault != nil else { return other }
    return numbered.substituting([
      Self.past: Formula(self.past), Self.tokens: Formula(self.tokens),
      Self.promptLength: Formula(self.past == 0 ? self.tokens : self.past),
    ]).summed(over: Self.index, below: Formula(self.generated))
  }

  /// The figure of the last of these passes.
  static func ofLastStep(_ figure: Formula) -> Formula {
    figure.substituting([
      tokens: 1, past: Formula(past) + Formula(tokens) + Formula(generated) - 1,
    ])
  }

  // MARK: - Packed sequences

  /// The different lengths of packed sequences, each with its symbol and how often it occurs.
  package var packedSizes: [(symbol: Symbol, length: Int128, count: Int128)] {
    var order: [Int128] = []
    var counts: [Int128: Int128] = [:]
    for length in packed {
      if counts[length] == nil { order.append(length) }
      counts[length, default: 0] += 1
    }
    return order.enumerated().map { index, length in
      (Symbol("T_\(index + 1)"), length, counts[length] ?? 0)
    }
  }

  /// A row that is one sequence; the workload itself where none are packed.
  package var sequence: Workload {
    var copy = self
    if let first = packed.first { copy.tokens = first }
    copy.packed = []
    return copy
  }

  /// A row that is one sequence of a length.
  package func sequence(of length: Int128) -> Workload {
    var copy = sequence
    copy.tokens = length
    return copy
  }

  /// A figure of one sequence, summed over those that are packed.
  func overSequences(_ figure: Formula) -> Formula {
    packedSizes.map { size in
      Formula(size.count) * figure.substituting([Self.tokens: Formula(size.symbol)])
    }.sum()
  }
}

extension Formula {
  fileprivate var mentionsPass: Bool {
    !symbols.isDisjoint(with: [Workload.tokens, Workload.past])
  }
}

extension Work {
  /// The work of one pass, added up over all.
  ///
  /// The extents of a product that change from pass to pass stand for all of them together.
  fileprivate func summed(isOfStep: Bool, _ sum: (Formula) -> Formula) -> Work {
    var copy = self
    copy.isOfStep = isOfStep
    switch kind {
    case .elementwise(var work):
      work.counts = OperationCounts(work.counts.counts.mapValues(sum))
      copy.kind = .elementwise(work)
    case .product(var product):
      let extents: [WritableKeyPath<Product, Formula>] = [\.columns, \.inner, \.rows, \.copies]
      let moving = extents.filter { product[keyPath: $0].mentionsPass }
      let changing = moving.map { product[keyPath: $0] }.product()
      for extent in moving { product[keyPath: extent] = 1 }
      // What does not change is done again and again.
      product[keyPath: moving.first ?? \.copies] *= sum(changing)
      copy.kind = .product(product)
    }
    return copy
  }
}
