import Accounting

/// Models in which the data decide how deep or how wide a token goes.
extension Publication {
  // MARK: - Depth

  static let mixtureOfRecursions = Publication(
    "mor", title: "Mixture-of-Recursions: parameters, FLOPs and tokens of one budget",
    source: "Bae et al. 2025, Tables 2, 3, 6, 7 and 9, https://arxiv.org/abs/2507.10524",
    [
      small.parameters("315M"), middle.parameters("654M"), large.parameters("1.61B"),
      small.table("47M"), middle.table("75M"), large.table("101M"),
      small.unique(17, "167M"), small.unique(12, "118M"), small.unique(10, "98M"),
      middle.unique(10, "252M"), large.unique(13, "0.87B"), large.unique(10, "0.67B"),
      small.tokens("vanilla", "16.5e18", "20B", steps: 1, isRouted: false, digits: 2),
      small.tokens("recursive, 2", "16.5e18", "20B", steps: 2, isRouted: false),
      small.tokens("recursive, 3", "16.5e18", "20B", steps: 3, isRouted: false),
      small.tokens("recursive, 4", "16.5e18", "19B", steps: 4, isRouted: false),
      small.tokens("MoR, 2", "16.5e18", "27B", steps: 2, differs: unexplained("26.46B")),
      small.tokens("MoR, 3", "16.5e18", "30B", steps: 3),
      small.tokens("MoR, 4", "16.5e18", "30B", steps: 4),
      small.tokens("MoR by token choice, 3", "16.5e18", "30B", steps: 3),
      small.tokens("MoR with a shared cache, 3", "16.5e18", "31B", steps: 3, sharesKeys: true),
      small.budget("MoR, 2", "12.3e18", steps: 2), small.budget("MoR, 3", "11.0e18", steps: 3),
      large.tokens("vanilla", "68.5e18", "20B", steps: 1, isRouted: false),
      large.tokens("MoR, 2", "68.5e18", "26B", steps: 2),
      large.tokens(
        "MoR by token choice, 3", "68.5e18", "30B", steps: 3, differs: unexplained("27.0B")),
      large.tokens(
        "recursive, 2", "68.5e18", "18B", steps: 2, isRouted: false, differs: exchanged("20.0B")),
      large.tokens(
        "recursive, 3", "68.5e18", "20B", steps: 3, isRouted: false, differs: exchanged("18.5B")),
      small.tokens("vanilla", "2e18", "2.4B", steps: 1, isRouted: false),
      small.tokens("vanilla", "5e18", "6.0B", steps: 1, isRouted: false),
      small.tokens("vanilla", "16.5e18", "19.8B", steps: 1, isRouted: false),
      small.tokens("recursive, 3", "2e18", "2.4B", steps: 3, isRouted: false),
      small.tokens("recursive, 3", "5e18", "6.0B", steps: 3, isRouted: false),
      small.tokens("recursive, 3", "16.5e18", "19.8B", steps: 3, isRouted: false),
      small.tokens("MoR, 3", "2e18", "3.6B", steps: 3),
      small.tokens("MoR, 3", "5e18", "9.0B", steps: 3),
      small.tokens("MoR, 3", "16.5e18", "29.7B", steps: 3),
      middle.tokens("vanilla", "2e18", "1.2B", steps: 1, isRouted: false),
      middle.tokens("vanilla", "5e18", "3.1B", steps: 1, isRouted: false),
      middle.tokens("vanilla", "16.5e18", "10.1B", steps: 1, isRouted: false),
      middle.tokens("recursive, 3", "2e18", "1.2B", steps: 3, isRouted: false),
      middle.tokens("recursive, 3", "5e18", "3.1B", steps: 3, isRouted: false),
      middle.tokens("recursive, 3", "16.5e18", "10.1B", steps: 3, isRouted: false),
      middle.tokens("MoR, 3", "2e18", "1.8B", steps: 3),
      middle.tokens("MoR, 3", "5e18", "4.5B", steps: 3),
      middle.tokens("MoR, 3", "16.5e18", "14.9B", steps: 3),
      Reproduction(
        "360M, MoR, 2", "FLOPs saved at 20B tokens", "25%",
        .formula("1-12.3/16.5"), level: .secondary, note: "of the two figures of Table 3"),
    ])

  private static func unexplained(_ value: String) -> String {
    "the count that gives the other rows gives \(value)"
  }

  private static func exchanged(_ value: String) -> String {
    "\(value): the tokens of this row and of the other recursive row look exchanged"
  }

  /// A SmolLM shape: Table 6.
  private struct Shape {
    let name: String
    let layers: Int
    let width: Int
    let heads: Int
    let keyValueHeads: Int
    let inner: Int

    var keys: [String: String] {
      [
        "num_hidden_layers": "\(layers)", "hidden_size": "\(width)",
        "num_attention_heads": "\(heads)", "num_key_value_heads": "\(keyValueHeads)",
        "intermediate_size": "\(inner)", "vocab_size": "49152", "tie_word_embeddings": "true",
      ]
    }

    func parameters(_ printed: String) -> Reproduction {
      Reproduction(
        name, "parameters without the table", printed,
        .parameters("parameters.non_embedding", of: "llama-7b", with: keys), level: .secondary)
    }

    func table(_ printed: String) -> Reproduction {
      Reproduction(
        name, "table of tokens", printed,
        .parameters("parameters.embedding", of: "llama-7b", with: keys), level: .secondary)
    }

    /// The parameters of the layers that have some of their own.
    func unique(_ count: Int, _ printed: String) -> Reproduction {
      var keys = keys
      keys["num_hidden_layers"] = "\(count)"
      return Reproduction(
        "\(name), \(count) layers of its own", "parameters without the table", printed,
        .parameters("parameters.non_embedding", of: "llama-7b", with: keys), level: .secondary,
        note: "first and last layer, and one recursion block")
    }

    /// The FLOPs of one token: forward, half of the square, every head with keys and values of its
    /// own; no head, table, router or norm.
    ///
    /// In recursion *r* of *n* the share *(n − r + 1)/n* of the tokens enters. Where keys and values
    /// are those of the first recursion, a token of a later one has two maps fewer, and sees all.
    private func perToken(_ steps: Int, _ isRouted: Bool, _ sharesKeys: Bool = false) -> Figure {
      // Where the layers between the first and the last do not divide, the block is rounded up.
      let size = (layers - 2 + steps - 1) / steps
      let share = isRouted ? "(n+1)/2" : "n"
      let square = isRouted ? "(n+1)*(2*n+1)/(6*n)" : "n"
      let pairs = sharesKeys ? share : square
      let shared = sharesKeys ? "-b*(n-1)/2*4*d^2" : ""
      return .formula(
        "(2+b*\(share))*2*(4*d^2+3*d*f)+(2+b*\(pairs))*2*d*T\(shared)",
        "b=\(size) n=\(steps) d=\(width) f=\(inner) T=2048")
    }

    func tokens(
      _ kind: String, _ budget: String, _ printed: String, steps: Int, isRouted: Bool = true,
      sharesKeys: Bool = false, digits: Int? = nil, differs: String? = nil
    ) -> Reproduction {
      Reproduction(
        "\(name), \(kind)", "tokens of \(budget) FLOPs", printed,
        .quotient(.formula("F", "F=\(budget)"), perToken(steps, isRouted, sharesKeys)),
        level: .secondary,
        digits: digits, note: "forward pass only, half of the square", differs: differs)
    }

    func budget(_ kind: String, _ printed: String, steps: Int) -> Reproduction {
      Reproduction(
        "\(name), \(kind)", "FLOPs of as many tokens", printed,
        .product(
          .formula("16500000000000000000"), .quotient(perToken(steps, true), perToken(1, false))),
        level: .secondary, note: "as many as the dense model sees with 16.5e18")
    }
  }

  private static let small = Shape(
    name: "360M", layers: 32, width: 960, heads: 15, keyValueHeads: 5, inner: 2560)
  private static let middle = Shape(
    name: "730M", layers: 26, width: 1536, heads: 24, keyValueHeads: 8, inner: 4096)
  private static let large = Shape(
    name: "1.7B", layers: 24, width: 2048, heads: 32, keyValueHeads: 32, inner: 8192)

  static let routedDepth = Publication(
    "depth", title: "Relatives of Mixture-of-Depths: γ-MoD, p-MoD, D-LLM",
    source: "arXiv 2410.13859, Table 4; arXiv 2412.04449, Table 1; D-LLM, assets/result.png",
    [
      Reproduction(
        "γ-MoD, LLaVA-HR 7B", "TFLOPs of the dense model", "19.2T",
        layers(tokens: 1400), note: "1400 tokens, full square, no head"),
      Reproduction(
        "γ-MoD, LLaVA-HR 7B", "TFLOPs at 0.5", "9.3T",
        .quotient(
          .sum(
            .product(.formula("3"), layers(tokens: 1400)),
            .product(.formula("29"), layers(tokens: 869))), .formula("32")),
        differs:
          "the script's skip ratio 0.379 gives 12.36T; 9.3T needs 0.56, and the measured ratios "
          + "are not printed"),
      Reproduction(
        "γ-MoD, LLaVA-HR 7B", "FLOPs saved", "51.6%", .formula("1-9.3/19.2"),
        note: "of the two printed figures"),
      Reproduction(
        "p-MoD, LLaVA-v1.5 7B", "KV cache over the dense model's", "53.8%",
        .quotient(
          .pass(
            "kv_cache.elements", of: "mod-llama3-8b", tokens: 1_000_000_000_000,
            with: [
              "num_hidden_layers": "32", "mod_every": "1", "mod_offset": "0", "mod_capacity": "1",
              "mod_capacity_decay": "cosine", "mod_capacity_last": "0",
              "mod_capacity_least": "0.15", "mod_capacity_whole": "0.85",
            ]),
          .pass(
            "kv_cache.elements", of: "mod-llama3-8b", tokens: 1_000_000_000_000,
            with: ["mod_mode": "none"])),
        note: "½·cos(π·ℓ/31) + ½, whole above 0.85, at least 0.15; image tokens only"),
      Reproduction(
        "p-MoD, LLaVA-v1.5 7B", "FLOPs saved", "41.3%", .formula("1-4.92/8.38"),
        note: "of the two printed figures"),
      Reproduction(
        "D-LLM's baseline MoD", "FLOPs over the dense model's", "0.56",
        .quotient(
          .pass("flops.matmul.dense_mlp", of: "mod-220m", tokens: 2048),
          .pass("flops.matmul.dense_mlp", of: "dense-220m", tokens: 2048)),
        note: "every other block at 12.5 %: (1 + κ)/2, truncated"),
    ])

  /// The products of 32 layers of a 7B over one prompt.
  private static func layers(tokens: Int128) -> Figure {
    let parts = ["attention_projections", "attention_scores_and_values", "dense_mlp"]
    let figures = parts.map { part in
      Figure.pass("flops.matmul.\(part)", of: "llama2-7b", tokens: tokens)
    }
    return .sum(figures[0], .sum(figures[1], figures[2]))
  }

  // MARK: - Experts

  static let zeroComputation = Publication(
    "moe++", title: "MoE++: sizes, and what zero-computation experts save",
    source: "Jin et al. 2024, Tables 2 and 3, https://arxiv.org/abs/2410.07348",
    [
      mixture("0.6B/8E", "total", "0.6B", 12, 768, 2048, 12, 8),
      mixture("0.6B/8E", "active", "0.2B", 12, 768, 2048, 12, 8),
      mixture("1B/16E", "total", "1B", 12, 768, 2048, 12, 16),
      mixture("1B/16E", "active", "0.2B", 12, 768, 2048, 12, 16),
      mixture("7B/16E", "total", "7B", 24, 1536, 4096, 16, 16),
      mixture("7B/16E", "active", "1.2B", 24, 1536, 4096, 16, 16),
      faster("0.6B, τ 0.10", "164.5%", "535.3/202.4"),
      faster("0.6B, τ 0.25", "92.7%", "535.3/277.8"),
      faster("0.6B, τ 0.50", "38.2%", "535.3/387.3"),
      faster("0.6B, τ 0.75", "25.2%", "535.3/427.6"),
      faster("0.6B, τ 1.00", "19.1%", "535.3/449.6"), faster("1B, τ 0.10", "111.2%", "610.9/289.3"),
      faster("1B, τ 0.25", "58.7%", "610.9/384.9"), faster("1B, τ 0.75", "22.1%", "610.9/500.3"),
      faster("7B, τ 0.75", "27.8%", "1859/1455"),
      Reproduction(
        "7B/(16+4)E", "cost over OpenMoE-8B/32E", "57%", .formula("1.2/2.1"), level: .secondary,
        note: "of the active parameters that are printed"),
    ])

  private static func mixture(
    _ name: String, _ kind: String, _ printed: String, _ layers: Int, _ width: Int, _ inner: Int,
    _ heads: Int, _ experts: Int
  ) -> Reproduction {
    Reproduction(
      name, "\(kind) parameters", printed,
      .parameters(
        kind == "total" ? "parameters.total" : "active.without_input_embedding", of: "mixtral-8x7b",
        with: [
          "num_hidden_layers": "\(layers)", "hidden_size": "\(width)",
          "intermediate_size": "\(inner)", "num_attention_heads": "\(heads)",
          "num_key_value_heads": "\(heads)", "num_local_experts": "\(experts)",
          "vocab_size": "65536",
        ]), level: .secondary,
      note: kind == "total" ? "both tables" : "without the input table")
  }

  private static func faster(_ name: String, _ printed: String, _ ratio: String) -> Reproduction {
    Reproduction(
      name, "throughput of the experts over MoE's", printed, .formula("\(ratio)-1"),
      level: .secondary, note: "of the printed times")
  }

  static let expertScaling = Publication(
    "ling", title: "Greater Leverage and Ling 2.0: sizes with fine-grained experts",
    source: "Tian et al. 2025, Table 3, https://arxiv.org/abs/2507.17702; Ling 2.0, Table 1",
    [
      Reproduction(
        "Dense-6.1B", "parameters without tables", "6.11B",
        .parameters(
          "parameters.non_embedding", of: "llama3-8b", with: ["num_hidden_layers": "28"]),
        level: .secondary),
      ling("Ling-mini-beta", "parameters.non_embedding", "17.5B", beta),
      ling(
        "Ling-mini-beta", "active.without_embeddings", "0.85B", beta,
        differs: "0.839B; the text says 0.855B"),
      Reproduction(
        "Ling-mini-beta", "experts that a token meets", "3.4%", .formula("(12+1)/(384+1)"),
        level: .secondary),
      Reproduction(
        "Ling-mini-beta", "granularity 2·d/f_e", "12", .formula("2*2048/384"), level: .secondary,
        differs: "10.67 by the paper's own definition and Table 3"),
      ling("Ling-mini-2.0", "parameters.total", "16.26B", mini, level: .primary),
      ling("Ling-mini-2.0", "active.all", "1.43B", mini, level: .primary),
      ling("Ling-mini-2.0", "active.without_embeddings", "789M", mini, level: .primary),
      ling("Ling-1T", "parameters.total", "1000B", trillion),
      ling("Ling-1T", "active.all", "51.0B", trillion),
    ])

  private static let beta = [
    "vocab_size": "126464", "num_hidden_layers": "20", "intermediate_size": "5120",
    "moe_intermediate_size": "384", "n_routed_experts": "384", "n_shared_experts": "1",
    "num_experts_per_tok": "12", "num_key_value_heads": "4",
  ]
  private static let mini = [
    "vocab_size": "157184", "num_hidden_layers": "20", "intermediate_size": "5120",
    "moe_intermediate_size": "512", "n_routed_experts": "256", "n_shared_experts": "1",
    "num_experts_per_tok": "8", "num_key_value_heads": "4",
  ]
  private static let trillion = [
    "vocab_size": "157184", "num_hidden_layers": "80", "hidden_size": "8192",
    "intermediate_size": "18432", "moe_intermediate_size": "2048", "n_routed_experts": "256",
    "n_shared_experts": "1", "num_experts_per_tok": "8", "num_attention_heads": "64",
    "num_key_value_heads": "8", "first_k_dense_replace": "4",
  ]

  private static func ling(
    _ name: String, _ figure: String, _ printed: String, _ keys: [String: String],
    level: Reproduction.Level = .secondary, differs: String? = nil
  ) -> Reproduction {
    Reproduction(
      name, figure, printed, .parameters(figure, of: "deepseek-moe-16b", with: keys), level: level,
      note: "key-value heads of config.json", differs: differs)
  }

  static let flameSizes = Publication(
    "flame", title: "FLAME-MoE: total and active parameters",
    source:
      "Kang et al. 2025, https://arxiv.org/abs/2505.20225; cmu-flame/FLAME-MoE, scripts/release",
    [
      flameModel("38M/100M", 9, 256, 1368, 176, total: "100M", active: "38M"),
      flameModel(
        "98M/349M", 9, 512, 2736, 352, total: "349M", active: "98M",
        differs: ("350.9M by the shape of the script", "100.0M with both tables")),
      flameModel(
        "290M/1.3B", 9, 1024, 5472, 704, total: "1.3B", active: "290M",
        differs: (nil, "296.5M with both tables")),
      flameModel(
        "419M/2.2B", 15, 1024, 5472, 704, total: "2.2B", active: "419M",
        differs: (nil, "425.9M with both tables")),
      flameModel("1.7B/10.3B", 18, 2048, 10944, 1408, total: "10.3B", active: "1.7B"),
    ].flatMap(\.self))

  private static func flameModel(
    _ name: String, _ layers: Int, _ width: Int, _ inner: Int, _ expert: Int, total: String,
    active: String, differs: (total: String?, active: String?) = (nil, nil)
  ) -> [Reproduction] {
    let keys = [
      "vocab_size": "50304", "num_hidden_layers": "\(layers)", "hidden_size": "\(width)",
      "intermediate_size": "\(inner)", "moe_intermediate_size": "\(expert)",
    ]
    func row(
      _ quantity: String, _ printed: String, _ figure: String, _ differs: String?
    ) -> Reproduction {
      Reproduction(
        name, quantity, printed, .parameters(figure, of: "deepseek-moe-16b", with: keys),
        note: "64 experts, 6 of them and 2 shared for a token, one dense layer", differs: differs)
    }
    return [
      row("parameters", total, "parameters.total", differs.total),
      row("active parameters", active, "active.all", differs.active),
    ]
  }

  static let sparseModels = Publication(
    "experts", title: "Kimi K2, Moonlight, OpenMoE: parameters as their reports count them",
    source:
      "arXiv 2507.20534, Table 2; MoonshotAI/Moonlight, Moonlight.pdf; XueFuzhao/OpenMoE, Table 11",
    [
      Reproduction(
        "Kimi K2", "sparsity", "48", .formula("384/8"), level: .secondary),
      Reproduction(
        "Kimi K2", "active parameters", "32.6B",
        .parameters("active.all", of: "kimi-k2"), level: .secondary,
        differs: "32.86B with both tables, 31.69B without the input table"),
      Reproduction(
        "Moonlight", "parameters without tables", "15.29B",
        .parameters("parameters.non_embedding", of: "deepseek-v2-lite")),
      Reproduction(
        "Moonlight", "active parameters without tables", "2.24B",
        .parameters("active.without_embeddings", of: "deepseek-v2-lite")),
      Reproduction(
        "Llama 3.2 3B", "parameters without tables", "2.81B",
        .parameters("parameters.non_embedding", of: "llama3.2-3b"), note: "truncated"),
      Reproduction(
        "Gemma 2 9B", "parameters without tables", "8.32B",
        .parameters("parameters.non_embedding", of: "gemma2-9b")),
      Reproduction(
        "Llama 3.1 8B", "parameters without tables", "7.38B",
        .parameters("parameters.non_embedding", of: "llama3.1-8b"),
        differs: "6.98B without tables, 7.50B without the input table"),
      Reproduction(
        "Qwen2.5 7B", "parameters without tables", "6.83B",
        .parameters("parameters.non_embedding", of: "qwen2.5-7b"),
        differs: "6.53B without tables, 7.07B without the input table"),
      Reproduction(
        "OpenMoE's TinyLLaMA", "parameters", "1.0B",
        .formula("L*(2*d^2+2*d*256+3*d*f)+V*d", "L=22 d=2048 f=5632 V=32000"),
        note: "4 key-value heads; one table"),
      Reproduction(
        "OpenMoE's TinyLLaMA", "parameters without tables", "0.9B",
        .formula("L*(2*d^2+2*d*256+3*d*f)", "L=22 d=2048 f=5632"), note: "truncated"),
      Reproduction(
        "OpenMoE's LLaMA-7B", "parameters", "6.6B",
        .formula("L*(4*d^2+3*d*f)+V*d", "L=32 d=4096 f=11008 V=32000"), note: "one table"),
      Reproduction(
        "OpenMoE's LLaMA-7B", "parameters without the table", "6.4B",
        .formula("L*(4*d^2+3*d*f)", "L=32 d=4096 f=11008"), note: "truncated"),
    ])
}
