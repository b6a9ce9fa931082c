import Accounting

extension Publication {
  static let mixtureOfDepths = Publication(
    "mod", title: "Every other block at 12.5 %, against its baseline",
    source: "Raposo et al. 2024, https://arxiv.org/abs/2404.02258; transcriptions",
    [
      Reproduction(
        "2048 tokens", "tokens that enter", "256", .formula("floor(k*T)", "k=0.125 T=2048"),
        level: .secondary),
      Reproduction(
        "2048 tokens", "tokens that pass by", "87.5%", .formula("1-k", "k=0.125"),
        level: .secondary),
      Reproduction(
        "capacity T/2", "products of queries and keys", "25%", .formula("(1/2)^2"),
        level: .secondary),
      Reproduction(
        "mod-220m", "feed-forward layers", "0.5625",
        depth("flops.matmul.dense_mlp"), level: .secondary, note: "(1 + κ)/2"),
      Reproduction(
        "mod-220m", "attention projections", "0.5625",
        depth("flops.matmul.attention_projections"), level: .secondary, note: "(1 + κ)/2"),
      Reproduction(
        "mod-220m", "attention core, full mask", "0.5078",
        depth("flops.matmul.attention_scores_and_values"), level: .secondary,
        note: "(1 + κ²)/2"),
      Reproduction(
        "mod-220m", "KV cache", "0.5625", depth("kv_cache.elements"), level: .secondary),
      Reproduction(
        "217M shape", "speed-up by FLOPs, full mask", "1.68x", speedup(.full),
        level: .secondary, note: "the paper's 66 % lies between; its shape is not printed"),
      Reproduction(
        "217M shape", "speed-up by FLOPs, causal mask", "1.64x", speedup(.causal),
        level: .secondary, note: "matrix products with the head"),
    ])

  private static func depth(_ path: String) -> Figure {
    .quotient(
      .pass(path, of: "mod-220m", tokens: 2048), .pass(path, of: "dense-220m", tokens: 2048))
  }

  private static func speedup(_ mask: Workload.Mask) -> Figure {
    .quotient(
      .pass("flops.matmul.total", of: "dense-220m", tokens: 2048, mask: mask),
      .pass("flops.matmul.total", of: "mod-220m", tokens: 2048, mask: mask))
  }

  static let switchTransformer = Publication(
    "switch", title: "Encoder-decoder sizes by formula",
    source: "Fedus et al. 2021, Table 9, https://arxiv.org/abs/2101.03961; GShard, Table 1",
    [
      t5("T5-Base", "0.2B", 12, 768, 2048, 12, experts: 1),
      t5("T5-XXL", "11B", 24, 4096, 10240, 64, experts: 1),
      t5("T5-Large", "0.7B", 24, 1024, 2816, 16, experts: 1, note: "truncated"),
      t5("Switch-Base", "7B", 12, 768, 2048, 12, experts: 128),
      t5(
        "Switch-Large", "26B", 24, 1024, 2816, 16, experts: 128,
        differs: "27.12B; the expert weights alone are 26.57B"),
      t5(
        "Switch-XXL", "395B", 24, 4096, 10240, 64, experts: 64,
        differs: "64 experts give 201B; 128 experts give 394.5B"),
      t5("Switch-XXL with 128 experts", "395B", 24, 4096, 10240, 64, experts: 128),
      Reproduction(
        "GShard Table 1", "experts in total, 36 layers", "36684", .formula("18*2048"),
        level: .secondary, differs: "18·2048 is 36864: two digits are swapped"),
      Reproduction(
        "GShard Table 1", "experts in total, 12 layers", "12228", .formula("6*2048"),
        level: .secondary, differs: "6·2048 is 12288: two digits are swapped"),
      Reproduction(
        "DBRX", "combinations over Mixtral's", "65x",
        .formula("16*15*14*13/24/(8*7/2)")),
    ])

  /// An encoder and a decoder of `layers` layers each, gated, every second layer sparse.
  private static func t5(
    _ name: String, _ printed: String, _ layers: Int, _ width: Int, _ inner: Int, _ heads: Int,
    experts: Int, note: String = "", differs: String? = nil
  ) -> Reproduction {
    Reproduction(
      name, "parameters", printed,
      .formula(
        "L*12*d*h*64+L*3*d*f*(1+E)+V*d",
        "L=\(layers) d=\(width) h=\(heads) f=\(inner) E=\(experts) V=32128"),
      note: note.isEmpty ? "norms, biases and routers left out" : note, differs: differs)
  }
}
