extension Publication {
  static let chinchilla = Publication(
    "chinchilla", title: "Table A4: FLOPs of this count over 6·N·D",
    source: "Hoffmann et al. 2022, https://arxiv.org/abs/2203.15556",
    [
      a4("73M", "1.03", 10, 640, 2560, 10), a4("305M", "1.10", 20, 1024, 4096, 16),
      a4("552M", "1.08", 24, 1280, 5120, 10), a4("1.1B", "1.04", 26, 1792, 7168, 14),
      a4("1.6B", "1.03", 28, 2048, 8192, 16), a4("6.8B", "0.99", 40, 3584, 14336, 28),
      Reproduction(
        "Gopher", "training FLOPs", "6.3e23",
        .product(
          .formula(
            "6*(L*(5*d^2+2*d*f+10*d)+V*d)", "L=80 d=16384 f=65536 V=32000"),
          .formula("300000000000")),
        level: .secondary,
        differs: "6.3e23 and 5.76e23 are printed for one model; neither follows from its shape"),
    ])

  /// A row of the table, whose text counts head and tables and whose figures do not.
  private static func a4(
    _ name: String, _ printed: String, _ layers: Int, _ width: Int, _ inner: Int, _ heads: Int
  ) -> Reproduction {
    let sizes = [
      "n_layer": "\(layers)", "n_embd": "\(width)", "n_inner": "\(inner)", "n_head": "\(heads)",
      "vocab_size": "32000",
    ]
    return Reproduction(
      name, "ratio", printed,
      .quotient(
        .flops("chinchilla-a4", of: "gpt2", tokens: 2048, perToken: true, with: sizes),
        .formula(
          "6*(L*(5*d^2+2*d*f+10*d)+V*d)", "L=\(layers) d=\(width) f=\(inner) V=32000")),
      level: .secondary, note: "convention chinchilla-a4: without head and tables")
  }

  static let palm = Publication(
    "palm", title: "PaLM: sizes and model FLOPs utilisation",
    source: "Chowdhery et al. 2022, Table 1 and appendix B, https://arxiv.org/abs/2204.02311",
    [
      palmSize("8B", "8.63B", 32, 16, 4096), palmSize("62B", "62.50B", 64, 32, 8192),
      palmSize("540B", "540.35B", 118, 48, 18432),
      Reproduction(
        "540B", "MFU without attention", "45.7%", utilization(attention: "0"),
        level: .secondary, note: "6·N per token; 238.3K tokens/s on 6144 chips of 275T"),
      Reproduction(
        "540B", "MFU with attention", "46.2%", utilization(attention: "12*L*h*q*T"),
        level: .secondary, note: "12·L·H·Q·T is the full square: half would give 45.98 %"),
      Reproduction(
        "MT-NLG 530B", "MFU without attention", "29.7%",
        .formula("65430*6*530000000000/(2240*312000000000000)"), level: .secondary,
        note: "truncated"),
    ])

  private static let palmFormula = "L*(2*d*h*q+2*d*q+12*d^2)+V*d"

  private static func palmSize(
    _ name: String, _ printed: String, _ layers: Int, _ heads: Int, _ width: Int
  ) -> Reproduction {
    Reproduction(
      name, "parameters", printed,
      .formula(palmFormula, "L=\(layers) d=\(width) h=\(heads) q=256 V=256000"),
      level: .secondary)
  }

  private static func utilization(attention: String) -> Figure {
    .formula(
      "238300*(6*(\(palmFormula))+\(attention))/(6144*275000000000000)",
      "L=118 d=18432 h=48 q=256 V=256000 T=2048")
  }

  static let llama = Publication(
    "llama", title: "LLaMA: the width rule, and training",
    source: "meta-llama/llama, llama/model.py; Llama 3 herd of models, arXiv 2407.21783",
    [
      width("LLaMA 7B", "11008", 4096, "1", 256), width("LLaMA 13B", "13824", 5120, "1", 256),
      width("LLaMA 33B", "17920", 6656, "1", 256), width("LLaMA 65B", "22016", 8192, "1", 256),
      width("Llama 2 70B", "28672", 8192, "1.3", 4096),
      width("Llama 3 8B", "14336", 4096, "1.3", 1024),
      width("Llama 3.1 405B", "53248", 16384, "1.2", 4096),
      width("Llama 3.2 1B", "8192", 2048, "1.5", 256),
      width("Llama 3.2 3B", "8192", 3072, "1", 256),
      Reproduction(
        "Llama 3.1 405B", "training FLOPs", "3.8e25",
        .product(
          .parameters("parameters.total", of: "llama3.1-405b"), .formula("6*15600000000000")),
        level: .secondary, note: "6·N·D"),
      Reproduction(
        "Llama 2 7B", "sku_list.py", "7.24B", .parameters("parameters.total", of: "llama2-7b"),
        differs:
          "Meta's list says 8 key-value heads and a multiplier of 1.3; the real 7B has neither"
      ),
    ])

  private static func width(
    _ name: String, _ printed: String, _ width: Int, _ multiplier: String, _ multiple: Int
  ) -> Reproduction {
    Reproduction(
      name, "d_ff", printed,
      .formula("m*ceil(floor(r*floor(8*d/3))/m)", "d=\(width) r=\(multiplier) m=\(multiple)"),
      note: "int(8·d/3), times the multiplier, in whole multiples")
  }
}
