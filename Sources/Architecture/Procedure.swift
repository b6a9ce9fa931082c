package import Symbolic

/// What a mixer of no common kind does beside its projections, with the extents of its operands.
package enum Procedure: Hashable, Sendable {
  /// An activation, by its name in `config.json`, of so many numbers of each token.
  case activation(String, width: Formula)
}
