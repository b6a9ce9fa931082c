package import Symbolic

/// Shares of some layers that follow a curve and have a given mean: a budget for the whole depth.
///
/// The curve is shifted by one number, the same for all layers, between a least share and 1.
///
/// - Source: Zhang et al. 2024 (p-MoD), §3.3, where the shift controls the cost of all layers,
///   <https://arxiv.org/abs/2412.04449>. That the shift follows from the mean is our choice.
package struct CapacityBudget: Hashable, Sendable {
  /// The mean of the shares of the layers, from 0 to 1.
  package var mean: Rational
  /// The share below which no layer falls, from 0 to 1.
  package var least: Rational

  package init(mean: Rational, least: Rational) {
    self.mean = mean
    self.least = least
  }

  /// The shares of layers whose curve has these values.
  ///
  /// - Throws: `DescriptionError` where no shift gives the mean.
  package func shares(_ curve: [Rational]) throws(DescriptionError) -> [Rational] {
    guard !curve.isEmpty else { return [] }
    guard mean >= least, mean <= .one else {
      throw .unsupported(
        key: "mod_budget", found: "\(mean)", supported: "a mean share from \(least) to 1")
    }
    let total = Formula(Int128(curve.count)) * Formula(mean)
    func clamped(_ value: Rational, _ shift: Formula) -> Formula {
      .minimum(1, .maximum(Formula(least), Formula(value) + shift))
    }
    func sum(_ shift: Formula) -> Formula { curve.map { clamped($0, shift) }.sum() }
    // Where a layer reaches either end the sum bends; between two such shifts it is linear.
    var bends: [Rational] = []
    for value in curve {
      for end in [least, .one] { bends.append(try number(Formula(end) - Formula(value))) }
    }
    bends.sort()
    // The sum grows with the shift, so the bend at which it has the total is found by halves.
    let wanted = try number(total)
    var (first, end) = (0, bends.count)
    while first < end {
      let middle = (first + end) / 2
      if try number(sum(Formula(bends[middle]))) < wanted {
        first = middle + 1
      } else {
        end = middle
      }
    }
    if first > 0, first < bends.count {
      let (low, high) = (Formula(bends[first - 1]), Formula(bends[first]))
      let (from, to) = (Formula(try number(sum(low))), Formula(try number(sum(high))))
      let shift = low + (total - from) / (to - from) * (high - low)
      return try curve.map { value throws(DescriptionError) in try number(clamped(value, shift)) }
    }
    // Every layer is at the same end.
    return curve.map { _ in mean }
  }

  private func number(_ formula: Formula) throws(DescriptionError) -> Rational {
    let value = formula.evaluated(in: [:])
    guard let number = value.constant else {
      throw .arithmetic(value.fault ?? .overflow, what: "A share under mod_budget")
    }
    return number
  }
}
