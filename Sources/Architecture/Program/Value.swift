package import Symbolic

/// What an operation of a program returns: `width` elements for each token of its stream.
///
/// A value has a number and no name. Its rows are the tokens of the stream that its program runs
/// on, so that a value of a program inside, which runs on other tokens, is another kind of thing.
package struct Value: Hashable, Sendable {
  /// What the rows of a value hold.
  package enum Kind: Hashable, Sendable {
    /// `[rows, width]`.
    case numbers
    /// The experts of each row with their weights: `width` of them.
    case choice
    /// Keys and values of each sequence, those of earlier passes included.
    case kept
    /// The keys that the query of each row sees.
    case keys
  }

  /// The number of the value in its program.
  package let id: Int
  /// What its rows hold.
  package let kind: Kind
  /// The elements of one row.
  package let width: Formula
}
