package import Symbolic

/// The angles by which pairs of elements are turned: pair *i* of *r/2* by `p·b^(−2i/r)` at position
/// *p*, with base *b*, and rescaled where a model reads longer texts than it was first trained on.
///
/// - Source: Su et al. 2021, <https://arxiv.org/abs/2104.09864>.
package struct RotaryAngles: Hashable, Sendable {
  /// Which elements are a pair.
  package enum Pairing: Hashable, Sendable {
    /// Number *i* and number *i + r/2*.
    case halves
    /// Number *2i* and number *2i + 1*.
    case neighbours
  }

  /// How angles are rescaled.
  package enum Scaling: Hashable, Sendable {
    case none
    /// All angles are divided by a factor.
    case linear(factor: Constant)
    /// The base grows with the length beyond `original`.
    case dynamic(factor: Constant, original: Constant)
    /// Slow angles are divided, fast ones are not; cosines and sines are multiplied by `attention`.
    ///
    /// - Source: Peng et al. 2023 (YaRN), <https://arxiv.org/abs/2309.00071>.
    case yarn(Yarn)
    /// - Source: Meta 2024 (Llama 3.1), `rope_type` llama3.
    case llama3(factor: Constant, low: Constant, high: Constant, original: Constant)
    /// A factor for each pair, in two lists: up to `original` positions, and beyond.
    ///
    /// - Source: Ding et al. 2024 (LongRoPE), <https://arxiv.org/abs/2402.13753>.
    case long(short: [Constant], long: [Constant], original: Constant, attention: Constant)
    /// Only the first pairs of a head turn, a share of all of them; the others are rotated
    /// by zero.
    case proportional(share: Constant, factor: Constant)
    /// A rule that is counted and not executed.
    case other(String)

    /// Whether cosines and sines are multiplied by a constant.
    package var hasMagnitude: Bool {
      switch self {
      case .none, .linear, .dynamic, .llama3, .proportional, .other: false
      case .yarn(let yarn): !yarn.attention.isOne
      case .long(_, _, _, let attention): !attention.isOne
      }
    }
  }

  /// The constants of YaRN.
  package struct Yarn: Hashable, Sendable {
    /// By what slow angles are divided: the extended context over the original one.
    package var factor: Constant
    /// The positions of the first training.
    package var original: Constant
    /// *β* of the ramp: pairs that turn at least as often over the original context stay as they
    /// are.
    package var fast: Constant
    /// *α* of the ramp: pairs that turn at most as often are divided by the whole factor.
    package var slow: Constant
    /// The factor of cosines and sines, mostly `0.1·ln(factor) + 1`.
    package var attention: Constant
    /// Whether the ends of the ramp are rounded to whole pairs.
    package var truncates: Bool

    package init(
      factor: Constant, original: Constant, fast: Constant, slow: Constant, attention: Constant,
      truncates: Bool
    ) {
      self.factor = factor
      self.original = original
      self.fast = fast
      self.slow = slow
      self.attention = attention
      self.truncates = truncates
    }
  }

  /// The elements of a head that are rotated, *r*.
  package var size: Formula
  /// Layers with other angles have a table of another name.
  package var table: String
  /// Which elements are a pair.
  package var pairing = Pairing.halves
  /// Whether pairs turn the other way round.
  package var turnsBack = false
  /// The base *b*, `rope_theta`.
  package var base: Constant = "10000"
  /// How the angles are rescaled for longer contexts.
  package var scaling = Scaling.none
  /// Whether every angle is multiplied by a factor of its pair that the model has learned, and that a
  /// module before the layers leaves.
  ///
  /// - Source: Mistral AI 2026 (Mistral Large 4), `rotary_emb.alpha` in transformers 5.23.
  package var isStretched = false

  /// The angles alone: which elements are a pair is no matter of a table.
  package var unpaired: RotaryAngles {
    var copy = self
    copy.pairing = .halves
    return copy
  }

  package init(_ size: Formula, table: String = "") {
    self.size = size
    self.table = table
  }
}
