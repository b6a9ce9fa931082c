package import Symbolic

/// What chooses among experts: a gate, and what its family stores beside it.
package struct Router: Hashable, Sendable {
  /// How a token's experts are chosen from the scores.
  package enum Rule: Hashable, Sendable {
    /// The highest scores of each token.
    case tokenChoice
    /// A fixed hash of the token; there is nothing to learn.
    case hash
    /// The highest scores of each expert, so that every expert takes as many tokens.
    ///
    /// - Source: Zhou et al. 2022, <https://arxiv.org/abs/2202.09368>.
    case expertChoice
  }

  /// How the gate's elements become weights of experts.
  package enum Scoring: Hashable, Sendable {
    /// The softmax over all experts; the chosen keep their share.
    case softmax
    /// The highest elements are chosen first; the softmax is over them alone.
    case softmaxOfChosen
    /// The logistic function of each number.
    case sigmoid
    /// The highest elements are chosen first; the logistic function is of them alone.
    case sigmoidOfChosen
    /// The root of `ln(1 + eˣ)` of each number.
    case rootOfSoftplus
    /// The elements themselves.
    case raw
    /// One expert after the other: the highest number, and its share of the softmax over those that
    /// are at most so far below it, relative to the greater of both.
    ///
    /// - Source: Liu et al. 2024 (SparseMixer-v2), <https://arxiv.org/abs/2409.12136>.
    case oneByOne(bound: Constant)
  }

  /// What the weights of the chosen experts are divided by, where that is not their sum.
  package enum Divisor: Hashable, Sendable {
    case sum
    /// The root of the sum of their squares.
    case rootOfSquares
    /// The *p*-th root of the sum of their *p*-th powers.
    case norm(Constant)
    /// The sum, with those of experts that every token meets; computed as the exponential of the
    /// weights' logarithms less that of their sum.
    case sumOfLogarithms
  }

  /// How experts are chosen.
  package var rule: Rule
  /// The maps from `[T, d]` to one score for each expert.
  package var gates: [Linear]
  /// How scores become weights.
  package var scoring = Scoring.softmax
  /// Whether the weights of the chosen experts are divided by their sum, or another divisor.
  package var normalizes = false
  /// What the weights are divided by, where `normalizes` is set.
  package var divisor = Divisor.sum
  /// What their sum is taken to be at least then, if anything.
  package var leastSum: Constant?
  /// *c*, if the gate's elements are bounded by `c·tanh(s/c)` first.
  package var cap: Constant?
  /// What the weights are multiplied by, if anything.
  package var scale: Constant?
  /// The experts of each token of the vocabulary, where a table of them is stored; without it a hash
  /// of the token's number is computed.
  package var table: Weight?
  /// A bias for each expert that is added for the choice, and not for the weight, if there is one.
  package var correction: Weight?
  /// Whether the score of an expert is the sum of two, so that the gates give no score of one.
  package var addsScores = false
  /// A small network between what it reads and its gates, if there is one.
  package var network: RouterNetwork?
  /// A map of the scores of the router before, which is added to its own.
  ///
  /// - Source: Jin et al. 2024 (MoE++), eq. 6, <https://arxiv.org/abs/2410.07348>.
  package var residual: Linear?
  /// Whether the router after it reads its scores.
  package var leavesScores = false
  /// A norm of what it reads, before its gates.
  package var norm: Normalization?
  /// A learned vector that this is multiplied with, if any.
  package var inputVector: Weight?
  /// A constant that it is multiplied with then, if any.
  package var inputScale: Constant?
  /// Whether it reads the stream, and not what the norms of its block make of it.
  package var readsStream = false
  /// A learned factor of the weight of each expert, if any.
  package var expertScale: Weight?
  /// A learned factor of all weights, `[1]`, if any.
  package var factor: Weight?
  /// The number of groups of which only some are considered, if the choice is group-limited.
  package var groups: Formula?
  /// The number of groups that are considered, where not all are.
  package var keptGroups: Formula?
  /// How many of a group's best scores are added up to its own: 1 is its best.
  package var groupBest: Formula = 1
  /// Whether the experts of the other groups have a score of zero, which may still be among the
  /// best, and not of −∞.
  package var keepsOthersAtZero = false

  package init(_ gates: [Linear], correction: Weight? = nil, rule: Rule = .tokenChoice) {
    self.rule = rule
    self.gates = gates
    self.correction = correction
  }

  /// The tensors: network, gates, norm, and biases and factors beside them.
  package var weights: [Weight] {
    (network?.weights ?? []) + gates.weights(.router)
      + [residual].compactMap(\.self).weights(.router) + (norm?.weights(.router) ?? [])
      + besides
  }

  /// Biases and factors beside the gates.
  package var besides: [Weight] {
    [inputVector, expertScale, correction, factor, table].compactMap(\.self)
  }
}

/// A network of a router: a map of low rank, the state of the router of the layer before, a norm, and
/// maps with an activation behind each.
///
/// - Source: Zyphra 2025 (ZAYA1), `ZayaRouter` of transformers 5.23.
package struct RouterNetwork: Hashable, Sendable {
  /// From `[T, d]` to the width of the network.
  package var down: Linear
  /// What the state of the router before is multiplied with; the first router has none.
  package var stateScale: Weight?
  /// The norm of its state.
  package var norm: Normalization
  /// The maps behind the norm, each followed by the activation.
  package var maps: [Linear]
  /// The function behind each of these maps.
  package var activation: Activation

  package init(
    down: Linear, stateScale: Weight?, norm: Normalization, maps: [Linear], activation: Activation
  ) {
    self.down = down
    self.stateScale = stateScale
    self.norm = norm
    self.maps = maps
    self.activation = activation
  }

  /// The maps, the norm, and the factor of the state before.
  package var weights: [Weight] {
    ([down] + maps).weights(.router) + norm.weights(.router) + [stateScale].compactMap(\.self)
  }
}
