package import Symbolic

/// A causal convolution over each channel of a sequence by itself.
package struct CausalConvolution: Hashable, Sendable {
  package var name: String
  package var channels: Formula
  /// The positions that one output sees.
  package var kernel: Formula
  package var hasBias: Bool
  /// Whether `silu` follows.
  package var isActivated: Bool
  /// Whether one token is multiplied element by element with the inputs before it, and several
  /// tokens see none of these.
  package var forgetsPast = false

  package init(
    _ name: String, channels: Formula, kernel: Formula, bias: Bool, activated: Bool
  ) {
    self.name = name
    self.channels = channels
    self.kernel = kernel
    hasBias = bias
    isActivated = activated
  }

  /// The tensors: `[channels, 1, kernel]`, and a bias `[channels]` if there is one.
  package func weights(_ part: Part) -> [Weight] {
    let weight = Weight("\(name).weight", [channels, 1, kernel], part)
    return hasBias ? [weight, Weight("\(name).bias", [channels], part)] : [weight]
  }
}

/// How a mixer carries its state from token to token, with the extents of the state.
package enum Recurrence: Hashable, Sendable {
  /// `[channels, state]`, with a decay for each number and token.
  case selective(channels: Formula, state: Formula)
  /// `[heads, keySize, valueSize]`, written by the delta rule, in chunks of tokens.
  case delta(heads: Formula, keySize: Formula, valueSize: Formula, chunk: Formula)
  /// `[heads, size, size]` with a fixed decay for each head, in blocks of tokens.
  case lightning(heads: Formula, size: Formula, block: Formula)
  /// `[heads, size, size]`, written by the delta rule, with a decay for each channel of the keys.
  case channelDelta(heads: Formula, size: Formula, chunk: Formula, decay: ChannelDecay)
  /// `[heads, keySize, valueSize]` and a sum of keys for each head, in whole chunks and then token
  /// by token; a prompt of more than `longest` tokens is taken in pieces of that length.
  case matrixMemory(
    heads: Formula, keySize: Formula, valueSize: Formula, chunk: Formula, longest: Formula)
  /// `[width]`, with a gate on what is kept and one on what is added.
  case gatedUnit(width: Formula)
  /// A weighted mean of values, `[width]`, whose inputs of width `input` are mixed with those of
  /// the token before.
  case receptance(input: Formula, width: Formula)
}

/// How a decay for each channel comes from its projection `f`.
package enum ChannelDecay: Hashable, Sendable {
  /// `e^(−a·softplus(f + b))`, with a rate *a* for each head and a bias *b* for each channel.
  ///
  /// - Source: Moonshot AI 2025 (Kimi Linear), §3, <https://arxiv.org/abs/2510.26692>.
  case softplus
  /// `e^(c·σ(a·(f + b)))`, where the constant *c* bounds it from below.
  case bounded
}
