package import Symbolic

/// How a state goes from token to token: each case is one algorithm, with its extents and with the
/// vectors it uses.
///
/// A scan takes values of each token in the order of `inputs`, carries its state from pass to pass,
/// and returns `width` numbers for each token.
package enum Scan: Hashable, Sendable {
  /// A state `[channels, state]`, with a decay for each number and token.
  case selective(Selective)

  /// `h ← e^(−e^A·Δ)·h + (Δ·x)·B`, then `y = h·C + D·x`, with `Δ = softplus(δ)`.
  ///
  /// It takes x `[channels]`, δ `[channels]`, B and C `[state]` of each channel's group.
  ///
  /// - Source: Gu and Dao 2023, algorithm 2, <https://arxiv.org/abs/2312.00752>.
  package struct Selective: Hashable, Sendable {
    package var channels: Formula
    package var state: Formula
    /// A: `[channels, state]`.
    package var rates: Weight
    /// D: `[channels]`.
    package var skip: Weight

    package init(channels: Formula, state: Formula, rates: Weight, skip: Weight) {
      self.channels = channels
      self.state = state
      self.rates = rates
      self.skip = skip
    }
  }

  /// The widths of the values that it takes.
  package var inputs: [Formula] {
    switch self {
    case .selective(let scan): [scan.channels, scan.channels, scan.state, scan.state]
    }
  }

  /// The width of what it returns.
  package var width: Formula {
    switch self {
    case .selective(let scan): scan.channels
    }
  }

  /// The tensors that it uses.
  package var weights: [Weight] {
    switch self {
    case .selective(let scan): [scan.rates, scan.skip]
    }
  }

  /// What is computed from values with these names.
  func words(_ names: [String]) -> String {
    switch self {
    case .selective(let scan):
      "h ← exp(−exp(\(scan.rates.name)) · Δ) · h + Δ · \(names[0]) · \(names[2]), "
        + "Δ = softplus(\(names[1])), h [\(scan.channels), \(scan.state)]; "
        + "h · \(names[3]) + \(scan.skip.name) · \(names[0])"
    }
  }
}
