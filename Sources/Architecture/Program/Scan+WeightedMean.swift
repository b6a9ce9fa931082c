package import Symbolic

extension Scan {
  /// `Σ e^(k_j − (t − 1 − j)·w)·v_j + e^(k_t + u)·v_t` over the sum of the same weights, for each
  /// channel by itself.
  ///
  /// - Source: Peng et al. 2023 (RWKV), appendix D, <https://arxiv.org/abs/2305.13048>.
  package struct WeightedMean: Hashable, Sendable {
    /// The channels.
    package var width: Formula
    /// The logarithm of *w*: `time_decay [width]`.
    package var decay: Weight
    /// *u*: `time_first [width]`.
    package var bonus: Weight

    package init(width: Formula, decay: Weight, bonus: Weight) {
      self.width = width
      self.decay = decay
      self.bonus = bonus
    }

    /// Numerator, denominator and greatest exponent of one sequence.
    package var stateSize: Formula { 3 * width }
  }
}

extension Scan.WeightedMean {
  /// The widths of keys and values.
  package var inputs: [Formula] { [width, width] }

  func words(_ names: [String]) -> String {
    "a ← exp(−w) · a + exp(\(names[0])) · \(names[1]), b ← exp(−w) · b + exp(\(names[0])), "
      + "w = exp(\(decay.name)), both [\(width)]; (a' + exp(\(names[0]) + \(bonus.name)) · "
      + "\(names[1])) / (b' + exp(\(names[0]) + \(bonus.name))) with a' and b' of the token before"
  }
}
