package import JSON

/// A built-in model: a published configuration, where it comes from, and what was published of it.
package struct Preset: Sendable {
  /// A figure as it stands in print.
  package struct Figure: Sendable {
    /// The path of the figure, such as `parameters.total` or `active.all`.
    package let figure: String
    /// The text as printed, such as `46.7B`.
    package let printed: String
    /// Where it stands in print.
    package let source: String
    /// Why it does not match or what it counts, if that needs saying.
    package let note: String?
    /// Whether the computed figure is known to be another.
    package let isKnownToDiffer: Bool
    /// How many leading digits a label such as "70B" means, if fewer than it shows.
    package let significantDigits: Int?
    /// Keys that the figure assumes to have other values.
    package let assumes: JSONObject
  }

  /// The name on the command line.
  package let name: String
  /// Other names, such as that of the repository on the hub.
  package let aliases: [String]
  /// The vendor's name for the series.
  package let series: String
  /// Where the configuration was published.
  package let source: String
  /// The keys of its `config.json`.
  package let configuration: JSONObject
  /// The width of a feed-forward layer or an expert over the standard 8d/3, as printed.
  package let relativeExpertSize: String?
  /// What was published of it.
  package let published: [Figure]

  /// Reads a file of the folder `presets`.
  ///
  /// Returns nil if the text is not of that form; a test reads them all.
  package init?(parsing bytes: [UInt8]) {
    guard let json = try? JSONValue(parsing: bytes), let name = json["name"]?.string,
      let series = json["family"]?.string, let source = json["source"]?.string,
      let configuration = json["config"]?.object
    else { return nil }
    self.name = name
    self.series = series
    self.source = source
    self.configuration = configuration
    relativeExpertSize = json["relative_expert_size"]?.string
    aliases = (json["aliases"]?.array ?? []).compactMap(\.string)
    published = (json["published"]?.array ?? []).compactMap { entry in
      guard let figure = entry["figure"]?.string, let printed = entry["printed"]?.string,
        let source = entry["source"]?.string
      else { return nil }
      return Figure(
        figure: figure, printed: printed, source: source, note: entry["note"]?.string,
        isKnownToDiffer: entry["matches"] == .boolean(false),
        significantDigits: entry["significant_digits"]?.integer.flatMap { Int(exactly: $0) },
        assumes: entry["with"]?.object ?? JSONObject())
    }
  }
}
