import Accounting

/// The FLOPs of whole training runs.
extension Publication {
  static let training = Publication(
    "training", title: "FLOPs of training runs",
    source: """
      Each row names its own: Brown et al. 2020 (GPT-3), Table D.1, arXiv 2005.14165; Hoffmann et \
      al. 2022, 2203.15556; PaLM, 2204.02311; LLaMA, 2302.13971; Llama 3, 2407.21783; OLMo 2's model \
      card; Cerebras-GPT's model card, and 2304.03208 for Pythia; FLAME-MoE's model card
      """, generative + others + herd + olmo + cerebras + flame)

  // MARK: - GPT-3

  private static let generative: [Reproduction] =
    gpt3("Small", "125M", "2.25e20", "2.60", 12, 768, 12)
    + gpt3("Medium", "356M", "6.41e20", "7.42", 24, 1024, 16)
    + gpt3("Large", "760M", "1.37e21", "15.8", 24, 1536, 16)
    + gpt3(
      "XL", "1320M", "2.38e21", "27.5", 24, 2048, 16,
      differs: "2.37e21 from its shape; in print it is 6·N·D with N rounded to 1,320M")
    + gpt3("2.7B", "2650M", "4.77e21", "55.2", 32, 2560, 32)
    + gpt3("6.7B", "6660M", "1.20e22", "139", 32, 4096, 32)
    + gpt3("13B", "12850M", "2.31e22", "268", 40, 5120, 40)
    + gpt3("175B", "174600M", "3.14e23", "3.64e3", 96, 12288, 96)
    + [
      compared("T5-Small", "1.80e20", "3*60*10^6*10^12", "half of the parameters see a token"),
      compared("T5-Base", "6.60e20", "3*220*10^6*10^12", "half of the parameters see a token"),
      compared("T5-3B", "9.00e21", "3*3000*10^6*10^12", "half of the parameters see a token"),
      compared("T5-11B", "3.30e22", "3*11000*10^6*10^12", "half of the parameters see a token"),
      compared("BERT-Base", "1.64e20", "6*109*10^6*250*10^9", "6·N·D"),
      compared("RoBERTa-Base", "1.50e21", "6*125*10^6*2000*10^9", "6·N·D"),
      compared("RoBERTa-Large", "4.26e21", "6*355*10^6*2000*10^9", "6·N·D"),
    ]

  /// A row of Table D.1; attention is left out, says the text.
  private static func gpt3(
    _ name: String, _ parameters: String, _ flops: String, _ days: String, _ layers: Int,
    _ width: Int, _ heads: Int, differs: String? = nil
  ) -> [Reproduction] {
    let name = "GPT-3 \(name)"
    let counted = Figure.parameters(
      "parameters.total", of: "gpt2",
      with: gpt(layers: layers, width: width, heads: heads, vocabulary: 50257))
    let budget = Figure.formula("6*300*10^9")
    return [
      Reproduction(
        name, "parameters", parameters, counted, level: .secondary,
        digits: parameters.count > 5 ? 4 : 3,
        note: "a GPT of that shape with 2,048 positions"),
      Reproduction(
        name, "FLOPs", flops, .product(counted, budget), level: .secondary,
        note: "6·N·D of 300B tokens, no attention", differs: differs),
      Reproduction(
        name, "petaFLOP/s-days", days,
        .quotient(
          .product(.formula("\(parameters.dropLast())*10^6"), budget), .formula("8.64*10^19")),
        level: .secondary, note: "of the parameters in print; 10^15 a second for a day"),
    ]
  }

  private static func compared(
    _ name: String, _ printed: String, _ formula: String, _ note: String
  ) -> Reproduction {
    Reproduction(name, "FLOPs", printed, .formula(formula), level: .secondary, note: note)
  }

  // MARK: - Chinchilla, Gopher, PaLM, Llama

  private static let others: [Reproduction] = [
    Reproduction(
      "Gopher 280B", "FLOPs, 5.76e23", "5.76e23", .formula("6*280*10^9*300*10^9"),
      level: .secondary,
      differs: "6·N·D of 300B tokens is 5.04e23; 5.76e23 and 6.3e23 are printed for one model"),
    Reproduction(
      "Chinchilla 70B", "FLOPs, as Gopher", "5.76e23", .formula("6*70*10^9*1.4*10^12"),
      level: .secondary,
      differs:
        "6·N·D of 1.4T tokens is 5.88e23; 70B and 1.4T are rounded, and the budget was Gopher's"),
    Reproduction(
      "PaLM 540B", "FLOPs", "2.56e24",
      .formula("(6*N+12*118*48*256*2048)*780*10^9", "N=540.35e9"), level: .secondary,
      note: "convention palm, 780B tokens"),
  ]

  private static let herd: [Reproduction] = [
    run("LLaMA 7B", "4.0e22", "llama-7b", "1", note: "6·N·D of 1.0T tokens, as Epoch lists it"),
    run("LLaMA 13B", "7.8e22", "llama-13b", "1", note: "6·N·D of 1.0T tokens, as Epoch lists it"),
    run(
      "LLaMA 33B", "2.73e23", "llama-33b", "1.4", note: "6·N·D of 1.4T tokens, as Epoch lists it"),
    run("LLaMA 65B", "5.5e23", "llama-65b", "1.4", note: "6·N·D of 1.4T tokens, as Epoch lists it"),
    run("Llama 3.1 405B", "3.8e25", "llama3.1-405b", "15.6", note: "6·N·D of 15.6T tokens"),
    Reproduction(
      "Llama 3.1 405B", "FLOPs with attention", "3.8e25",
      .product(
        .flops("torch", of: "llama3.1-405b", tokens: 8192, perToken: true),
        .formula("15.6*10^12")), level: .secondary,
      differs: "every product of 8,192 tokens, the whole square too: 4.10e25; in print it is 6·N·D"),
  ]

  private static func run(
    _ name: String, _ printed: String, _ preset: String, _ tokens: String,
    level: Reproduction.Level = .secondary, note: String, differs: String? = nil
  ) -> Reproduction {
    Reproduction(
      name, "FLOPs", printed,
      .product(.parameters("parameters.total", of: preset), .formula("6*\(tokens)*10^12")),
      level: level, note: note, differs: differs)
  }

  // MARK: - OLMo 2's card

  private static let olmo: [Reproduction] = [
    run("Llama-2-13B", "1.6e23", "llama2-13b", "2", note: card("2T")),
    run("Qwen-2.5-7B", "8.2e23", "qwen2.5-7b", "18", note: card("18T")),
    carded("Qwen-2.5-14B", "1.60e24", "14770033664", "18"),
    carded("StableLM-2-12B", "2.9e23", "12143605760", "4"),
    run("Amber-7B", "0.5e23", "llama-7b", "1.26", note: card("1.26T")),
    run("OLMo-7B", "1.0e23", "olmo-7b", "2.46", note: card("2.46T")),
    carded("MAP-Neo-7B", "2.1e23", "7.8*10^9", "4.5"),
    run(
      "OLMo-0424-7B", "0.9e23", "olmo-7b", "2.05", note: card("2.05T"),
      differs: "6·N·D of 2.05T tokens is 0.85e23, which rounds to 0.8"),
    carded("DCLM-7B", "1.0e23", "6.9*10^9", "2.5"),
    run("OLMo-2-7B", "1.8e23", "olmo2-7b", "4.05", note: card("4.05T")),
    run("OLMo-2-13B", "4.6e23", "olmo2-13b", "5.6", note: card("5.6T")),
  ]

  private static func card(_ tokens: String) -> String {
    "OLMo 2's card: 6·N·D, N with tables, \(tokens) tokens"
  }

  private static func carded(
    _ name: String, _ printed: String, _ parameters: String, _ tokens: String
  ) -> Reproduction {
    Reproduction(
      name, "FLOPs", printed, .formula("6*\(parameters)*\(tokens)*10^12"), level: .secondary,
      note: card("\(tokens)T"))
  }

  // MARK: - Cerebras-GPT, and Pythia in its count

  private static let cerebras: [Reproduction] = [
    algorithmic("Cerebras-GPT 111M", "2.6e18", 10, 768, "120*9037*2048"),
    algorithmic("Cerebras-GPT 590M", "6.1e19", 18, 1536, "264*21836*2048"),
    algorithmic("Cerebras-GPT 1.3B", "2.8e20", 24, 2048, "528*24334*2048"),
    algorithmic("Cerebras-GPT 6.7B", "6.3e21", 32, 4096, "1040*62522*2048"),
    algorithmic("Cerebras-GPT 13B", "2.3e22", 40, 5120, "720*174335*2048"),
    algorithmic("Pythia 70M", "1.6e20", 6, 512, "299892736000", vocabulary: 50304),
    algorithmic("Pythia 410M", "1.1e21", 24, 1024, "299892736000", vocabulary: 50304),
    algorithmic("Pythia 1B", "2.2e21", 16, 2048, "299892736000", vocabulary: 50304),
    algorithmic("Pythia 1.4B", "3.2e21", 24, 2048, "299892736000", vocabulary: 50304),
    algorithmic("Pythia 2.8B", "6.1e21", 32, 2560, "299892736000", vocabulary: 50304),
    algorithmic("Pythia 12B", "2.4e22", 36, 5120, "299892736000", vocabulary: 50304),
  ]

  private static func algorithmic(
    _ name: String, _ printed: String, _ layers: Int, _ width: Int, _ tokens: String,
    vocabulary: Int = 50257
  ) -> Reproduction {
    Reproduction(
      name, "algorithmic FLOPs", printed,
      .product(
        .formula(
          "72*L*d^2+10*V*d+24*L*d*T", "L=\(layers) d=\(width) V=\(vocabulary) T=2048"),
        .formula(tokens)), level: .secondary,
      note: "72·L·d² + 10·V·d + 24·L·d·T: the square twice, the table as a product")
  }

  // MARK: - FLAME-MoE

  private static let flame: [Reproduction] = [
    ("38M/100M", "1.0e18", "38", 2121), ("98M/349M", "3.0e18", "98", 2424),
    ("290M/1.3B", "2.0e19", "290", 5473), ("419M/2.2B", "3.0e19", "419", 5685),
    ("1.7B/10.3B", "2.4e20", "1700", 11029),
  ].map { name, printed, active, steps in
    Reproduction(
      "FLAME-MoE \(name)", "FLOPs", printed,
      .formula("6*\(active)*10^6*\(steps)*1024*2048"),
      note: "6·N·D, N of the printed active parameters")
  }
}
