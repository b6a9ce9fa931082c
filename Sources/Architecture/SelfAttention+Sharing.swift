/// Attention whose keys and values several layers of a model attend to.
extension SelfAttention {
  /// The same, with keys and values left to later layers of a kind.
  package func lending(_ kind: String) throws(DescriptionError) -> SelfAttention {
    try requireSeparateKeys()
    var copy = self
    copy.source = .lent(kind)
    return copy
  }

  /// The same, with the keys and values that a layer before it has left to its kind, of all tokens.
  package func borrowing(_ kind: String) throws(DescriptionError) -> SelfAttention {
    try requireSeparateKeys()
    var copy = self
    let isOwn: (InputPiece) -> Bool = { $0 != .keys && $0 != .values }
    let kept = zip(inputs, layout.pieces).filter { $0.1.allSatisfy(isOwn) }
    copy.inputs = kept.map(\.0)
    copy.layout = InputLayout(kept.map(\.1))
    copy.norms = norms.filter { $0.subject != .keys && $0.subject != .values }
    (copy.keyScale, copy.valueScale) = (nil, nil)
    (copy.source, copy.seesEveryToken) = (.borrowed(kind), true)
    return copy
  }

  /// The same with no other maps and norms than those of keys and values.
  package var keysAndValues: SelfAttention {
    var copy = self
    let isOwn: (InputPiece) -> Bool = { $0 == .keys || $0 == .values }
    let kept = zip(inputs, layout.pieces).filter { $0.1.allSatisfy(isOwn) }
    copy.inputs = kept.map(\.0)
    copy.layout = InputLayout(kept.map(\.1))
    copy.norms = norms.filter { $0.subject == .keys || $0.subject == .values }
    return copy
  }

  private func requireSeparateKeys() throws(DescriptionError) {
    guard hasSeparateKeys else {
      throw .notChanged(
        "recursion", because: "keys and values of its attention do not stand by themselves",
        advice: "Take a model with separate maps for them, or leave the cache to each recursion.")
    }
  }

  /// Whether keys and values have maps of their own, and what a query sees is no more than how far
  /// back it looks.
  var hasSeparateKeys: Bool {
    let isSeparate = layout.pieces.allSatisfy { pieces in
      pieces.count == 1 || !pieces.contains(.keys) && !pieces.contains(.values)
    }
    let reachesBack =
      switch reach {
      case .all, .window: true
      case .windowBehindPrompt, .chosen, .chunk, .blocks, .bestBlocks: false
      }
    return source == .own && isSeparate && reachesBack && ahead == nil && !layout.keysAreValues
      && indexer == nil && blockIndexer == nil && convolution == nil && skipConvolutions.isEmpty
      && adapters.isEmpty && valueBias == nil && routedQueries == nil && difference == nil
      && pieceBiases.isEmpty && lengthBounds.isEmpty
      && !norms.contains { $0.subject == .queriesAndKeys }
  }
}
