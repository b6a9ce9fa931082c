extension Family {
  /// Families whose parameters are described, and not yet what a pass executes; and what is missing.
  static let parametersOnly: [String: String] = [
    "cpmant": "the prompt that it puts before every sequence",
    "mllama_text_model": "the attention of some of its layers to an image",
    "unlimited_ocr_text": "a window that keeps the whole prompt",
  ]
}
