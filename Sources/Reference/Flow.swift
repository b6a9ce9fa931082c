/// The tokens that pass a part: some sequences, with some new tokens each.
struct Flow {
  /// Which sequences of the batch these are.
  var sequences: [Int]
  /// New tokens of each sequence.
  ///
  /// They are as many for all, but where a router lets in some of each sequence.
  let lengths: [Int]
  /// The first row of each sequence, and behind them the number of rows.
  private let starts: [Int]
  /// The position in its sequence of each row, sequence after sequence.
  var positions: [Int]
  /// The number in the vocabulary of each row's token.
  var identifiers: [Int]
  var pass: Pass
  /// Inside a router the row of each row in the whole pass, and the new tokens of a sequence there.
  var origins: [Int]?
  var allTokens: Int?

  init(
    sequences: [Int], lengths: [Int], positions: [Int], identifiers: [Int], pass: Pass
  ) {
    self.sequences = sequences
    self.lengths = lengths
    starts = lengths.reduce(into: [0]) { starts, length in
      starts.append(starts[starts.count - 1] + length)
    }
    self.positions = positions
    self.identifiers = identifiers
    self.pass = pass
  }

  /// New tokens of each sequence, where they are as many for all; otherwise of the longest.
  var tokens: Int { lengths.max() ?? 0 }

  /// The rows of a matrix that holds a vector for each token.
  var rows: Int { starts[starts.count - 1] }

  /// The rows of one sequence.
  func rows(of index: Int) -> Range<Int> { starts[index]..<starts[index + 1] }
}

/// What kind of pass runs.
package struct Pass: Hashable, Sendable {
  /// Which positions of an attention layer are computed.
  package enum Mask: String, Hashable, Sendable {
    /// All, and those that the mask hides are then set to −∞.
    case full
    /// Exactly those that the mask keeps.
    case causal
  }

  /// What latent attention caches, and in which space it multiplies.
  package enum LatentForm: String, Hashable, Sendable {
    case expanded, reexpanded, absorbed
  }

  /// Which positions of attention are computed.
  package var mask = Mask.full
  /// What latent attention caches.
  package var latentForm = LatentForm.reexpanded
  /// Whether the vocabulary is scored for the last position only.
  package var scoresLastOnly = false
  /// Whether the future of the tokens is unknown, so that routed blocks cannot compare them.
  package var isSampling = false

  package init() {}
}
