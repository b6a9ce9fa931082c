package import Symbolic

/// What a mixer of no common kind does beside its projections, with the extents of its operands.
package enum Procedure: Hashable, Sendable {
  /// An activation, by its name in `config.json`, of so many numbers of each token.
  case activation(String, width: Formula)
}

extension Mixer {
  /// Nothing but a procedure.
  package init(_ procedure: Procedure) {
    self.init(.other, linears: [], vectors: [])
    self.procedure = procedure
  }
}

extension Branch {
  /// The same module under a longer name.
  package func within(_ outer: String) -> Branch {
    var copy = self
    copy.path = path.isEmpty ? outer : "\(outer).\(path)"
    return copy
  }
}
