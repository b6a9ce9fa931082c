import Accounting
import Architecture

/// What people published about the speed of their runs.
extension Publication {
  static let utilization = Publication(
    "mfu", title: "Utilisation of training runs, and what it is drawn from",
    source: """
      Each row names its own: Chowdhery et al. 2022 (PaLM), arXiv 2204.02311; Narayanan et al. 2021 \
      (Megatron), 2104.04473; Korthikanti et al. 2022, 2205.05198; Smith et al. 2022 (MT-NLG), \
      2201.11990; Zhang et al. 2022 (OPT), 2205.01068; BLOOM, 2211.05100; Llama 3, 2407.21783; \
      nanoGPT at 0bb96d3; nanochat at 92d63d4; llm-foundry at 8c8dd48; torchtitan at b5bcd76; \
      Megatron-Bridge at 067f987
      """,
    nanoGPT + pathways + megatron + recomputing + turing + open + llamaRuns + nanochat + titan
      + bridge + foundryH100 + foundryA100)

  // MARK: - Shapes

  /// Keys of a GPT: tied tables, learned positions, biases, an inner width of four.
  static func gpt(
    layers: Int, width: Int, heads: Int, vocabulary: Int, positions: Int128 = 2048
  ) -> [String: String] {
    [
      "n_layer": "\(layers)", "n_embd": "\(width)", "n_head": "\(heads)",
      "vocab_size": "\(vocabulary)", "n_positions": "\(positions)",
    ]
  }

  /// FLOPs of a token at a rate, over what devices of a peak could do.
  private static func share(_ perToken: Figure, _ rate: String, of machine: String) -> Figure {
    .quotient(.product(perToken, .formula(rate)), .formula(machine))
  }

  // MARK: - nanoGPT

  private static let nanoGPT: [Reproduction] = {
    let name = "nanoGPT, 124M"
    let parameters = Figure.formula("L*(12*d^2+2*d)+d+V*d+T*d", "L=12 d=768 V=50257 T=1024")
    func products(_ path: String, perLayer: Bool = false) -> Figure {
      let all = Figure.pass("flops.matmul.\(path)", of: "gpt2", tokens: 1024)
      return perLayer ? .quotient(all, .formula("12")) : all
    }
    let training = Figure.flops("matmul", of: "gpt2", tokens: 1024)
    return [
      Reproduction(
        name, "parameters", "124337664", parameters, note: "without biases, with positions"),
      Reproduction(
        name, "attention scores and values, one layer", "3221225472",
        products("attention_scores_and_values", perLayer: true), note: "two of 1,610,612,736"),
      Reproduction(
        name, "projections, one layer", "4831838208",
        products("attention_projections", perLayer: true), note: "3,623,878,656 + 1,207,959,552"),
      Reproduction(name, "MLP, one layer", "9663676416", products("dense_mlp", perLayer: true)),
      Reproduction(name, "head", "79047426048", products("lm_head")),
      Reproduction(
        name, "forward, one sequence", "291648307200", products("total"),
        note: "convention matmul"),
      Reproduction(
        name, "training, one sequence", "874944921600", training, note: "three times the forward"),
      Reproduction(
        name, "PaLM's formula", "879894724608",
        .product(
          .sum(.product(.formula("6"), parameters), .formula("12*12*768*1024")),
          .formula("1024")), note: "6·N + 12·L·H·Q·T, N with positions"),
      Reproduction(
        name, "MFU", "37.14%", .quotient(training, .formula("312*10^12*0.755/100")),
        note: "convention matmul; 100 sequences in 0.755 s on an A100"),
      Reproduction(
        name, "days of 300B tokens at 30 % of 8 A100", "3.46",
        .quotient(
          .product(parameters, .formula("6*300*10^9")),
          .formula("8*312*10^12*0.3*86400")), note: "6·N·D"),
    ]
  }()

  // MARK: - PaLM and what it compares itself with

  private static let pathways: [Reproduction] = [
    Reproduction(
      "PaLM 540B", "MFU without attention", "45.7%",
      .formula("238300*6*N/(6144*275*10^12)", "N=540.35e9"), level: .secondary,
      note: "6·N; 238.3K tokens a second"),
    Reproduction(
      "PaLM 540B", "MFU", "46.2%",
      .formula("238300*(6*N+12*118*48*256*2048)/(6144*275*10^12)", "N=540.35e9"),
      level: .secondary, note: "6·N + 12·L·H·Q·T"),
    Reproduction(
      "PaLM 540B", "HFU", "57.8%",
      .formula("4/3*238300*(6*N+12*118*48*256*2048)/(6144*275*10^12)", "N=540.35e9"),
      level: .secondary,
      differs: "a whole forward pass more makes 61.6 %; theirs recomputes a part, which is not said"
    ),
    Reproduction(
      "Gopher 280B", "MFU", "32.5%",
      .formula(
        "0.0152*3072*2048*(6*N+12*80*128*128*2048)/(4096*123*10^12)", "N=280e9"),
      level: .secondary, note: "0.0152 steps a second of 6M = 3072·2048 tokens; TPU v3 at 123"),
    Reproduction(
      "MT-NLG 530B", "MFU", "30.2%",
      .formula("65430*(6*N+12*105*20480*2048)/(2240*312*10^12)", "N=530e9"), level: .secondary,
      note: "65.43K tokens a second"),
  ]

  // MARK: - Megatron

  private static let megatron: [Reproduction] =
    [
      megatronSize("1.7B", "1.7", 24, 2304, 24), megatronSize("3.6B", "3.6", 30, 3072, 32),
      megatronSize("7.5B", "7.5", 36, 4096, 32), megatronSize("18.4B", "18.4", 40, 6144, 48),
      megatronSize("76.1B", "76.1", 60, 10240, 80), megatronSize("145.6B", "145.6", 80, 12288, 96),
      megatronSize("529.6B", "529.6", 105, 20480, 128),
      megatronSize("1008.0B", "1008.0", 128, 25600, 160),
    ]
    + [
      ("7.5B", 142, "46%"), ("18.4B", 135, "43%"), ("76.1B", 140, "45%"), ("145.6B", 148, "47%"),
      ("529.6B", 163, "52%"), ("1008.0B", 163, "52%"),
    ].map { name, rate, printed in
      Reproduction(
        "Megatron \(name)", "share of the peak", printed, .formula("\(rate)/312"),
        level: .secondary, note: "\(rate) of 312 TFLOP/s, recomputation counted")
    }
    + [
      Reproduction(
        "Megatron GPT-3", "days, eq. 4", "34",
        .formula("8*D*P/(n*X)/86400", "D=300e9 P=175e9 n=1024 X=140e12"), level: .secondary,
        note: "8·T·P/(n·X): four passes of 2·P"),
      Reproduction(
        "Megatron 1T", "days, eq. 4", "84",
        .formula("8*D*P/(n*X)/86400", "D=450e9 P=1008e9 n=3072 X=163e12"), level: .secondary,
        note: "8·T·P/(n·X)"),
      zero("ZeRO-3 174.6B", "90", 384, 144, layers: 96, width: 12288, heads: 96),
      zero("ZeRO-3 174.6B", "74", 768, 88, layers: 96, width: 12288, heads: 96),
      zero("ZeRO-3 174.6B", "74", 1536, 44, layers: 96, width: 12288, heads: 96),
      zero("ZeRO-3 529.6B", "169", 640, 138, layers: 105, width: 20480, heads: 128),
      zero("PTD 174.6B", "84", 384, 153, layers: 96, width: 12288, heads: 96),
      zero("PTD 174.6B", "43", 768, 149, layers: 96, width: 12288, heads: 96),
      zero("PTD 529.6B", "156", 560, 171, layers: 105, width: 20480, heads: 128),
      zero("PTD 529.6B", "80", 1120, 167, layers: 105, width: 20480, heads: 128),
      zero("PTD 529.6B", "42", 2240, 159, layers: 105, width: 20480, heads: 128),
    ]

  private static func megatronSize(
    _ name: String, _ printed: String, _ layers: Int, _ width: Int, _ heads: Int
  ) -> Reproduction {
    Reproduction(
      "Megatron \(name)", "parameters", "\(printed)B",
      .parameters(
        "parameters.total", of: "gpt2",
        with: gpt(layers: layers, width: width, heads: heads, vocabulary: 51200)),
      level: .secondary, note: "a GPT with 51,200 words and 2,048 positions")
  }

  /// A row of Table 2: days for 300B tokens, every layer computed again in the backward pass.
  private static func zero(
    _ name: String, _ printed: String, _ devices: Int, _ rate: Int, layers: Int, width: Int,
    heads: Int
  ) -> Reproduction {
    let work = Figure.flops(
      "matmul", of: "gpt2", tokens: 2048, perToken: true, recompute: .full,
      with: gpt(layers: layers, width: width, heads: heads, vocabulary: 51200))
    return Reproduction(
      name, "days on \(devices) at \(rate) TFLOP/s", printed,
      .quotient(
        .product(work, .formula("300*10^9")), .formula("\(devices)*\(rate)*10^12*86400")),
      level: .secondary, note: "eq. 3 = convention matmul with --recompute full")
  }

  // MARK: - Recomputation

  private static let recomputing: [Reproduction] =
    korthikanti(
      "22B", layers: 48, width: 6144, heads: 64, devices: 8, batch: 4, full: "1.42",
      present: "1.10", gain: "29.0%", mfu: "41.5%", hfu: "43.7%",
      differs: "1.10 s are anything from 1.095 s on, which is 0.4 %")
    + korthikanti(
      "175B", layers: 96, width: 12288, heads: 96, devices: 64, batch: 64, full: "18.13",
      present: "13.75", gain: "31.8%", mfu: "51.4%", hfu: "52.8%")
    + korthikanti(
      "1T", layers: 128, width: 25600, heads: 160, devices: 512, batch: 512, full: "94.42",
      present: "71.49", gain: "32.1%", mfu: "56.3%", hfu: "57.0%")

  private static func korthikanti(
    _ name: String, layers: Int, width: Int, heads: Int, devices: Int, batch: Int, full: String,
    present: String, gain: String, mfu: String, hfu: String, differs: String? = nil
  ) -> [Reproduction] {
    let name = "Korthikanti \(name)"
    let shape = gpt(layers: layers, width: width, heads: heads, vocabulary: 51200)
    let machine = Figure.formula("\(devices)*312*10^12*\(present)/\(batch)")
    return [
      Reproduction(
        name, "gain", gain, .formula("\(full)/\(present)-1"), level: .secondary,
        note: "\(full) s with full recomputation, \(present) s with selective"),
      Reproduction(
        name, "MFU", mfu,
        .quotient(.flops("matmul", of: "gpt2", tokens: 2048, with: shape), machine),
        level: .secondary, note: "72·B·L·s·h²·(1 + s/6h + V/12hL), convention matmul",
        differs: differs),
      Reproduction(
        name, "HFU", hfu,
        .quotient(
          .formula(
            "72*L*s*h^2*(1+s/(3*h)+V/(12*h*L))", "L=\(layers) s=2048 h=\(width) V=51200"),
          machine),
        level: .secondary,
        note: "their formula, s/3h; one more pass over the scores would be s/4.5h",
        differs: differs),
    ]
  }

  // MARK: - MT-NLG, OPT, BLOOM

  private static let turing: [Reproduction] = [
    turingRow("126", 2240, "60.1"),
    turingRow("121", 2800, "50.2", differs: "50.2 s make 120.4; the time is rounded, too"),
    turingRow("113", 3360, "44.4"),
  ]

  private static func turingRow(
    _ printed: String, _ devices: Int, _ seconds: String, differs: String? = nil
  ) -> Reproduction {
    let work = Figure.flops(
      "matmul", of: "gpt2", tokens: 2048, recompute: .full,
      with: gpt(layers: 105, width: 20480, heads: 128, vocabulary: 51200))
    return Reproduction(
      "MT-NLG 530B, \(devices) GPUs", "TFLOP/s", printed,
      .quotient(.product(work, .formula("1920")), .formula("\(devices)*\(seconds)*10^12")),
      level: .secondary,
      note: "1,920 sequences in \(seconds) s; convention matmul with --recompute full",
      differs: differs)
  }

  private static let open: [Reproduction] = [
    Reproduction(
      "OPT-175B", "GPU hours", "809472", .formula("34*24*992"), level: .secondary,
      note: "LLaMA, Table 15: 34 days on 992 A100"),
    Reproduction(
      "OPT-175B", "TFLOP/s", "147",
      .quotient(
        .product(
          .flops(
            "matmul", of: "gpt2", tokens: 2048, perToken: true, recompute: .full,
            with: gpt(layers: 96, width: 12288, heads: 96, vocabulary: 50272, positions: 2048)),
          .formula("180*10^9")), .formula("809472*3600*10^12")),
      level: .secondary,
      differs:
        "\"up to\" 147; 180B tokens in 809,472 hours are less, with restarts, and recomputation counted"
    ),
    Reproduction(
      "BLOOM-176B", "GPU hours in LLaMA's table", "1082880", .formula("117.5*24*384"),
      level: .secondary, note: "117.5 days on 384 A100"),
    Reproduction(
      "BLOOM-176B", "TFLOP/s", "156",
      .quotient(
        .product(
          .flops("matmul", of: "bloom-176b", tokens: 2048, perToken: true, recompute: .full),
          .formula("366*10^9")), .formula("1082990*3600*10^12")),
      level: .secondary,
      differs: "the best configuration; 366B tokens in 1,082,990 hours, restarts and all, are less"),
  ]

  // MARK: - Llama 3 and DeepSeek-V3

  private static let llamaRuns: [Reproduction] = [
    Reproduction(
      "Llama 3.1 405B, 8,192 GPUs", "MFU", "43%", .formula("430/989"), level: .secondary,
      note: "430 of 989 TFLOP/s"),
    Reproduction(
      "Llama 3.1 405B, 16,384 GPUs", "MFU", "41%", .formula("400/989"), level: .secondary,
      differs: "400 is rounded: 41 % begin at 400.5 of 989 TFLOP/s"),
    Reproduction(
      "Llama 3.1 405B, 131,072 tokens", "MFU", "38%", .formula("380/989"), level: .secondary,
      note: "380 of 989 TFLOP/s"),
    Reproduction(
      "Llama 3.1", "GPU hours of three models", "39.3M",
      .formula("(1.46+7+30.84)*10^6"), note: "the card's 1.46M, 7.0M and 30.84M"),
    Reproduction(
      "Llama 2", "GPU hours of four models", "3311616",
      .formula("184320+368640+1038336+1720320")),
    Reproduction(
      "LLaMA 65B", "days", "21", .formula("1.4*10^12/(2048*380)/86400"), level: .secondary,
      note: "380 tokens a second and GPU, 2,048 GPUs"),
    Reproduction(
      "DeepSeek-V3", "GPU hours for 10^12 tokens", "180K", .formula("2664000/14.8"),
      level: .secondary, note: "2,664K hours of H800 for 14.8T tokens"),
    Reproduction(
      "DeepSeek-V3", "days for 10^12 tokens", "3.7", .formula("2664000/14.8/2048/24"),
      level: .secondary, note: "on 2,048 H800"),
    Reproduction(
      "DeepSeek-V3", "GPU hours", "2.788M", .formula("2664000+119000+5000"),
      level: .secondary, note: "training, longer context, what follows"),
  ]

  // MARK: - nanochat

  private static let nanochat: [Reproduction] = {
    let perToken = Figure.formula(
      "6*(L*12*d^2+V*d+12*32*12)+12*d*(18*1024+6*2048)", "L=24 d=1536 V=32768")
    let run = Figure.product(perToken, .formula("16704*524288"))
    return [
      Reproduction(
        "nanochat d24", "FLOPs of the run", "4.330784131228946e19", run,
        note: "6·linear weights + Σ 12·h·q·min(W, T); gates of value embeddings too"),
      Reproduction(
        "nanochat d24", "MFU", "49.99%",
        .quotient(run, .formula("10949.46713*8*989*10^12")), level: .secondary,
        note: "16,704 steps in 10,949.47 s on 8 H100"),
      Reproduction("nanochat d12", "head", "25165824", .formula("V*d", "V=32768 d=768")),
      Reproduction(
        "nanochat d12", "value embeddings", "150994944", .formula("6*V*d", "V=32768 d=768")),
      Reproduction("nanochat d12", "bigrams", "125829120", .formula("5*V*d", "V=32768 d=768")),
      Reproduction(
        "nanochat d12", "matrices", "84935808", .formula("12*12*d^2+6*32*6", "d=768"),
        note: "with gates of 32×6 in every second layer"),
      Reproduction(
        "nanochat d12", "total", "412091556",
        .formula("(1+5+6+1)*V*d+12*12*d^2+6*32*6+36", "V=32768 d=768")),
    ]
  }()

  // MARK: - torchtitan and Megatron-Bridge

  private static let titan: [Reproduction] = [("33%", "5762"), ("39%", "6667")].map {
    printed, rate in
    Reproduction(
      "torchtitan Llama 3.1 8B", "MFU at \(rate) tokens/s and GPU", printed,
      share(
        .flops("torchtitan", of: "llama3.1-8b", tokens: 8192, perToken: true), rate,
        of: "989*10^12"), note: "convention torchtitan, 8,192 tokens on H100")
  }

  private static let bridge: [Reproduction] = [
    bridgeRow("Llama 3 70B, GB300 FP8", "2355", "llama3-70b", 8192, "5243"),
    bridgeRow(
      "Llama 3 70B, GB300 NVFP4", "3321", "llama3-70b", 8192, "7397",
      differs: "rate and TFLOP/s are rounded means, 0.06 % apart"),
    bridgeRow("Llama 3 70B, GB200 FP8", "1861", "llama3-70b", 8192, "4143"),
    bridgeRow(
      "Llama 3.1 405B, GB300 FP8", "2646", "llama3.1-405b", 8192, "1048",
      differs: "rate and TFLOP/s are rounded means, 0.03 % apart"),
    bridgeRow(
      "Llama 3.1 405B, GB300 NVFP4", "3575", "llama3.1-405b", 8192, "1413",
      differs: "rate and TFLOP/s are rounded means, 0.2 % apart"),
    bridgeRow(
      "Llama 3.1 405B, GB200 FP8", "2129", "llama3.1-405b", 8192, "843",
      differs: "rate and TFLOP/s are rounded means, 0.06 % apart"),
    bridgeRow(
      "DeepSeek-V3, GB300 MXFP8", "1635", "deepseek-v3", 4096, "6288",
      differs: "its layer for multi-token prediction is counted, too; without it 1571"),
    bridgeRow(
      "Qwen3-30B-A3B, GB300 MXFP8", "1029", "qwen3-30b-a3b", 4096, "44544",
      differs: "routers are counted, too; without them 1025"),
    bridgeRow(
      "Qwen3-30B-A3B, GB200", "923", "qwen3-30b-a3b", 4096, "39936",
      differs: "routers are counted, too; without them 919"),
    bridgeRow("Qwen3-235B-A22B, GB200", "1077", "qwen3-235b-a22b", 4096, "7280"),
  ]

  private static func bridgeRow(
    _ name: String, _ printed: String, _ preset: String, _ tokens: Int128, _ rate: String,
    differs: String? = nil
  ) -> Reproduction {
    Reproduction(
      name, "TFLOP/s at \(rate) tokens/s", printed,
      share(
        .flops("megatron", of: preset, tokens: tokens, perToken: true), rate, of: "10^12"),
      note: "convention megatron", differs: differs)
  }

  // MARK: - llm-foundry

  /// A row of a table of MosaicML: a GPT with 50,368 words.
  private struct FoundryRow {
    let size: String
    let tokens: Int128
    let devices: Int
    /// Why one of the shares differs, by its printed text.
    var reasons: [String: String] = [:]
    let mfu: String
    let hfu: String
    let rate: String
    var parameters: String?

    init(
      _ size: String, _ tokens: Int128, _ devices: Int, _ mfu: String, _ hfu: String,
      _ rate: String, _ parameters: String? = nil, differing: [String: String] = [:]
    ) {
      reasons = differing
      (self.size, self.tokens, self.devices) = (size, tokens, devices)
      (self.mfu, self.hfu, self.rate, self.parameters) = (mfu, hfu, rate, parameters)
    }
  }

  private static let foundryShapes: [String: (layers: Int, width: Int, heads: Int)] = [
    "125m": (12, 768, 12), "350m": (24, 1024, 16), "760m": (24, 1536, 12), "1b": (24, 2048, 16),
    "3b": (32, 2560, 20), "7b": (32, 4096, 32), "13b": (40, 5120, 40), "30b": (48, 7168, 56),
    "70b": (80, 8192, 64),
  ]

  private static func foundry(_ device: String, _ peak: String, _ row: FoundryRow) -> [Reproduction]
  {
    guard let shape = foundryShapes[row.size] else { return [] }
    let keys = gpt(
      layers: shape.layers, width: shape.width, heads: shape.heads, vocabulary: 50368,
      positions: row.tokens)
    let parameters = Figure.parameters("parameters.total", of: "gpt2", with: keys)
    let perToken = Figure.sum(
      .product(.formula("6"), parameters),
      .formula("12*\(shape.layers)*\(shape.width)*\(row.tokens)"))
    let used = share(perToken, row.rate, of: "\(row.devices)*\(peak)*10^12")
    let name = "llm-foundry \(row.size), \(row.tokens) tokens, \(row.devices) \(device)"
    var lines = [
      Reproduction(
        name, "MFU", row.mfu, used, note: "3·(2·N + 4·L·d·T), N with tables and norms",
        differs: row.reasons[row.mfu])
    ]
    if row.hfu != row.mfu {
      lines.append(
        Reproduction(
          name, "HFU", row.hfu, .product(.formula("4/3"), used), note: "a forward pass more",
          differs: row.reasons[row.hfu]))
    }
    if let printed = row.parameters {
      lines.append(Reproduction(name, "parameters", printed, parameters))
    }
    return lines
  }

  private static let foundryH100: [Reproduction] = [
    FoundryRow("70b", 2048, 512, "41.25%", "55.0%", "515636", "64862437376"),
    FoundryRow(
      "70b", 2048, 128, "43.36%", "57.81%", "135490",
      differing: ["43.36%": "43.355 % from the printed rate, which is rounded"]),
    FoundryRow("30b", 2048, 256, "40.89%", "54.52%", "550022", "29975214080"),
    FoundryRow("13b", 2048, 512, "41.12%", "54.83%", "2535811", "12853954560"),
    FoundryRow("7b", 2048, 512, "42.2%", "42.2%", "4951479", "6658859008"),
    FoundryRow("7b", 2048, 8, "46.44%", "46.44%", "85144"),
    FoundryRow(
      "7b", 65536, 8, "28.59%", "38.13%", "15654", "6918905856",
      differing: ["38.13%": "38.125 % from the printed rate, which is rounded"]),
    FoundryRow("3b", 2048, 256, "41.25%", "41.25%", "5829686", "2651837440"),
    FoundryRow("1b", 2048, 512, "36.65%", "36.65%", "20396905", "1315950592"),
    FoundryRow("13b", 32768, 8, "31.68%", "42.24%", "15812", "13011240960"),
    FoundryRow("3b", 512, 8, "46.32%", "46.32%", "223721", "2647905280"),
  ].flatMap { foundry("H100", "989.5", $0) }

  private static let foundryA100: [Reproduction] = [
    FoundryRow("70b", 2048, 64, "53.33%", "71.1%", "26274"),
    FoundryRow("30b", 4096, 8, "51.37%", "68.49%", "6513", "29989894144"),
    FoundryRow("7b", 2048, 8, "64.23%", "64.23%", "37130"),
    FoundryRow("1b", 8192, 8, "56.69%", "56.69%", "110516", "1328533504"),
    FoundryRow("760m", 2048, 8, "56.85%", "56.85%", "259472", "760470528"),
    FoundryRow("350m", 16384, 8, "53.28%", "53.28%", "188478", "370665472"),
    FoundryRow("125m", 65536, 8, "54.13%", "54.13%", "162946", "174070272"),
    FoundryRow("125m", 2048, 8, "44.79%", "44.79%", "1142641", "125311488"),
    FoundryRow("70b", 2048, 128, "48.91%", "65.21%", "48194"),
    FoundryRow("13b", 8192, 8, "43.95%", "58.6%", "11258", "12885411840"),
    FoundryRow("1b", 2048, 8, "56.23%", "56.23%", "154171"),
  ].flatMap { foundry("A100", "312", $0) }
}
