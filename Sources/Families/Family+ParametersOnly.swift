extension Family {
  /// Families whose parameters are described, and not what a pass executes; and why.
  static let parametersOnly: [String: String] = [
    "cpmant": "it puts a learned prompt before every sequence, and every token sees all others",
    "unlimited_ocr_text":
      "its window leaves out the prompt, and a pass does not know how much of the past that is",
  ]
}
