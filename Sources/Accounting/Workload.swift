package import Symbolic

/// One pass of a model: what kind, over how many tokens, and what a kernel computes of it.
package struct Workload: Hashable, Sendable {
  /// The kind of pass.
  package enum Phase: String, CaseIterable, Hashable, Sendable {
    /// Many tokens at once, whose keys and values are cached.
    case prefill
    /// One token after those in the cache.
    case decode
    /// Forward and backward; nothing is cached.
    case train
  }

  /// Which positions of an attention layer are counted.
  package enum Mask: String, CaseIterable, Hashable, Sendable {
    /// Every position that a dense kernel computes.
    case full
    /// Exactly the positions that the mask and the window keep.
    case causal
  }

  /// For which positions the vocabulary is scored.
  package enum Logits: String, CaseIterable, Hashable, Sendable {
    case all
    case last
  }

  /// What multi-head latent attention caches, and in which space it multiplies.
  package enum LatentForm: String, CaseIterable, Hashable, Sendable {
    /// Keys and values of every head are cached.
    case expanded
    /// The latent is cached, and expanded for the whole cache in each pass.
    case reexpanded
    /// The latent is cached, and queries and outputs are taken into its space.
    case absorbed
  }

  /// What the backward pass computes again instead of having kept it.
  package enum Recompute: String, CaseIterable, Hashable, Sendable {
    case none
    /// The scores, the softmax and the values.
    ///
    /// - Source: Korthikanti et al. 2022, <https://arxiv.org/abs/2205.05198>.
    case selective
    /// Every layer.
    case full
  }

  /// The kind of pass.
  package var phase = Phase.prefill
  /// Sequences, *B*.
  package var batch: Int128 = 1
  /// New tokens of each sequence, *T*.
  package var tokens: Int128 = 2048
  /// Tokens of each sequence that are already cached, *P*.
  package var past: Int128 = 0
  /// The lengths of sequences that stand one behind the other in each of the B rows.
  ///
  /// They do not see each other, and *T* is their sum; there are none where a row is one sequence.
  package var packed: [Int128] = []
  /// Tokens of each sequence that follow the new ones, each in a decode pass of its own, *O*.
  package var generated: Int128 = 0
  /// Which positions of attention are counted.
  package var mask = Mask.full
  /// For which positions the vocabulary is scored.
  package var logits = Logits.all
  /// What latent attention caches; of no effect on other attention.
  package var latentForm = LatentForm.reexpanded
  /// What a training step computes again; of no effect in inference.
  package var recompute = Recompute.none

  package init() {}

  /// *B*, sequences.
  package static let batch = Symbol("B")
  /// *T*, new tokens of each sequence.
  package static let tokens = Symbol("T")
  /// *P*, cached tokens of each sequence.
  package static let past = Symbol("P")
  /// *P₀*, the tokens of the first pass of a sequence, where this is a later one: what is cached, or
  /// the new tokens where others follow these.
  package static let promptLength = Symbol("P_0")
  /// *O*, tokens that follow the new ones, one pass each.
  package static let generated = Symbol("O")

  /// The values of the workload's symbols.
  package var values: [Symbol: Evaluated] {
    packedSizes.reduce(into: [
      Self.batch: Evaluated(batch), Self.tokens: Evaluated(tokens), Self.past: Evaluated(past),
      Self.generated: Evaluated(generated),
      Self.promptLength: Evaluated(past == 0 ? tokens : past),
    ]) { $0[$1.symbol] = Evaluated($1.length) }
  }
}
