import Symbolic

/// A way of counting the FLOPs of a pass that somebody uses: data, formula and source.
///
/// Two tools that are both right differ by up to 1.6 times on one model, because each leaves other
/// things in or out. A convention says which, so that a printed number can be read.
package struct Convention: Sendable {
  /// What is multiplied with every token.
  enum Projections: Hashable, Sendable {
    /// Two operations for each weight of these parts that a token meets.
    case products(Set<Product.Part>)
    /// Two operations for each parameter that a token meets, with the tables or not.
    case parameters(includingTables: Bool, norms: Norms)
    /// `(4 + c)·d²` for each layer, whatever its real heads and widths.
    case squares(isDense: Bool)
  }

  /// Which norms count among the parameters.
  enum Norms: Hashable, Sendable {
    case none
    /// The one before the head.
    case last
    case all
  }

  /// What attention costs for a query and all keys, `4·h·d_h·S` at the most.
  enum Attention: Hashable, Sendable {
    case none
    /// Every position of the square; *min(S, W)* keys where the tool knows the window.
    case full(Windows = .none)
    /// The same, twice the scores instead of scores and values.
    case fullScores(Windows)
    /// Half of the square of the new tokens; half of *T·min(T, W)* where the tool knows the window.
    case half(Windows = .none)
    /// Half of the square; *T·W − W²/2* and half of each chunk's square where the tool knows them.
    case area(Windows)
    /// Exactly the positions that the mask keeps.
    case kept
    /// `4·L·d·S`, the square for as many heads as fill the model's width.
    case modelWidth
  }

  /// The models of whose windows a tool knows.
  enum Windows: Hashable, Sendable {
    case none
    case all
    case ofTypes(Set<String>)
  }

  /// How many products as large as the state a recurrence counts for a token.
  struct StateProducts: Hashable, Sendable {
    /// Of the delta rule with one decay for each head.
    var delta: Formula
    /// Of the delta rule with a decay for each channel.
    var channelDelta: Formula
  }

  /// How the tables of tokens count.
  enum Table: Hashable, Sendable {
    /// As a look-up, which is nothing.
    case none
    /// As a product of one-hot rows with the table, `2·V·d`.
    case product
    /// `4·d`.
    case fourWidths
  }

  /// How the figure comes about.
  enum Method: Hashable, Sendable {
    /// From the ledger: all rows, or its matrix products alone, or half of them.
    case ledger(Ledger)
    case terms(Terms)
  }

  enum Ledger: Hashable, Sendable {
    case everything
    case products
    case multiplyAdds
  }

  struct Terms: Hashable, Sendable {
    var projections: Projections
    var attention: Attention
    var states: StateProducts?
    /// Operations of the softmax for each score.
    var softmax: Formula = 0
    var table = Table.none
    var hasHead = true
    /// How often the work of a forward pass counts in a training step, and how often the head's.
    var training: Formula = 3
    var headTraining: Formula = 3
  }

  /// The word for it after `--convention`.
  package let name: String
  let method: Method
  /// What a forward pass costs, in the symbols of `docs/notation.md`.
  package let formula: String
  /// What it leaves in and out, in words.
  package let scope: String
  /// The paper, or the file of a tool, that counts so.
  package let source: String
  /// When or at which commit the source said so.
  package let state: String

  init(
    _ name: String, _ method: Method, formula: String, scope: String, source: String,
    state: String
  ) {
    self.name = name
    self.method = method
    self.formula = formula
    self.scope = scope
    self.source = source
    self.state = state
  }

  /// The convention of a name.
  package static func named(_ name: String) -> Convention? { all.first { $0.name == name } }
}
