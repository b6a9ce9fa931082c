extension Family {
  /// Families whose parameters are described, and not what a pass executes; and why.
  package static let parametersOnly: [String: String] = [
    "blt":
      "a model of its own cuts the bytes into patches where the next byte is hard to guess, so that the "
      + "data decide how many patches there are",
    "reformer":
      "random hashes decide which keys a query meets, and a run draws others than the next",
  ]
}
