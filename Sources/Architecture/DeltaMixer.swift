package import Symbolic

/// Linear attention whose state is written by a delta rule, with a gate on its output.
///
/// Queries, keys and values pass short convolutions before they meet the state; what each head
/// reads from it is normalized, gated and projected back.
///
/// - Source: Yang et al. 2024, <https://arxiv.org/abs/2412.06464>; Moonshot AI 2025 (Kimi Linear),
///   <https://arxiv.org/abs/2510.26692>.
package struct DeltaMixer<Rule: DeltaRule>: RecurrentPart {
  /// What the input maps give.
  package enum Piece: Hashable, Sendable {
    case queries, keys, values
    /// What gates the output.
    case gate
    /// How strongly each head writes, before its logistic function.
    case strengths
    /// How fast the state fades, before its function.
    case decays
  }

  /// A map of the stream, and the pieces that it gives.
  package struct Projection: Hashable, Sendable {
    /// A map in front of it, to fewer elements.
    package var down: Linear?
    /// The map that gives the pieces.
    package var map: Linear
    /// What the map gives, in the order of its rows.
    package var pieces: [Piece]

    package init(_ map: Linear, _ pieces: [Piece], down: Linear? = nil) {
      self.map = map
      self.pieces = pieces
      self.down = down
    }

    /// Both maps, the narrowing one first.
    package var maps: [Linear] { (down.map { [$0] } ?? []) + [map] }
  }

  /// How a map that gives several pieces holds them.
  package enum Order: Hashable, Sendable {
    case sideBySide
    /// For each key head its queries, its keys, and what belongs to the value heads that share it.
    case keyHeadByKeyHead
  }

  /// The subscript of *L* for layers with this rule.
  package static var label: String { Rule.label }
  /// The place of its maps among those of the model.
  package static var place: Role.Place { Rule.place }

  /// The maps of the stream; together they give every piece once.
  package var projections: [Projection]
  /// How a map that gives several pieces lays them out.
  package var order: Order
  /// The convolutions over queries, keys and values side by side: each over the channels that
  /// follow those of the one before.
  package var convolutions: [CausalConvolution]
  /// The function behind the convolutions, by its name in the configuration.
  package var activation: String?
  /// The delta rule, with its extents and its vectors.
  package var rule: Rule
  /// The norm of what each head reads.
  package var norm: Normalization
  /// What is applied to the gate before it multiplies the normalized output.
  package var gateFunction: Activation
  /// From the outputs of all heads, `[T, heads·valueSize]`, back to the stream.
  package var output: Linear

  package init(
    _ projections: [Projection], _ order: Order = .sideBySide,
    convolutions: [CausalConvolution], activation: String, rule: Rule, norm: Normalization,
    gate: Activation, output: Linear
  ) {
    self.projections = projections
    self.order = order
    self.convolutions = convolutions
    self.activation = activation
    self.rule = rule
    self.norm = norm
    gateFunction = gate
    self.output = output
  }

  /// The width of the stream, *d*.
  package var width: Formula { output.output }

  /// The tensors: projections, convolutions, the norm, and the vectors of the rule.
  package var weights: [Weight] {
    (projections.flatMap(\.maps) + [output]).weights(Rule.part)
      + convolutions.flatMap { $0.weights(Rule.part) } + norm.weights(Rule.part) + rule.weights
  }

  /// Changes the norm of its output.
  package mutating func changeNorms(_ change: (inout Normalization) -> Void) { change(&norm) }

  /// The elements of a piece for each token.
  func width(of piece: Piece) -> Formula {
    switch piece {
    case .queries, .keys: rule.keyHeads * rule.keySize
    case .values, .gate: rule.heads * rule.valueSize
    case .strengths: rule.heads
    case .decays: rule.decayWidth
    }
  }
}

/// A rule by which a state `[heads, keySize, valueSize]` fades and is written.
///
/// It takes queries, keys, values, the strengths of the writing and what the decays come from.
package protocol DeltaRule: Hashable, Sendable {
  /// A short word for layers with this rule, as a subscript of *L*.
  static var label: String { get }
  /// The place of the mixer's maps among those of the model.
  static var place: Role.Place { get }
  /// The part of the model that its tensors are of.
  static var part: Part { get }

  /// The heads of values, as many to each head of queries and keys.
  var heads: Formula { get }
  /// The heads of queries and keys.
  var keyHeads: Formula { get }
  /// The width of one head's queries and keys.
  var keySize: Formula { get }
  /// The width of one head's values.
  var valueSize: Formula { get }
  /// The elements that the decays of a token come from.
  var decayWidth: Formula { get }
  /// The vectors that the rule reads: rates and biases of the decays.
  var weights: [Weight] { get }
  /// The recurrence as an operation of a program.
  var scan: Scan { get }
}
