import Accounting

extension Publication {
  /// The texts with which this project began.
  static let founding = Publication(
    "founding", title: "Llama-2-13B beside Mixtral-8x7B, and the ratios drawn from them",
    source: "a table of parameters by module, with Kaplan et al. 2020, eq. 2.1",
    [
      Reproduction(
        "Llama-2-13B", "parameters", "13.02B", .parameters("parameters.total", of: "llama2-13b")),
      Reproduction(
        "Llama-2-13B", "LlamaAttention", "4.19B",
        .parameters("parameters.attention", of: "llama2-13b")),
      Reproduction(
        "Llama-2-13B", "LlamaMLP", "8.49B", .parameters("parameters.mlp", of: "llama2-13b")),
      Reproduction(
        "Mixtral-8x7B", "parameters", "46.70B",
        .parameters("parameters.total", of: "mixtral-8x7b")),
      Reproduction(
        "Mixtral-8x7B", "MixtralAttention", "1.34B",
        .parameters("parameters.attention", of: "mixtral-8x7b")),
      Reproduction(
        "Mixtral-8x7B", "MixtralMoeBlock", "45.10B",
        .parameters("parameters.mlp", of: "mixtral-8x7b"), note: "with the router or without"),
      Reproduction(
        "Mixtral-8x7B", "MLP over attention", "33",
        .parameters("ratios.mlp/attention", of: "mixtral-8x7b"), note: "truncated"),
      Reproduction(
        "Mixtral-8x7B", "the same, active", "8",
        .quotient(
          .parameters("active.mlp", of: "mixtral-8x7b"),
          .parameters("parameters.attention", of: "mixtral-8x7b"))),
      Reproduction(
        "Mixtral-8x7B", "active parameters", "12B", .parameters("active.all", of: "mixtral-8x7b"),
        note: "truncated; the paper says 13B"),
      Reproduction(
        "Mixtral-8x7B", "total parameters", "46B",
        .parameters("parameters.total", of: "mixtral-8x7b"), note: "truncated"),
      Reproduction(
        "Llama-2-13B", "d_ff/d_model", "2.7",
        .parameters("ratios.d_ff/d_model", of: "llama2-13b")),
      Reproduction(
        "Mixtral-8x7B", "d_ff/d_model", "3.5",
        .parameters("ratios.d_ff/d_model", of: "mixtral-8x7b")),
      Reproduction(
        "Kaplan et al.", "d_ff/d_model", "4", .formula("f/d", "f=3072 d=768"),
        note: "d_attn = d_ff/4 = d_model"),
      Reproduction(
        "MoD example", "tokens that skip, of 100", "90", .formula("T-k", "T=100 k=10")),
      Reproduction(
        "DeepSeekMoE", "GShard 2.9B against 2B", "2.9B",
        .parameters("parameters.total", of: "gshard-2b-x1.5"), level: .secondary),
    ])

  static let kaplan = Publication(
    "kaplan", title: "Scaling laws: Table 1 and the shapes it is used for",
    source: "Kaplan et al. 2020, https://arxiv.org/abs/2001.08361",
    [
      shape("(2, 128)", "393216", 2, 128), shape("(6, 4288)", "1323.9M", 6, 4288),
      shape("(48, 1600)", "1474.6M", 48, 1600), shape("(207, 768)", "1465.1M", 207, 768),
      shape("(12, 768)", "84.93M", 12, 768), shape("(36, 1280)", "707.8M", 36, 1280),
      Reproduction(
        "(12, 768)", "2N, forward FLOPs per token", "169869312",
        .flops(
          "kaplan", of: "kaplan-12x768", tokens: 1024, phase: .prefill, perToken: true),
        level: .secondary, note: "Table 1: N = 2·d·L·(2·d_attn + d_ff)"),
      Reproduction(
        "(12, 768)", "2N + 2·L·n_ctx·d_attn", "188743680",
        .flops(
          "kaplan-attention", of: "kaplan-12x768", tokens: 1024, phase: .prefill,
          perToken: true),
        level: .secondary, note: "the mask term is half of the full square"),
    ])

  private static func shape(
    _ name: String, _ printed: String, _ layers: Int, _ width: Int
  ) -> Reproduction {
    Reproduction(
      name, "N = 12·L·d²", printed, .formula("12*L*d^2", "L=\(layers) d=\(width)"),
      level: .secondary)
  }
}
