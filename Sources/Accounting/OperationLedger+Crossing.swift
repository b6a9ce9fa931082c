package import Architecture
import Symbolic

extension OperationLedger {
  /// From how many cached tokens on one form of latent attention costs less than another, in words;
  /// nil without latent attention.
  ///
  /// Re-expanding costs most with every cached token, absorbing less, and keys and values that are
  /// kept expanded least; but absorbing has a fixed cost, which the first cached tokens repay.
  ///
  /// - Throws: `DescriptionError.arithmetic` if a count needs more than 128 bits.
  package func latentCrossing() throws(DescriptionError) -> String? {
    guard model.hasLatentAttention else { return nil }
    let attention = model.withLatentAttentionOnly
    func line(_ form: Workload.LatentForm) throws(DescriptionError) -> (Rational, Rational)? {
      var workload = workload
      workload.latentForm = form
      workload.mask = .causal
      var counts: [Rational] = []
      for past: Int128 in [0, 1] {
        workload.past = past
        let ledger = OperationLedger(attention, workload)
        guard let count = try ledger.totalValue().constant else { return nil }
        counts.append(count)
      }
      return (try? (counts[0], counts[1].adding(counts[0].negated()))) ?? nil
    }
    guard let expanded = try line(.expanded), let again = try line(.reexpanded),
      let absorbed = try line(.absorbed)
    else { return nil }
    func crossing(_ a: (Rational, Rational), _ b: (Rational, Rational)) -> Int128? {
      guard let rise = try? b.1.adding(a.1.negated()), rise != .zero,
        let gap = try? a.0.adding(b.0.negated()), let point = try? gap.divided(by: rise),
        point > .zero
      else { return nil }
      return point.ceiling
    }
    var sentences: [String] = []
    if let point = crossing(absorbed, again) {
      sentences.append("absorbed costs fewer FLOPs than reexpanded from \(point) cached tokens on")
    } else {
      sentences.append("absorbed never costs more FLOPs than reexpanded")
    }
    if let point = crossing(absorbed, expanded) {
      sentences.append("fewer than expanded below \(point)")
    } else {
      sentences.append("expanded costs the fewest, and caches the most")
    }
    return "Latent attention: \(sentences.joined(separator: "; "))."
  }
}

extension Model {
  /// The model without everything that costs the same in each form of latent attention.
  fileprivate var withLatentAttentionOnly: Model {
    var copy = self
    copy.head = []
    copy.tail = []
    for group in copy.groups.indices {
      let branches = groups[group].layer.blocks.flatMap(\.branches).filter { branch in
        if case .latentAttention = branch.module { true } else { false }
      }
      copy.groups[group].layer = Layer(branches.isEmpty ? [] : [Block([], branches)])
    }
    return copy
  }
}
