import Accounting

extension Publication {
  static let storedSizes = Publication(
    "sizes", title: "Files of packed weights",
    source: """
      llama.cpp, tools/quantize/README.md at 311c2c9; model cards of TheBloke (transcriptions); \
      https://github.com/alvarobartt/hf-mem/issues/60
      """,
    [
      bitsAWeight("llama3.1-8b", "q2_k", "3.1593"),
      bitsAWeight("llama3.1-8b", "q3_k_s", "3.6429"),
      bitsAWeight("llama3.1-8b", "q3_k_l", "4.2979"),
      bitsAWeight("llama3.1-8b", "q4_k_m", "4.8944"),
      bitsAWeight("llama3.1-8b", "q5_k_s", "5.5704"),
      bitsAWeight("llama3.1-8b", "q8_0", "8.5008"),
      size("llama3.1-8b", "q2_k", "2.95", in: gibibytes),
      size("llama3.1-8b", "q3_k_s", "3.41", in: gibibytes),
      size("llama3.1-8b", "q3_k_l", "4.02", in: gibibytes),
      size("llama3.1-8b", "q4_k_m", "4.58", in: gibibytes),
      size("llama3.1-8b", "q5_k_s", "5.21", in: gibibytes),
      size("llama3.1-8b", "q8_0", "7.95", in: gibibytes),
      size("llama3.1-8b", "q4_k_m", "4.9", in: gigabytes),
      size(
        "llama3.1-405b", "q4_k_m", "249.1", in: gigabytes,
        differs:
          "near 405.9B weights at the 8B model's 4.8944 bits (248.3); tables and head are a smaller share"
      ),
      size("llama2-7b", "q3_k_s", "2.95", in: gigabytes, level: .secondary),
      size("llama2-7b", "q3_k_l", "3.60", in: gigabytes, level: .secondary),
      size("llama2-7b", "q4_k_m", "4.08", in: gigabytes, level: .secondary),
      size("llama2-7b", "q5_k_m", "4.78", in: gigabytes, level: .secondary),
      size("llama2-7b", "q5_k_s", "4.65", in: gigabytes, level: .secondary),
      size("llama-7b", "q4_0", "3.83", in: gigabytes, level: .secondary, note: "6.7B Llama shape"),
      size("llama-7b", "q4_k_s", "3.86", in: gigabytes, level: .secondary),
      size("llama-7b", "q5_0", "4.65", in: gigabytes, level: .secondary),
      size("llama-7b", "q6_k", "5.53", in: gigabytes, level: .secondary),
      size("llama3.1-70b", "q4_0", "37.22", in: gibibytes, note: "ollama pull request 6279"),
      Reproduction(
        "llama3.1-70b q4_0", "bits a weight", "4.53", bits("llama3.1-70b", "q4_0"),
        note: "ollama pull request 6279"),
      size("mistral-7b", "awq-g128", "4.15", in: gigabytes, level: .secondary),
      size("llama2-7b", "awq-g128", "3.89", in: gigabytes, level: .secondary),
      size("mistral-7b", "gptq-g128", "4.16", in: gigabytes, level: .secondary),
      size("mistral-7b", "gptq-g32", "4.57", in: gigabytes, level: .secondary),
      size("mistral-7b", "gptq8-g32", "8.17", in: gigabytes, level: .secondary),
      Reproduction(
        "gpt-oss-120b mxfp4", "bytes of the checkpoint", "65248815744",
        .stored("gpt-oss-120b", in: "mxfp4"), note: "as hf-mem reads them"),
    ])

  private static let gigabytes = ("GB", "10^9")
  private static let gibibytes = ("GiB", "2^30")

  private static func size(
    _ preset: String, _ format: String, _ printed: String, in unit: (name: String, bytes: String),
    level: Reproduction.Level = .primary, note: String = "", differs: String? = nil
  ) -> Reproduction {
    Reproduction(
      "\(preset) \(format)", "size, \(unit.name)", printed,
      .quotient(.stored(preset, in: format), .formula(unit.bytes)), level: level, note: note,
      differs: differs)
  }

  private static func bitsAWeight(
    _ preset: String, _ format: String, _ printed: String
  ) -> Reproduction {
    Reproduction("\(preset) \(format)", "bits a weight", printed, bits(preset, format))
  }

  private static func bits(_ preset: String, _ format: String) -> Figure {
    .quotient(
      .product(.formula("8"), .stored(preset, in: format)),
      .parameters("parameters.total", of: preset))
  }

  static let cacheSizes = Publication(
    "kv", title: "Caches of keys and values",
    source: """
      https://github.com/huggingface/blog llama31.md at 0551785; \
      https://github.com/unslothai/unsloth/pull/4757
      """,
    [
      cache("llama3.1-8b", 1_024, "0.125", note: "1k is 1,024 tokens there, 16k is 16,000"),
      cache("llama3.1-8b", 16_000, "1.95"),
      cache("llama3.1-8b", 128_000, "15.62"),
      cache(
        "llama3.1-405b", 1_024, "0.984",
        differs: "printed for 16 key-value heads; the model has 8"),
      cache(
        "llama3.1-405b", 16_000, "15.38",
        differs: "printed for 16 key-value heads; the model has 8"),
      cache(
        "llama3.1-405b", 128_000, "123.05",
        differs: "printed for 16 key-value heads; the model has 8"),
      cache("gemma3-27b", 131_072, "10.41", note: "10 layers see everything, 52 a window of 1,024"),
      cache("deepseek-v3", 163_840, "10.72", note: "576 latents a layer and token"),
      cache("kimi-k2", 262_144, "17.16"),
      cache("qwen3-0.6b", 40_960, "4.38"),
    ])

  private static func cache(
    _ preset: String, _ tokens: Int128, _ printed: String, note: String = "",
    differs: String? = nil
  ) -> Reproduction {
    Reproduction(
      "\(preset), \(tokens) tokens", "cache, GiB", printed,
      .quotient(.cached(preset, tokens: tokens), .formula("2^30")), note: note, differs: differs)
  }
}
