/// Models in which some experts compute nothing, and runs of models with experts.
extension Publication {
  static let longcat = Publication(
    "longcat", title: "LongCat-Flash: parameters that a token meets with zero experts",
    source:
      "meituan-longcat/LongCat-Flash-Chat, README; Meituan 2025, https://arxiv.org/abs/2509.01322",
    [
      Reproduction(
        "LongCat-Flash", "parameters", "560B",
        .sum(
          longcatFigure("parameters.total"), .formula("0-28*256*2*f*d", "f=2048 d=6144")),
        note: "without the maps that transformers allocates for zero experts; truncated"),
      Reproduction(
        "LongCat-Flash", "active parameters, at the most", "31.3B",
        longcatFigure("active.without_input_embedding"),
        note: "all 12 experts of a token compute; without the input table, truncated"),
      Reproduction(
        "LongCat-Flash", "active parameters, on the mean", "27B",
        longcatFigure("active.without_input_embedding", ["moe_topk": "8"]),
        note: "8 of 12 compute"),
      Reproduction(
        "LongCat-Flash", "active parameters, at the least", "18.6B",
        // Four experts fewer lower the figure by a third of what all twelve are.
        .sum(
          longcatFigure("active.without_input_embedding"),
          .product(
            .formula("0-3"),
            .sum(
              longcatFigure("active.without_input_embedding"),
              .product(
                .formula("0-1"),
                longcatFigure("active.without_input_embedding", ["moe_topk": "8"]))))),
        note: "none computes; without the input table, truncated"),
      Reproduction(
        "LongCat-Flash", "experts of a token that compute, on the mean", "8",
        .quotient(.formula("K*E", "K=12 E=512"), .formula("E+Z", "E=512 Z=256")),
        note: "if it chooses evenly"),
    ])

  private static func longcatFigure(_ path: String, _ keys: [String: String] = [:]) -> Figure {
    let shape = [
      "model_type": "longcat_flash", "num_layers": "28",
      "hidden_size": "6144",
      "ffn_hidden_size": "12288", "expert_ffn_hidden_size": "2048", "num_attention_heads": "64",
      "q_lora_rank": "1536", "kv_lora_rank": "512", "n_routed_experts": "512",
      "zero_expert_num": "256", "moe_topk": "12", "vocab_size": "131072",
    ]
    return .parameters(path, of: "deepseek-v3", with: shape.merging(keys) { $1 })
  }

  static let zeroComputationSizes = Publication(
    "moe++-sizes", title: "MoE++: parameters with zero, copy and constant experts",
    source: "Jin et al. 2024, Table 2, https://arxiv.org/abs/2410.07348",
    [
      mixed("0.6B/(8+4)E", "total", "0.6B", 12, 768, 2048, 12, 8),
      mixed("0.6B/(8+4)E", "active", "0.2B", 12, 768, 2048, 12, 8),
      mixed("1B/(16+4)E", "total", "1B", 12, 768, 2048, 12, 16),
      mixed("1B/(16+4)E", "active", "0.2B", 12, 768, 2048, 12, 16),
      mixed("7B/(16+4)E", "total", "7B", 24, 1536, 4096, 16, 16),
      mixed("7B/(16+4)E", "active", "1.2B", 24, 1536, 4096, 16, 16),
    ])

  private static func mixed(
    _ name: String, _ kind: String, _ printed: String, _ layers: Int, _ width: Int, _ inner: Int,
    _ heads: Int, _ experts: Int
  ) -> Reproduction {
    Reproduction(
      name, "\(kind) parameters", printed,
      .parameters(
        kind == "total" ? "parameters.total" : "active.without_input_embedding",
        of: "mode-integrated",
        with: [
          "num_hidden_layers": "\(layers)", "hidden_size": "\(width)",
          "moe_intermediate_size": "\(inner)", "intermediate_size": "\(inner)",
          "num_attention_heads": "\(heads)", "num_key_value_heads": "\(heads)",
          "head_dim": "\(width / heads)", "mlp_gated": "true", "vocab_size": "65536",
          "mod_every": "1", "mod_offset": "0", "num_experts": "\(experts)",
          "num_experts_per_tok": "2", "num_noop_experts": "1", "num_copy_experts": "1",
          "num_constant_experts": "2", "moe_gating_residual": "true",
        ]), level: .secondary,
      note: kind == "total"
        ? "1 zero, 1 copy, 2 constant; truncated where not rounded"
        : "printed as the most; without the input table")
  }

  static let openMixture = Publication(
    "openmoe", title: "OpenMoE: parameters with every fourth or sixth layer of experts",
    source: "XueFuzhao/OpenMoE, paper, Table 11",
    [
      openMoE("Base/16E", "650M", "table", differs: "629M with one table, 826M with both"),
      openMoE("Base/16E", "339M", "active", differs: "331M: gated layers, top 2, one table"),
      openMoE("Base/16E", "142M", "active alone", differs: "134M: gated layers, top 2"),
      openMoE("8B/32E", "8.7B", "table", differs: "8.58B with one table, 9.10B with both"),
      openMoE("8B/32E", "2.6B", "active", differs: "2.54B: gated layers, top 2, one table"),
      openMoE("8B/32E", "2.1B", "active alone", differs: "2.01B: gated layers, top 2"),
    ])

  /// Every `n`-th of `L` layers has `E` gated experts of which a token meets two.
  private static func openMoE(
    _ name: String, _ printed: String, _ kind: String, differs: String
  ) -> Reproduction {
    let sizes =
      name == "Base/16E"
      ? "L=12 n=4 d=768 a=768 f=3072 E=16 V=256384" : "L=24 n=6 d=2048 a=3072 f=8192 E=32 V=256384"
    let attention = "L*4*d*a+(L-L/n)*3*d*f"
    let text: String
    switch kind {
    case "table": text = "\(attention)+L/n*E*(3*d*f+d)+V*d"
    case "active": text = "\(attention)+L/n*2*3*d*f+V*d"
    default: text = "\(attention)+L/n*2*3*d*f"
    }
    return Reproduction(
      "OpenMoE-\(name)", kind == "table" ? "parameters" : "\(kind) parameters", printed,
      .formula(text, sizes), note: "attention and feed-forward layers, as the table says",
      differs: differs)
  }

  static let flameRuns = Publication(
    "flame-runs", title: "FLAME-MoE: FLOPs and tokens of the runs",
    source: "Kang et al. 2025, model card, https://arxiv.org/abs/2505.20225; scripts/release",
    [
      run("38M/100M", "1.0e18", "4.4B", "38000000", 2121, "4400000000"),
      run(
        "98M/349M", "3.0e18", "5.0B", "98000000", 2424, "5000000000",
        differs: "2.94e18; 2.99e18 with the 5.08B tokens of the script"),
      run("290M/1.3B", "2.0e19", "11.4B", "290000000", 5473, "11400000000"),
      run("419M/2.2B", "3.0e19", "11.9B", "419000000", 5685, "11900000000"),
      run("1.7B/10.3B", "2.4e20", "23.1B", "1700000000", 11029, "23100000000"),
    ].flatMap(\.self))

  private static func run(
    _ name: String, _ flops: String, _ tokens: String, _ active: String, _ steps: Int,
    _ number: String, differs: String? = nil
  ) -> [Reproduction] {
    [
      Reproduction(
        name, "training FLOPs", flops, .formula("6*\(active)*\(number)"),
        note: "6·N·D of the printed active parameters and tokens", differs: differs),
      Reproduction(
        name, "training tokens", tokens, .formula("\(steps)*1024*2048"),
        note: "steps of the script, 1024 sequences of 2048"),
    ]
  }

  static let kimi = Publication(
    "kimi", title: "Kimi K2 beside DeepSeek-V3",
    source: "Kimi Team 2025, Table 2, https://arxiv.org/abs/2507.20534; MoonshotAI/Kimi-K2, README",
    [
      Reproduction(
        "Kimi K2", "parameters", "1.04T", .parameters("parameters.total", of: "kimi-k2"),
        level: .secondary, differs: "1.026T by its config.json, every tensor counted"),
      Reproduction(
        "Kimi K2", "active parameters", "32B", .parameters("active.all", of: "kimi-k2"),
        note: "README; both tables, truncated"),
      Reproduction(
        "DeepSeek-V3", "parameters", "671B", .parameters("parameters.total", of: "deepseek-v3"),
        level: .secondary),
      Reproduction(
        "DeepSeek-V3", "active parameters", "37B", .parameters("active.all", of: "deepseek-v3"),
        level: .secondary, note: "both tables"),
      Reproduction(
        "Kimi K2", "bytes of bf16 parameters and fp32 gradients", "6T",
        .product(.parameters("parameters.total", of: "kimi-k2"), .formula("6")),
        level: .secondary, note: "in bytes"),
    ])

  static let expertGranularity = Publication(
    "ling-grid", title: "Greater Leverage: widths of the experts over granularity",
    source: "Tian et al. 2025, Table 8, https://arxiv.org/abs/2507.17702",
    [
      (384, 6, "64"), (384, 8, "48"), (512, 3, "170"), (512, 6, "85"), (640, 3, "213"),
      (640, 6, "106"), (1024, 3, "341"), (1024, 6, "170"), (1024, 8, "128"),
    ].map { width, parts, printed in
      Reproduction(
        "d \(width)", "width of an expert, 1/\(parts)", printed,
        .formula("floor(d/m)", "d=\(width) m=\(parts)"), level: .secondary, note: "rounded down")
    })
}
