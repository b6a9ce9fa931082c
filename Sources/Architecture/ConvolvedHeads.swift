package import Symbolic

/// What compressed convolutional attention does to queries, keys and values beside projecting them.
///
/// The channels `[h·d_h + g·d_h]` of queries and keys are convolved one by one, then head by head;
/// means of the unconvolved ones are added, and heads are scaled to one length. Half of the values
/// is projected from the token before.
///
/// - Source: Figliolia et al. 2025 (CCA), §3, <https://arxiv.org/abs/2510.04476>.
package struct ConvolvedHeads: Hashable, Sendable {
  /// Query heads, *h*.
  package var heads: Formula
  /// Key-value heads, *g*.
  package var keyValueHeads: Formula
  /// The width of one head, *d_h*.
  package var headSize: Formula
  /// From the residual stream to queries, `[T, h·d_h]`.
  package var queries: Linear
  /// From the residual stream to keys, `[T, g·d_h]`.
  package var keys: Linear
  /// The half of the values that is of the token itself.
  package var current: Linear
  /// The half that is of the token before; the first token of a sequence has it of nothing.
  package var delayed: Linear
  /// The convolution of each channel: the positions that one output sees, weight and bias.
  package var channelKernel: Formula
  /// The kernel of the convolution by channel, `[channels, 1, kernel]`.
  package var channelWeight: Weight
  /// Its bias, `[channels]`.
  package var channelBias: Weight
  /// The convolution of each head.
  package var headKernel: Formula
  /// The kernel of the convolution by head, `[channels, d_h, kernel]`: channels of one head mix.
  package var headWeight: Weight
  /// Its bias, `[channels]`.
  package var headBias: Weight
  /// What the keys of each head are multiplied with in the end.
  package var keyScale: Weight

  package init(
    heads: Formula, keyValueHeads: Formula, headSize: Formula, queries: Linear, keys: Linear,
    current: Linear, delayed: Linear, channelKernel: Formula, channelWeight: Weight,
    channelBias: Weight, headKernel: Formula, headWeight: Weight, headBias: Weight,
    keyScale: Weight
  ) {
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headSize = headSize
    self.queries = queries
    self.keys = keys
    self.current = current
    self.delayed = delayed
    self.channelKernel = channelKernel
    self.channelWeight = channelWeight
    self.channelBias = channelBias
    self.headKernel = headKernel
    self.headWeight = headWeight
    self.headBias = headBias
    self.keyScale = keyScale
  }

  /// What its maps give.
  package var pieces: [InputPiece] { [.queries, .keys, .values] }

  /// The four projections, in the order of the checkpoint.
  package var maps: [Linear] { [queries, keys, current, delayed] }

  /// The tensors of both convolutions.
  package var convolutions: [Weight] { [channelWeight, channelBias, headWeight, headBias] }

  /// Every tensor beside the projections.
  package var vectors: [Weight] { convolutions + [keyScale] }

  /// The channels that are convolved.
  package var channels: Formula { (heads + keyValueHeads) * headSize }
}
