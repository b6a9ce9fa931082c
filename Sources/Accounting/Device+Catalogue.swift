import Symbolic

/// The devices, with peaks of dense products in 10¹² operations a second, as the sources print them.
extension Device {
  /// Every device, in the order in which they are listed.
  package static let all: [Device] = nvidia + cards + amd + others + apple

  /// NVIDIA, data centres.
  private static let nvidia: [Device] = [
    device(
      "v100", "NVIDIA V100 SXM",
      also: ["v100-sxm2", "v100-sxm", "Tesla V100-SXM2-32GB", "Tesla V100-SXM2-16GB"],
      "fp32 15.7 fp16 125 int8 62", bandwidth: "0.9", [.lightning, .viewer]),
    device(
      "v100-pcie", "NVIDIA V100 PCIe", also: ["Tesla V100-PCIE-32GB", "Tesla V100-PCIE-16GB"],
      "fp32 14 fp16 112", [.lightning]),
    device("t4", "NVIDIA T4", also: ["Tesla T4"], "fp32 8.1 fp16 65 int8 130", [.lightning]),
    device(
      "a10g", "NVIDIA A10G", also: ["a10"], "fp32 31.2 tf32 62.5 bf16 125 fp16 125 int8 250",
      sparse: "tf32 bf16 fp16 int8", note: "The source has the peaks of the A10 under this name.",
      [.lightning]),
    device(
      "a30", "NVIDIA A30", "bf16 165 fp16 165 int8 330", sparse: "bf16 fp16 int8", memory: "24GiB",
      bandwidth: "0.933", [.nanochat, .configurator]),
    device(
      "a40", "NVIDIA A40", "fp32 37.4 tf32 74.8 bf16 149.7 fp16 149.7 int8 299.3",
      sparse: "tf32 bf16 fp16 int8", bandwidth: "0.696", [.lightning, .nanochat]),
    device(
      "a100-40gb", "NVIDIA A100 40 GB", also: ["a100-sxm-40gb", "NVIDIA A100-SXM4-40GB"],
      "fp32 19.5 tf32 156 bf16 312 fp16 312 int8 624", sparse: "tf32 bf16 fp16 int8",
      memory: "40GB", bandwidth: "1.555", [.engineering, .viewer]),
    device(
      "a100", "NVIDIA A100 SXM 80 GB",
      also: ["a100-80gb", "a100-sxm", "a100-sxm-80gb", "NVIDIA A100-SXM4-80GB"],
      "fp32 19.5 tf32 156 bf16 312 fp16 312 int8 624", sparse: "tf32 bf16 fp16 int8",
      memory: "80GB", bandwidth: "2.039", [.engineering, .configurator]),
    device(
      "a100-pcie", "NVIDIA A100 PCIe 80 GB", also: ["a100-pcie-80gb", "NVIDIA A100 80GB PCIe"],
      "fp32 19.5 tf32 156 bf16 312 fp16 312 int8 624", sparse: "tf32 bf16 fp16 int8",
      memory: "80GB", bandwidth: "1.935", [.engineering, .configurator]),
    device(
      "h100", "NVIDIA H100 SXM",
      also: ["h100-sxm", "h100-sxm5", "h100-80gb", "NVIDIA H100 80GB HBM3"],
      "fp32 67 tf32 494.5 bf16 989 fp16 989 fp8 1979 int8 1979", sparse: "tf32 bf16 fp16 fp8 int8",
      memory: "80GB", bandwidth: "3.35", note: "Some sources round bf16 to 989.5.",
      [.engineering, .lightning, .nanochat, .configurator]),
    device(
      "h100-pcie", "NVIDIA H100 PCIe", also: ["NVIDIA H100 PCIe"],
      "fp32 51 tf32 378 bf16 756 fp16 756 fp8 1513 int8 1513", sparse: "tf32 bf16 fp16 fp8 int8",
      memory: "80GB", bandwidth: "2.0", [.engineering, .lightning, .configurator]),
    device(
      "h100-nvl", "NVIDIA H100 NVL", "fp32 60 tf32 417.5 bf16 835.5 fp16 835.5 int8 1670.5",
      sparse: "tf32 bf16 fp16 int8", memory: "94GB", bandwidth: "3.9",
      [.lightning, .nanochat, .engineering]),
    device(
      "h200", "NVIDIA H200 SXM", also: ["h200-sxm", "h200-141gb"],
      "fp32 67 tf32 494.5 bf16 989 fp16 989 fp8 1979 int8 1979", sparse: "tf32 bf16 fp16 fp8 int8",
      memory: "141GB", bandwidth: "4.8", [.engineering, .lightning, .nanochat]),
    device(
      "h200-nvl", "NVIDIA H200 NVL", "fp32 60 tf32 420 bf16 836 fp16 836 int8 1680",
      sparse: "tf32 bf16 fp16 int8", memory: "141GB", bandwidth: "4.8",
      note: "Sources print 836 to 840 for bf16.", [.lightning, .nanochat]),
    device(
      "b200", "NVIDIA B200", also: ["b200-sxm"],
      "fp32 80 tf32 1125 bf16 2250 fp16 2250 fp8 4500 fp4 9000 int8 4500",
      sparse: "tf32 bf16 fp16 fp8 int8", memory: "180GB", bandwidth: "8.0",
      note: "Another source reads at 7.7 TB/s; nvfp4 is printed as 10000.",
      [.engineering, .torchtitan, .configurator]),
    device(
      "b300", "NVIDIA B300", also: ["b300-sxm"],
      "fp32 80 tf32 1125 bf16 2250 fp16 2250 fp8 4500 fp4 12600 int8 153.5",
      sparse: "tf32 bf16 fp16 fp8", memory: "288GB", bandwidth: "8.0",
      note:
        "fp4 is printed as 12600, 14000 and 15000, int8 as 153.5 and 4500; bandwidth also as 7.75.",
      [.engineering, .configurator]),
    device(
      "gb200", "NVIDIA GB200, one GPU",
      "fp32 80 tf32 1250 bf16 2500 fp16 2500 fp8 5000 fp4 10000 int8 5000",
      sparse: "tf32 bf16 fp16 fp8 int8", memory: "186GB", bandwidth: "8.0",
      [.engineering, .torchtitan, .configurator]),
    device(
      "gb300", "NVIDIA GB300, one GPU",
      "fp32 80 tf32 1250 bf16 2500 fp16 2500 fp8 5000 fp4 15000 int8 165",
      sparse: "tf32 bf16 fp16 fp8", memory: "284208MiB", bandwidth: "8.0",
      note: "int8 is printed as 165 and as 5000.", [.engineering, .configurator]),
    device(
      "l4", "NVIDIA L4", "fp32 30.3 tf32 60 bf16 121 fp16 121 fp8 242 int8 242",
      sparse: "tf32 bf16 fp16 fp8 int8", memory: "24GiB", bandwidth: "0.3",
      [.lightning, .configurator]),
    device(
      "l40s", "NVIDIA L40S", "fp32 91.6 tf32 183 bf16 362 fp16 362 fp8 733 int8 733",
      sparse: "tf32 bf16 fp16 fp8 int8", memory: "48GB", bandwidth: "0.864",
      [.engineering, .configurator]),
  ]

  /// NVIDIA, cards.
  private static let cards: [Device] = [
    device(
      "rtx-3090", "NVIDIA GeForce RTX 3090", also: ["rtx3090", "3090"],
      "fp32 35.6 tf32 35.6 bf16 71 fp16 71 int8 284", bandwidth: "0.936",
      note: "bf16 is that of the tensor cores; the shaders do 35.6.", [.lightning, .nanochat]),
    device(
      "rtx-4090", "NVIDIA GeForce RTX 4090", also: ["rtx4090", "4090"],
      "fp32 82.6 tf32 82.6 bf16 165.2 fp16 165.2 int8 660.6 int4 1321", bandwidth: "1.01",
      note: "bf16 is that of the tensor cores; the shaders do 82.6.", [.lightning, .nanochat]),
    device(
      "rtx-5090", "NVIDIA GeForce RTX 5090", also: ["rtx5090", "5090"], "bf16 209.5 fp16 209.5",
      bandwidth: "1.79", [.nanochat]),
    device(
      "rtx-pro-6000", "NVIDIA RTX PRO 6000 Server",
      also: ["rtx-6000-pro", "rtx-pro-6000-blackwell"],
      "bf16 467.8 fp16 467.8 fp8 935.6 fp4 1871.2 int8 935.6", memory: "97887MiB",
      bandwidth: "1.792", [.configurator]),
  ]

  /// AMD.
  private static let amd: [Device] = [
    device(
      "mi250x", "AMD Instinct MI250X", "fp32 47.9 bf16 383 fp16 383 int8 383", memory: "128GB",
      bandwidth: "3.28", note: "Of the whole card; each of its two dies has half.",
      [.engineering, .torchtitan]),
    device(
      "mi300x", "AMD Instinct MI300X",
      "fp32 163.4 tf32 653.7 bf16 1307.4 fp16 1307.4 fp8 2610 int8 2600",
      sparse: "bf16 fp16 fp8 int8", memory: "192GB", bandwidth: "5.3",
      [.engineering, .nanochat, .torchtitan]),
    device(
      "mi325x", "AMD Instinct MI325X",
      "fp32 163.4 tf32 653.7 bf16 1307.4 fp16 1307.4 fp8 2610 int8 2600",
      sparse: "bf16 fp16 fp8 int8", memory: "256GB", bandwidth: "6.0", [.engineering, .nanochat]),
    device(
      "mi355x", "AMD Instinct MI355X",
      "fp32 157.3 bf16 2500 fp16 2500 fp8 5000 fp4 10100 int8 5000", sparse: "bf16 fp16 fp8 int8",
      memory: "288GB", bandwidth: "8.0", [.engineering, .nanochat, .torchtitan]),
  ]

  /// Others.
  private static let others: [Device] = [
    device(
      "tpu-v3", "Google TPU v3", also: ["v3"], "bf16 140 int8 140", memory: "32GB",
      bandwidth: "0.9", note: "Another source has 123 for bf16.", [.scaling, .lightning]),
    device(
      "tpu-v4", "Google TPU v4", also: ["v4"], "bf16 275 int8 275", memory: "32GB",
      bandwidth: "1.2", [.engineering, .scaling, .lightning]),
    device(
      "tpu-v5e", "Google TPU v5e", also: ["v5e", "tpu-v5-lite"], "bf16 197 int8 394",
      memory: "16GB", bandwidth: "0.81", [.engineering, .scaling]),
    device(
      "tpu-v5p", "Google TPU v5p", also: ["v5p"], "bf16 459 int8 918", memory: "95GB",
      bandwidth: "2.76", [.engineering, .scaling]),
    device(
      "tpu-v6e", "Google TPU v6e", also: ["v6e", "trillium"], "bf16 918 fp8 918 int8 1836",
      memory: "32GB", bandwidth: "1.6", [.engineering, .scaling]),
    device(
      "tpu-v7", "Google TPU v7", also: ["ironwood", "tpu7x"], "bf16 2307 fp8 4614",
      note: "Of the whole chip; each of its two cores has half.", [.engineering, .torchtitan]),
    device(
      "neuroncore-v2", "AWS NeuronCore-v2, of Trainium 1 and Inferentia 2",
      also: ["trn1-core", "inf2-core"], "bf16 90", note: "Of one core.", [.torchtitan]),
    device(
      "trainium2", "AWS Trainium 2", also: ["trn2", "trainium-2"],
      "fp32 181 tf32 667 bf16 667 fp16 667 fp8 1299", memory: "96GB", bandwidth: "2.9",
      [.engineering, .torchtitan]),
    device(
      "gaudi2", "Intel Gaudi 2", also: ["gaudi-2"], "bf16 432 fp8 865", memory: "96GB",
      bandwidth: "2.46", [.engineering]),
    device(
      "gaudi3", "Intel Gaudi 3", also: ["gaudi-3"], "fp32 229 tf32 459 bf16 1677 fp16 459 fp8 1677",
      memory: "128GB", bandwidth: "3.7", note: "1835 for bf16 in the white paper, at 1750 MHz.",
      [.engineering]),
  ]

  /// Apple; fp16 is as fast as fp32.
  private static let apple: [Device] = [
    device("m1-max-24", "Apple M1 Max, 24 cores", also: ["m1-max"], "fp32 7.96 fp16 7.96", [.hmc]),
    device("m2-max", "Apple M2 Max", "", bandwidth: "0.4", [.which]),
    device("m2-ultra", "Apple M2 Ultra", "", bandwidth: "0.8", [.which]),
    device(
      "m3-max-30", "Apple M3 Max, 30 cores", "fp32 10.74 fp16 10.74", bandwidth: "0.4",
      [.hmc, .which]),
    device(
      "m3-max", "Apple M3 Max, 40 cores", also: ["m3-max-40"], "fp32 14.32 fp16 14.32",
      bandwidth: "0.4", [.hmc, .which]),
    device("m3-ultra", "Apple M3 Ultra", "", bandwidth: "0.8", [.which]),
    device("m4", "Apple M4, 10 cores", also: ["m4-10"], "fp32 3.76 fp16 3.76", [.hmc]),
    device(
      "m4-max", "Apple M4 Max, 32 cores", also: ["m4-max-32"], "fp32 13.74 fp16 13.74",
      bandwidth: "0.546", [.hmc, .which]),
  ]

  /// Where the figures stand; each states what vendors publish.
  private enum Source: String {
    case engineering = "stas00/ml-engineering 744d01e, compute/accelerator"
    case lightning = "Lightning Fabric 7f0c343, throughput.py"
    case nanochat = "karpathy/nanochat 92d63d4, common.py"
    case torchtitan = "pytorch/torchtitan b5bcd76, tools/utils.py"
    case scaling = "jax-ml/scaling-book 0819a7d, tpus.md"
    case configurator = "ai-dynamo/aiconfigurator 095f58a, systems"
    case viewer = "hahnyuan/LLM-Viewer 472f71f"
    case which = "Andyyyy64/whichllm a897551, data/gpu.py"
    case hmc = "hmc-tech.com, comparison pages"
  }

  private static func device(
    _ name: String, _ title: String, also synonyms: [String] = [], _ peaks: String,
    sparse: String = "", memory: String? = nil, bandwidth: String? = nil, note: String = "",
    _ sources: [Source]
  ) -> Device {
    let words = peaks.split(separator: " ")
    let pairs = stride(from: 0, to: words.count, by: 2).map { place in
      (Number(rawValue: String(words[place])), scaled(words[place + 1] + "e12"))
    }
    guard pairs.allSatisfy({ $0.0 != nil && $0.1 != nil }) else {
      preconditionFailure("\(name) has a peak that is no number")
    }
    return Device(
      name: name, title: title, synonyms: synonyms,
      peaks: Dictionary(
        uniqueKeysWithValues: pairs.compactMap { pair in
          pair.0.flatMap { number in pair.1.map { (number, $0) } }
        }),
      sparse: Set(sparse.split(separator: " ").compactMap { Number(rawValue: String($0)) }),
      memory: memory.flatMap { Rational(written: $0, inBytes: true) },
      bandwidth: bandwidth.flatMap { scaled($0 + "e12") }, note: note,
      source: sources.map(\.rawValue).joined(separator: "; "))
  }

  private static func scaled(_ text: some StringProtocol) -> Rational? { Rational(decimal: text) }
}
