package import Symbolic

/// How a state goes from token to token: each case is one algorithm, with its extents and with the
/// vectors it uses.
///
/// A scan takes values of each token in the order of `inputs`, carries its state from pass to pass,
/// and returns `width` elements for each token.
package enum Scan: Hashable, Sendable {
  /// A state `[channels, state]`, with a decay for each number and token.
  case selective(Selective)
  /// A state `[heads, headSize, state]`, with a decay for each head and token, in chunks of tokens.
  case duality(Duality)
  /// A state `[heads, keySize, valueSize]`, written by the delta rule, with a decay for each head.
  case gatedDelta(GatedDelta)
  /// A state `[heads, size, size]`, written by the delta rule, with a decay for each channel.
  case channelDelta(ChannelDelta)
  /// A state `[heads, size, size]`, with a fixed decay for each head.
  case lightning(Lightning)
  /// A state `[heads, keySize, valueSize]` and a sum of keys, with exponential gates.
  case matrixMemory(MatrixMemory)
  /// Two sums `[width]` under a common exponent.
  case weightedMean(WeightedMean)
  /// A state `[width]`, each number of which is kept and written under two gates.
  case gatedUnit(GatedUnit)

  /// `h ← e^(−e^A·Δ)·h + (Δ·x)·B`, then `y = h·C + D·x`, with `Δ = softplus(δ)`.
  ///
  /// It takes x `[channels]`, δ `[channels]`, B and C `[groups·state]`.
  ///
  /// - Source: Gu and Dao 2023, algorithm 2, <https://arxiv.org/abs/2312.00752>.
  package struct Selective: Hashable, Sendable {
    /// The channels, each with a state of its own.
    package var channels: Formula
    /// The state of one channel, *N*.
    package var state: Formula
    /// How many B and C there are, each for as many channels.
    package var groups: Formula
    /// A: `[channels, state]`.
    package var rates: Weight
    /// D: `[channels]`.
    package var skip: Weight

    package init(
      channels: Formula, state: Formula, groups: Formula = 1, rates: Weight, skip: Weight
    ) {
      self.channels = channels
      self.state = state
      self.groups = groups
      self.rates = rates
      self.skip = skip
    }
  }

  /// `h ← e^(−e^A·Δ)·h + (Δ·x)·B`, then `y = h·C + D·x`, with `Δ = softplus(δ + bias)`, as structured
  /// masked attention within chunks.
  ///
  /// It takes x `[heads·headSize]`, δ `[heads]`, B and C `[groups·state]`.
  ///
  /// - Source: Dao and Gu 2024, listing 1, <https://arxiv.org/abs/2405.21060>.
  package struct Duality: Hashable, Sendable {
    /// The heads, each with a decay of its own.
    package var heads: Formula
    /// The width of one head.
    package var headSize: Formula
    /// The state of one element of a head, *N*.
    package var state: Formula
    /// How many B and C there are, each for as many heads.
    package var groups: Formula
    /// The tokens of a chunk.
    package var chunk: Formula
    /// A, D and the bias of the time step: `[heads]`.
    package var rates: Weight
    /// D, the factor of x that passes the state by.
    package var skip: Weight
    /// What is added to a time step before its softplus.
    package var stepBias: Weight
    /// Between which bounds time steps are clamped, where tokens are scanned in chunks.
    package var steps = Bounds()

    package init(
      heads: Formula, headSize: Formula, state: Formula, groups: Formula, chunk: Formula,
      rates: Weight, skip: Weight, stepBias: Weight
    ) {
      self.heads = heads
      self.headSize = headSize
      self.state = state
      self.groups = groups
      self.chunk = chunk
      self.rates = rates
      self.skip = skip
      self.stepBias = stepBias
    }
  }

  /// `h ← a·h + √(1 − a²)·σ(i)·x`, with `ln a = −8·σ(r)·softplus(Λ)`; at the first position of a
  /// sequence a is zero, and nothing is under the root but one.
  ///
  /// It takes x, i and r, each `[width]`.
  ///
  /// - Source: De et al. 2024 (Griffin), §2.4, <https://arxiv.org/abs/2402.19427>.
  package struct GatedUnit: Hashable, Sendable {
    /// The width of the state, and of what is returned.
    package var width: Formula
    /// Λ: `[width]`.
    package var rates: Weight

    package init(width: Formula, rates: Weight) {
      self.width = width
      self.rates = rates
    }
  }

  /// The widths of the values that it takes.
  package var inputs: [Formula] {
    switch self {
    case .selective(let scan):
      [scan.channels, scan.channels, scan.groups * scan.state, scan.groups * scan.state]
    case .duality(let scan):
      [scan.width, scan.heads, scan.groups * scan.state, scan.groups * scan.state]
    case .gatedDelta(let scan): scan.inputs
    case .channelDelta(let scan): scan.inputs
    case .lightning(let scan): scan.inputs
    case .matrixMemory(let scan): scan.inputs
    case .weightedMean(let scan): scan.inputs
    case .gatedUnit(let scan): [scan.width, scan.width, scan.width]
    }
  }

  /// The width of what it returns.
  package var width: Formula {
    switch self {
    case .selective(let scan): scan.channels
    case .duality(let scan): scan.width
    case .gatedDelta(let scan): scan.width
    case .channelDelta(let scan): scan.width
    case .lightning(let scan): scan.width
    case .matrixMemory(let scan): scan.width
    case .weightedMean(let scan): scan.width
    case .gatedUnit(let scan): scan.width
    }
  }

  /// The tensors that it uses.
  package var weights: [Weight] {
    switch self {
    case .selective(let scan): [scan.rates, scan.skip]
    case .duality(let scan): [scan.rates, scan.skip, scan.stepBias]
    case .gatedDelta(let scan): scan.weights
    case .channelDelta(let scan): scan.weights
    case .lightning(let scan): scan.tables
    case .matrixMemory: []
    case .weightedMean(let scan): [scan.decay, scan.bonus]
    case .gatedUnit(let scan): [scan.rates]
    }
  }

  /// What is computed from values with these names.
  func words(_ names: [String]) -> String {
    switch self {
    case .selective(let scan):
      "h ← exp(−exp(\(scan.rates.name)) · Δ) · h + Δ · \(names[0]) · \(names[2]), "
        + "Δ = softplus(\(names[1])), h [\(scan.channels), \(scan.state)]; "
        + "h · \(names[3]) + \(scan.skip.name) · \(names[0])"
    case .duality(let scan):
      "h ← exp(−exp(\(scan.rates.name)) · Δ) · h + Δ · \(names[0]) · \(names[2]), "
        + "Δ = \(scan.steps.words("softplus(\(names[1]) + \(scan.stepBias.name))")), "
        + "h [\(scan.heads), \(scan.headSize), \(scan.state)], in chunks of \(scan.chunk); "
        + "h · \(names[3]) + \(scan.skip.name) · \(names[0])"
    case .gatedDelta(let scan): scan.words(names)
    case .channelDelta(let scan): scan.words(names)
    case .lightning(let scan): scan.words(names)
    case .matrixMemory(let scan): scan.words(names)
    case .weightedMean(let scan): scan.words(names)
    case .gatedUnit(let scan):
      "h ← a · h + √(1 − a²) · σ(\(names[1])) · \(names[0]), "
        + "a = exp(−8 · σ(\(names[2])) · softplus(\(scan.rates.name))), h [\(scan.width)]"
    }
  }
}

extension Scan.Duality {
  /// The width of what it returns.
  package var width: Formula { heads * headSize }
}

extension Bounds {
  /// A number that is kept between them, in words.
  fileprivate func words(_ number: String) -> String {
    let raised = least.map { "max(\($0), \(number))" } ?? number
    return most.map { "min(\($0), \(raised))" } ?? raised
  }
}

/// The bounds between which values are clamped, where there are some.
package struct Bounds: Hashable, Sendable {
  /// The lower bound, if there is one.
  package var least: Constant?
  /// The upper bound, if there is one.
  package var most: Constant?

  package init(least: Constant? = nil, most: Constant? = nil) {
    self.least = least
    self.most = most
  }
}
