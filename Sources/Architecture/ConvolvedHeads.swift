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
  /// The positions that one output of the convolution of each channel sees.
  package var channelKernel: Formula
  /// The positions that one output of the convolution of each head sees.
  package var headKernel: Formula
  /// The projection of the token before, which the first token of a sequence has of nothing.
  package var delayed: Linear

  package init(
    heads: Formula, keyValueHeads: Formula, headSize: Formula, channelKernel: Formula,
    headKernel: Formula, delayed: Linear
  ) {
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headSize = headSize
    self.channelKernel = channelKernel
    self.headKernel = headKernel
    self.delayed = delayed
  }
}
