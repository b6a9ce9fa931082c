extension Publication {
  static let deepseekLLM = Publication(
    "deepseek-llm", title: "Eq. 2 and Table 3: non-embedding FLOPs per token",
    source: "DeepSeek-AI 2024, https://arxiv.org/abs/2401.02954",
    rows("25.2M", "77.6M", "352M", ".43", "1.32", 8, 512)
      + rows("84.9M", "164M", "963M", ".53", "1.02", 12, 768)
      + rows("302M", "407M", "3.02B", ".60", ".81", 24, 1024)
      + rows("1.21B", "1.42B", "9.66B", ".75", ".88", 24, 2048)
      + rows("6.44B", "6.86B", "45.1B", ".85", ".91", 32, 4096)
      + rows("12.6B", "13.1B", "85.6B", ".88", ".92", 40, 5120)
      + rows("64.4B", "65.3B", "419B", ".92", ".94", 80, 8192))

  /// One row of Table 3: N₁, N₂, M and two ratios.
  private static func rows(
    _ n1: String, _ n2: String, _ m: String, _ r1: String, _ r2: String, _ layers: Int,
    _ width: Int
  ) -> [Reproduction] {
    let name = "(\(layers), \(width))"
    let sizes = "L=\(layers) d=\(width) V=102400 l=4096"
    // Any dense model of this depth and width: the convention knows nothing else.
    let heads = width / 64
    let work = Figure.flops(
      "deepseek-llm", of: "llama2-7b", tokens: 4096, perToken: true,
      with: [
        "num_hidden_layers": "\(layers)", "hidden_size": "\(width)",
        "num_attention_heads": "\(heads)", "num_key_value_heads": "\(heads)",
      ])
    return [
      Reproduction(name, "N1", n1, .formula("12*L*d^2", sizes), level: .secondary),
      Reproduction(name, "N2", n2, .formula("12*L*d^2+V*d", sizes), level: .secondary),
      Reproduction(
        name, "M", m, work, level: .secondary, note: "72·L·d² + 12·L·d·l"),
      Reproduction(
        name, "6·N1/M", r1, .quotient(.formula("72*L*d^2", sizes), work), level: .secondary),
      Reproduction(
        name, "6·N2/M", r2, .quotient(.formula("72*L*d^2+6*V*d", sizes), work),
        level: .secondary),
    ]
  }

  static let deepseekMoE = Publication(
    "deepseek-moe", title: "FLOPs per 2K or 4K tokens, and the ratios drawn from them",
    source: "Dai et al. 2024, Tables 1 to 6, https://arxiv.org/abs/2401.06066",
    [
      work("Dense 0.2B", "2.9T", "dense-0.2b", 2048), work("Hash Layer", "2.9T", "hash-2b", 2048),
      work("Switch", "2.9T", "switch-2b", 2048), work("GShard", "4.3T", "gshard-2b", 2048),
      work("DeepSeekMoE 2B", "4.3T", "deepseek-moe-2b", 2048),
      work("GShard x1.5", "5.8T", "gshard-2b-x1.5", 2048),
      work("Dense x16", "24.6T", "dense-0.2b-x16", 2048),
      work("LLaMA2 7B", "187.9T", "llama2-7b", 4096),
      work("DeepSeek 7B", "183.5T", "deepseek-7b", 4096),
      work("DeepSeek 67B", "2057.5T", "deepseek-67b", 4096),
      work("DeepSeekMoE 16B", "74.4T", "deepseek-moe-16b", 4096),
      work("GShard 137B", "572.7T", "gshard-137b", 4096),
      work("DeepSeekMoE 142B (half)", "374.6T", "deepseek-moe-142b-half", 4096),
      work(
        "DeepSeekMoE 145B", "585.6T", "deepseek-moe-145b", 4096,
        differs: "585.49T, -0.019 %; with 6·d for each active expert's centroid it is 585.59T"),
      Reproduction(
        "DeepSeekMoE 145B", "with centroids", "585.6T",
        .sum(count("deepseek-moe-145b", 4096), .formula("4096*6*62*16*4096")),
        note: "each activated expert brings d more: a hypothesis that fits"),
      ratio("16B over DeepSeek 7B", "40.5%", "deepseek-moe-16b", "deepseek-7b"),
      ratio("16B over LLaMA2 7B", "39.6%", "deepseek-moe-16b", "llama2-7b"),
      Reproduction(
        "145B over DeepSeek 67B", "FLOPs", "28.5%",
        .quotient(count("deepseek-moe-145b", 4096), count("deepseek-67b", 4096))),
      ratio("142B half over DeepSeek 67B", "18.2%", "deepseek-moe-142b-half", "deepseek-67b"),
      Reproduction(
        "DeepSeek 67B", "exact, against 2057.5T", "2057.5T",
        .flops("torch", of: "deepseek-67b", tokens: 4096),
        differs: "the convention ignores grouped queries and the real widths; a counter says 1793T"
      ),
      Reproduction(
        "145B over exact 67B", "FLOPs", "32.7%",
        .quotient(
          count("deepseek-moe-145b", 4096), .flops("torch", of: "deepseek-67b", tokens: 4096)),
        level: .secondary, note: "what 28.5 % becomes"),
      Reproduction(
        "DeepSeekMoE 16B over LLaMA2 7B", "total parameters", "245%",
        .quotient(
          .parameters("parameters.total", of: "deepseek-moe-16b"),
          .parameters("parameters.total", of: "llama2-7b")),
        differs: "16.376/6.738 is 243.0 %; 16.4/6.7 as printed is 244.8 %"),
      Reproduction(
        "combinations", "C(16, 2)", "120", .formula("16*15/2")),
      Reproduction(
        "combinations", "C(64, 8)", "4,426,165,368",
        .formula("64*63*62*61*60*59*58*57/(8*7*6*5*4*3*2)")),
    ])

  private static func count(_ preset: String, _ tokens: Int128) -> Figure {
    .flops("deepseek-moe", of: preset, tokens: tokens)
  }

  private static func work(
    _ name: String, _ printed: String, _ preset: String, _ tokens: Int128, differs: String? = nil
  ) -> Reproduction {
    Reproduction(
      name, "FLOPs per \(tokens / 1024)K tokens", printed, count(preset, tokens),
      note: "convention deepseek-moe: 6·(4 + c)·L·d² + 12·L·d·l + 6·V·d per token",
      differs: differs)
  }

  private static func ratio(
    _ name: String, _ printed: String, _ above: String, _ below: String
  ) -> Reproduction {
    Reproduction(
      name, "FLOPs", printed, .quotient(count(above, 4096), count(below, 4096)),
      note: "both under convention deepseek-moe")
  }

  static let latentAttention = Publication(
    "deepseek-v2", title: "Latent attention: the cache, and the figures of V2 and V3",
    source: "DeepSeek-AI 2024, https://arxiv.org/abs/2405.04434 and arXiv 2412.19437",
    [
      Reproduction(
        "DeepSeek-V2", "cache per token, in d_h·l", "4.5",
        .quotient(
          .pass("kv_cache.elements", of: "deepseek-v2", past: 0), .formula("128*60")),
        note: "Table 1: (d_c + d_R)·l = 4.5·d_h·l"),
      Reproduction(
        "DeepSeek-V2", "cache against 67B", "93.3%",
        .sum(
          .formula("1"),
          .product(
            .formula("-1"),
            .quotient(
              .pass("kv_cache.elements", of: "deepseek-v2"),
              .pass("kv_cache.elements", of: "deepseek-67b")))),
        differs: "82.2 % in elements; 93.3 % only with 6-bit against 16-bit elements (§3.2.3)"),
      Reproduction(
        "DeepSeek-V2", "the same in bytes of 6 and 16 bits", "93.3%",
        .sum(
          .formula("1"),
          .product(
            .formula("-6/16"),
            .quotient(
              .pass("kv_cache.elements", of: "deepseek-v2"),
              .pass("kv_cache.elements", of: "deepseek-67b"))))),
      Reproduction(
        "DeepSeek-V2", "GPU hours saved against 67B", "42.5%", .formula("1-172.8/300.6")),
      Reproduction(
        "DeepSeek-V3", "GPU hours", "2788K", .formula("2664000+119000+5000")),
      Reproduction(
        "DeepSeek-V3", "hub's 685B with MTP", "685B",
        .sum(
          .parameters("parameters.total", of: "deepseek-v3"),
          .formula("11610000000+2*927000000")), digits: 3,
        differs: "671.03 + 11.61 + 2·0.927 = 684.49B; the hub prints the next whole number"),
      Reproduction(
        "DeepSeek-V3", "active, README 36.7B", "36.7B",
        .parameters("active.without_input_embedding", of: "deepseek-v3"),
        differs: "36.63B without the input table, 37.55B with it"),
    ])
}
