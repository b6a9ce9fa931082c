import Accounting

extension Publication {
  static let storedSizes = Publication(
    "sizes", title: "Files of packed weights",
    source: """
      llama.cpp, tools/quantize/README.md at 311c2c9; model cards of TheBloke (transcriptions); \
      https://github.com/alvarobartt/hf-mem/issues/60; card of bartowski/phi-4-GGUF (llama.cpp b4456)
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
      bitsAWeight("llama3.1-8b", "iq1_s", "2.0042"),
      size("llama3.1-8b", "iq1_s", "1.87", in: gibibytes),
      bitsAWeight("llama3.1-8b", "iq1_m", "2.1460"),
      size("llama3.1-8b", "iq1_m", "2.01", in: gibibytes),
      bitsAWeight("llama3.1-8b", "iq2_xxs", "2.3824"),
      size("llama3.1-8b", "iq2_xxs", "2.23", in: gibibytes),
      bitsAWeight("llama3.1-8b", "iq2_xs", "2.5882"),
      size("llama3.1-8b", "iq2_xs", "2.42", in: gibibytes),
      bitsAWeight("llama3.1-8b", "iq2_m", "2.9294"),
      size("llama3.1-8b", "iq2_m", "2.74", in: gibibytes),
      bitsAWeight("llama3.1-8b", "iq3_xxs", "3.2548"),
      size("llama3.1-8b", "iq3_xxs", "3.04", in: gibibytes),
      bitsAWeight("llama3.1-8b", "iq3_xs", "3.4977"),
      size("llama3.1-8b", "iq3_xs", "3.27", in: gibibytes),
      bitsAWeight("llama3.1-8b", "iq3_m", "3.7628"),
      size("llama3.1-8b", "iq3_m", "3.52", in: gibibytes),
      bitsAWeight("llama3.1-8b", "iq4_xs", "4.4597"),
      size("llama3.1-8b", "iq4_xs", "4.17", in: gibibytes),
      bitsAWeight("llama3.1-8b", "q2_k_s", "2.9697"),
      size("llama3.1-8b", "q2_k_s", "2.78", in: gibibytes),
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
      size("phi4-14b", "q8_0", "15.58", in: gigabytes, note: "a fused map of attention"),
      size("phi4-14b", "q6_k", "12.03", in: gigabytes),
      size("phi4-14b", "q5_k_m", "10.60", in: gigabytes),
      size("phi4-14b", "q5_k_s", "10.15", in: gigabytes),
      size("phi4-14b", "q4_k_m", "9.05", in: gigabytes),
      size("phi4-14b", "q4_k_s", "8.44", in: gigabytes),
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
      https://github.com/unslothai/unsloth/pull/4757; the threads that the rows name
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
      Reproduction(
        "Qwen3.5 27B, 262144 tokens", "cache, GiB", "16.00",
        .formula("16*2*4*256*2*262144/2^30"), note: "16 layers of full attention, 4 heads of 256"),
      Reproduction(
        "GLM-5, 202752 tokens", "cache, GiB", "17.18", .formula("79*576*2*202752/2^30"),
        note: "576 latents in 79 layers"),
      legacy("Gemma-3 27B", "81.38", "K=16 d=5376 H=32 L=62 C=131072"),
      legacy("Qwen3.5 27B", "53.25", "K=4 d=5120 H=24 L=64 C=262144"),
      legacy("DeepSeek-V3.1", "2.08", "K=1 d=7168 H=128 L=61 C=163840"),
      legacy("GLM-5", "5.73", "K=1 d=6144 H=64 L=79 C=202752"),
      legacy("Qwen3-0.6B", "2.19", "K=8 d=1024 H=16 L=28 C=40960"),
    ] + measured)

  /// A formula that the pull request replaces: the width over the heads for the width of a head.
  private static func legacy(
    _ name: String, _ printed: String, _ sizes: String
  ) -> Reproduction {
    Reproduction(
      name, "the formula before, GiB", printed,
      .formula("2*K*floor(d/H)*L*C*2/2^30", sizes),
      note: "2·kv·(d // heads)·L·ctx, windows and latents ignored")
  }

  /// What engines report of their caches.
  private static let measured: [Reproduction] =
    [
      inMebibytes(
        "gemma3-1b", 32_768, "139", note: "lablup/mlxcel pull 172: 4 of 26 layers see all"),
      Reproduction(
        "gemma3-1b, 32768 tokens", "without windows, MiB", "832",
        .formula("26*2*256*2*32768/2^20"), note: "lablup/mlxcel pull 172"),
      inMebibytes("qwen3-8b", 2560, "360.00", .fp16, note: "ggml-org/llama.cpp pull 21551"),
      inMebibytes("qwen3-8b", 2560, "191.25", .q8_0, note: "ggml-org/llama.cpp pull 21551"),
      inMebibytes("qwen3-8b", 2560, "101.25", .q4_0, note: "ggml-org/llama.cpp pull 21551"),
      inMebibytes("qwen3-8b", 2560, "101.25", .iq4_nl, note: "ggml-org/llama.cpp pull 21551"),
      inMebibytes(
        "qwen2.5-32b", 32_768, "4352.00", .q8_0, note: "llama.cpp issue 11200: 64 layers"),
      inMebibytes(
        "llama-33b", 512, "1560.00", .fp32, note: "abetlen/llama-cpp-python issue 66, \"30B\""),
      inMebibytes("llama-7b", 512, "512", .fp32, note: "llama.cpp pull 294"),
      inMebibytes("llama-7b", 512, "256", .fp16, note: "llama.cpp pull 294"),
      Reproduction(
        "an encoder of 12 layers, 512 tokens", "cache, MiB", "9.00",
        .formula("12*2*384*2*512/2^20"), level: .secondary),
      Reproduction(
        "gpt-oss-120b", "bytes a token, all layers full", "73728", .formula("36*2*8*64*2"),
        note: "alvarobartt/hf-mem issue 60"),
      Reproduction(
        "gpt-oss-20b, 8192 tokens, 32 sequences", "all layers full, GiB", "12.00",
        .formula("24*2*8*64*2*8192*32/2^30"), note: "alvarobartt/hf-mem pull 70"),
      Reproduction(
        "gpt-oss-20b, 8192 tokens, 32 sequences", "cache, GiB", "6.09",
        .quotient(
          .product(.formula("32"), .cached("gpt-oss-20b", tokens: 8192)), .formula("2^30")),
        note: "alvarobartt/hf-mem pull 70: windows of 128 in every second layer"),
      Reproduction(
        "gpt-oss-20b, room for 16384 tokens", "all layers full, MiB", "768",
        .formula("24*2*8*64*2*16384/2^20"), note: "sgl-project/sglang pull 30091"),
      Reproduction(
        "gpt-oss-20b, room for 16384 tokens", "with windows, MiB", "390",
        .formula("12*2*8*64*2*(16384+256)/2^20"),
        note: "sgl-project/sglang pull 30091: room for 256 in the other 12 layers"),
      Reproduction(
        "gpt-oss-20b, room for 4096 tokens", "with windows, MiB", "102",
        .formula("12*2*8*64*2*(4096+256)/2^20"), note: "sgl-project/sglang pull 30091"),
      Reproduction(
        "Qwen3.6-27B, 262144 tokens", "cache, MiB", "16384",
        .formula("16*2*4*256*2*262144/2^20"), note: "lmstudio-bug-tracker issue 1862"),
      Reproduction(
        "52 layers of which 39 slide", "bytes a token beyond the window, q8_0", "7072",
        .formula("13*256*2*34/32"), note: "GenerelSchwerz/llama.cpp pull 62"),
      Reproduction(
        "DeepSeek-V3, keys of all heads", "elements per layer and token", "24576",
        .formula("128*(128+64)"), note: "llama.cpp pull 11397, before the latent was cached"),
      Reproduction(
        "DeepSeek-V3, values of all heads", "elements per layer and token", "16384",
        .formula("128*128"), note: "llama.cpp pull 11397"),
    ]
    + [(4096, "178"), (8192, "306"), (32_768, "1074"), (131_072, "4146")].map { tokens, printed in
      Reproduction(
        "Qwen3.5-9B, \(tokens) tokens", "cache and states, MiB", printed,
        .formula("(8*2*4*256*2*\(tokens)+24*(32*128*128*4+3*8192*4))/2^20"),
        note: "jaylfc/taOS issue 144: 8 layers of 32, states of the other 24")
    }

  private static func inMebibytes(
    _ preset: String, _ tokens: Int128, _ printed: String, _ format: NumberFormat = .bf16,
    note: String
  ) -> Reproduction {
    Reproduction(
      "\(preset), \(tokens) tokens, \(format.rawValue)", "cache, MiB", printed,
      .quotient(.cached(preset, tokens: tokens, in: format), .formula("2^20")), note: note)
  }

  private static func cache(
    _ preset: String, _ tokens: Int128, _ printed: String, note: String = "",
    differs: String? = nil
  ) -> Reproduction {
    Reproduction(
      "\(preset), \(tokens) tokens", "cache, GiB", printed,
      .quotient(.cached(preset, tokens: tokens), .formula("2^30")), note: note, differs: differs)
  }
}
