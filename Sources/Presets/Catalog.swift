/// The built-in models.
package enum Catalog {
  /// The name of every preset, in the order of the files.
  package static var names: [String] { files.map(\.name) }

  /// The preset of a name, or of a usual other spelling of it.
  ///
  /// Case, hyphens, dots and underscores do not matter, nor do a hub's owner (`meta-llama/`) and
  /// endings such as `-hf` or `-instruct`. Aliases are looked at only when no name fits.
  package static func preset(named name: String) -> Preset? {
    if let file = files.first(where: { $0.name == name }) { return Preset(parsing: file.bytes()) }
    let wanted = normalized(name)
    if let file = files.first(where: { normalized($0.name) == wanted }) {
      return Preset(parsing: file.bytes())
    }
    return all.first { preset in preset.aliases.contains { normalized($0) == wanted } }
  }

  /// Every preset.
  package static var all: [Preset] { files.compactMap { Preset(parsing: $0.bytes()) } }

  private static func normalized(_ name: String) -> String {
    var text = name.lowercased()
    if let slash = text.lastIndex(of: "/") { text = String(text[text.index(after: slash)...]) }
    text.removeAll { "-_.:".contains($0) }
    // Tuned models have the shape of their base.
    while let ending = ["hf", "instruct", "chat", "base", "it"].first(where: {
      text.hasSuffix($0) && text.count > $0.count
    }) {
      text.removeLast(ending.count)
    }
    return text
  }
}
