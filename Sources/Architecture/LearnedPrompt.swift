package import Symbolic

/// Tokens of its own that a model puts before every sequence, and whose rows nothing scores.
///
/// They stand in the token table behind the vocabulary, and are cached with the first tokens.
///
/// - Source: OpenBMB 2022 (CPM-Ant), `prompt_length`.
package struct LearnedPrompt: Hashable, Sendable {
  /// How many there are.
  package var length: Formula
  /// The row of the first in the token table.
  package var firstRow: Formula
  /// The tokens of the vocabulary; the token of number 0 is padding, which hides positions.
  package var vocabulary: Formula

  package init(length: Formula, firstRow: Formula, vocabulary: Formula) {
    self.length = length
    self.firstRow = firstRow
    self.vocabulary = vocabulary
  }
}
