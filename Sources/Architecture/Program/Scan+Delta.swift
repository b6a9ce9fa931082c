package import Symbolic

extension Scan {
  /// The gated delta rule: `S ← e^g·S + k·β·(v − (e^g·S)ᵀk)`, then `y = Sᵀq`, with one decay for each
  /// head and token.
  ///
  /// A prompt goes in chunks, by the UT transform.
  ///
  /// - Source: Yang et al. 2024, §3.3, <https://arxiv.org/abs/2412.06464>.
  package struct GatedDelta: DeltaRule {
    /// The subscript of *L* for layers with this rule.
    package static let label = "delta"
    /// Its maps stand among those of mixers.
    package static let place = Role.Place.mixer
    /// Its tensors count under mixers.
    package static let part = Part.mixer

    /// The heads of values, as many to each head of queries and keys.
    package var heads: Formula
    /// The heads of queries and keys.
    package var keyHeads: Formula
    /// The width of one head's queries and keys.
    package var keySize: Formula
    /// The width of one head's values.
    package var valueSize: Formula
    /// The tokens of a chunk.
    package var chunk: Formula
    /// The logarithm of the rate at which each head fades: `A_log [heads]`.
    package var rates: Weight
    /// What is added to each step before its softplus: `dt_bias [heads]`.
    package var biases: Weight
    /// Whether a head writes up to twice as strongly, so that what it wrote may change its sign.
    package var writesTwice = false
    /// *ε* beside the square of a length, as every kernel of the rule fixes it.
    package var epsilon: Constant = "1e-6"

    package init(
      heads: Formula, keyHeads: Formula, keySize: Formula, valueSize: Formula, chunk: Formula,
      rates: Weight, biases: Weight
    ) {
      self.heads = heads
      self.keyHeads = keyHeads
      self.keySize = keySize
      self.valueSize = valueSize
      self.chunk = chunk
      self.rates = rates
      self.biases = biases
    }

    /// One decay for each head of values.
    package var decayWidth: Formula { heads }
    /// The rates and biases of the decays.
    package var weights: [Weight] { [biases, rates] }
    /// The recurrence as an operation of a program.
    package var scan: Scan { .gatedDelta(self) }
  }

  /// The gated delta rule with a decay for each channel of the keys: `[heads, size, size]`.
  ///
  /// - Source: Moonshot AI 2025 (Kimi Linear), §3, <https://arxiv.org/abs/2510.26692>.
  package struct ChannelDelta: DeltaRule {
    /// The subscript of *L* for layers with this rule.
    package static let label = "kda"
    /// Its maps stand among those of attention, as in the checkpoints of Kimi Linear.
    package static let place = Role.Place.attention
    /// Its tensors count under attention.
    package static let part = Part.attention

    /// How a decay comes from its projection `f`, the rate *a* of its head and the bias *b*.
    package enum Decay: Hashable, Sendable {
      /// `e^(−a·softplus(f + b))`.
      case softplus
      /// `e^(c·σ(a·(f + b)))`, where the constant *c* bounds it from below.
      case bounded(Constant)
    }

    /// The heads of queries, keys and values.
    package var heads: Formula
    /// The width of one head.
    package var size: Formula
    /// The tokens of a chunk.
    package var chunk: Formula
    /// How a decay comes from its projection.
    package var decay: Decay
    /// The logarithm of the rate of each head: `A_log`.
    package var rates: Weight
    /// The bias of each channel: `dt_bias [heads · size]`.
    package var biases: Weight
    /// *ε* beside the square of a length, as every kernel of the rule fixes it.
    package var epsilon: Constant = "1e-6"

    package init(
      heads: Formula, size: Formula, chunk: Formula, decay: Decay, rates: Weight, biases: Weight
    ) {
      self.heads = heads
      self.size = size
      self.chunk = chunk
      self.decay = decay
      self.rates = rates
      self.biases = biases
    }

    /// As many as heads of values.
    package var keyHeads: Formula { heads }
    /// The width of one head.
    package var keySize: Formula { size }
    /// The width of one head.
    package var valueSize: Formula { size }
    /// One decay for each channel of the keys.
    package var decayWidth: Formula { heads * size }
    /// The rates and biases of the decays.
    package var weights: [Weight] { [rates, biases] }
    /// The recurrence as an operation of a program.
    package var scan: Scan { .channelDelta(self) }
  }
}

extension DeltaRule {
  /// The widths of queries, keys, values, strengths and decays.
  package var inputs: [Formula] {
    [keyHeads * keySize, keyHeads * keySize, heads * valueSize, heads, decayWidth]
  }

  /// The width of what it returns.
  package var width: Formula { heads * valueSize }

  /// The elements of the state of one sequence.
  package var stateSize: Formula { heads * keySize * valueSize }
}

extension Scan.GatedDelta {
  func words(_ names: [String]) -> String {
    "S ← a · S + k · (\(writesTwice ? "2 · " : "")σ(\(names[3])) · (v − k · a · S)), "
      + "a = exp(−exp(\(rates.name)) · softplus(\(names[4]) + \(biases.name))), "
      + "S [\(heads), \(keySize), \(valueSize)]; q · S, with q of \(names[0]) and k of "
      + "\(names[1]) over their lengths, v of \(names[2])"
  }
}

extension Scan.ChannelDelta {
  func words(_ names: [String]) -> String {
    let fading: String =
      switch decay {
      case .softplus: "exp(−exp(\(rates.name)) · softplus(\(names[4]) + \(biases.name)))"
      case .bounded(let bound):
        "exp(\(bound) · σ(exp(\(rates.name)) · (\(names[4]) + \(biases.name))))"
      }
    return "S ← a ⊙ S + k · (σ(\(names[3])) · (v − k · (a ⊙ S))), a = \(fading), "
      + "S [\(heads), \(size), \(size)]; q · S, with q of \(names[0]) and k of \(names[1]) over "
      + "their lengths, v of \(names[2])"
  }
}
