package import Symbolic

/// By what the queries at position *p* are multiplied, so that scores keep their spread in long texts.
package enum PositionScale: Hashable, Sendable {
  /// `1 + β·ln(1 + ⌊p/n⌋)`, or with `p + 1` in place of *p*.
  ///
  /// - Source: Meta 2025 (Llama 4), `attn_temperature_tuning`; Mistral 2025 (Ministral 3).
  case steps(weight: Constant, length: Constant, fromOne: Bool)
  /// `e^(a·ln(1 + (p + 1)/n))`.
  ///
  /// - Source: `compute_attention_scaling` of `beam` in transformers 5.23.
  case power(exponent: Constant, length: Constant)
  /// `1 + a·ln(max(1, (p + 1)/n))`.
  ///
  /// - Source: Thinking Machines 2026 (Inkling), `log_scaling_alpha` and `log_scaling_n_floor`.
  case logarithm(weight: Constant, floor: Constant)
  /// `a·ln(p + 1) + b`, both learned for each head, `[h]`.
  ///
  /// - Source: Mistral AI 2026 (Mistral Large 4), `softmax_scaling` in transformers 5.23.
  case learned(slope: Weight, offset: Weight)

  /// The tensors: what is learned.
  package var weights: [Weight] {
    switch self {
    case .steps, .power, .logarithm: []
    case .learned(let slope, let offset): [slope, offset]
    }
  }

  /// How many factors there are at each position: one, or one for each head.
  package var width: Formula {
    switch self {
    case .steps, .power, .logarithm: 1
    case .learned(let slope, _): slope.count
    }
  }
}
