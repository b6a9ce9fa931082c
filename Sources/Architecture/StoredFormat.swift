/// How a configuration says that the weights of a model are stored.
package struct StoredFormat: Hashable, Sendable {
  /// The word for the format, as `--weight-dtype` takes it.
  package let word: String
  /// Modules that stay wide although their kind is packed: names, the ends or beginnings of names,
  /// with `*` for any text between.
  package let wideModules: [String]

  package init(_ word: String, wideModules: [String] = []) {
    self.word = word
    self.wideModules = wideModules
  }

  /// Whether a module stays wide, by its full name as `model.layers.3.mlp.gate`.
  ///
  /// - Source: transformers 5.23.0, `quantizers/quantizers_utils.py`, `should_convert_module`.
  package func keepsWide(_ module: String) -> Bool {
    wideModules.contains { pattern in
      let pieces = pattern.split(separator: "*", omittingEmptySubsequences: false).map(String.init)
      return Self.matches(module, pieces)
    }
  }

  /// Whether the pieces stand in a name in order: from its beginning up to the end of a component,
  /// or up to its own end from the beginning of a component.
  private static func matches(_ name: String, _ pieces: [String]) -> Bool {
    let starts =
      [name.startIndex] + name.indices.filter { name[$0] == "." }.map { name.index(after: $0) }
    return starts.contains { start in
      guard name[start...].hasPrefix(pieces[0]) else { return false }
      var place = name.index(start, offsetBy: pieces[0].count)
      for piece in pieces.dropFirst() where !piece.isEmpty {
        guard let found = name[place...].firstRange(of: piece) else { return false }
        place = found.upperBound
      }
      if pieces.count > 1, pieces.last == "" { place = name.endIndex }
      if place == name.endIndex { return true }
      return start == name.startIndex && name[place] == "."
    }
  }
}
