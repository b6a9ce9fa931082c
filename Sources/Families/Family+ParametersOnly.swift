extension Family {
  /// Families whose parameters are described, and not yet what a pass executes; and what is missing.
  static let parametersOnly: [String: String] = [
    "bailing_hybrid": "delta attention with a decay for each channel",
    "cpmant": "the prompt that it puts before every sequence",
    "diffllama": "the difference of two attentions",
    "doge": "dynamic masks and experts of one neuron",
    "jetmoe": "experts of attention",
    "kimi_linear": "delta attention with a decay for each channel",
    "minimax_m3_vl_text": "the indexer of its attention",
    "xlstm": "the matrix memory",
  ]
}
