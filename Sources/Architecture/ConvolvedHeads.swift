package import Symbolic

/// What compressed convolutional attention does to queries, keys and values beside projecting them.
///
/// The channels `[h·d_h + g·d_h]` of queries and keys are convolved one by one, then head by head;
/// means of the unconvolved ones are added, and heads are scaled to one length. Half of the values
/// is projected from the token before.
///
/// - Source: Figliolia et al. 2025 (CCA), §3, <https://arxiv.org/abs/2510.04476>.
package struct ConvolvedHeads: Hashable, Sendable {
  package var heads: Formula
  package var keyValueHeads: Formula
  package var headSize: Formula
  package var queries: Linear
  package var keys: Linear
  /// The half of the values that is of the token itself.
  package var current: Linear
  /// The half that is of the token before; the first token of a sequence has it of nothing.
  package var delayed: Linear
  /// The convolution of each channel: the positions that one output sees, weight and bias.
  package var channelKernel: Formula
  package var channelWeight: Weight
  package var channelBias: Weight
  /// The convolution of each head.
  package var headKernel: Formula
  package var headWeight: Weight
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

  package var maps: [Linear] { [queries, keys, current, delayed] }

  package var convolutions: [Weight] { [channelWeight, channelBias, headWeight, headBias] }

  package var vectors: [Weight] { convolutions + [keyScale] }

  /// The channels that are convolved.
  package var channels: Formula { (heads + keyValueHeads) * headSize }
}
