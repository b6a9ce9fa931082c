extension Family {
  /// Families whose parameters are described, and not yet what a pass executes; and what is missing.
  static let parametersOnly: [String: String] = [
    "axk2": "the gates of its norms",
    "cpmant": "the prompt that it puts before every sequence",
    "deepseek_v4": "compressed attention and hyper-connections",
    "dots3_note_text": "the indexer of its attention",
    "gemma3n_text": "alternating updates",
    "hrm_text": "the cycles of its two stacks",
    "hy_v4": "hyper-connections",
    "inkling_text": "relative positions and convolutions around modules",
    "inkling2_text": "relative positions and convolutions around modules",
    "qwen4_exp_text": "hashed n-grams and an indexer",
    "zaya": "convolutions of queries and keys",
  ]
}
