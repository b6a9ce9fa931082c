extension Family {
  /// Families whose parameters are described, and not yet what a pass executes; and what is missing.
  static let parametersOnly: [String: String] = [
    "cpmant": "the prompt that it puts before every sequence"
  ]
}
