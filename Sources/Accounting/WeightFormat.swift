package import Architecture
package import Symbolic

/// How the weights of a model are stored: every parameter alike, or maps in a few bits beside wide
/// tables, norms and routers.
package struct WeightFormat: Hashable, Sendable, CustomStringConvertible {
  /// What the maps are packed as.
  package enum Packing: Hashable, Sendable {
    /// Codes of some bits, and for each group of them a scale of 16 bits and a zero point; a group
    /// without a size is all inputs of an output.
    ///
    /// - Source: AutoAWQ, `WQLinear_GEMM`.
    case zeroedGroups(bits: Int, size: Int?)
    /// Codes of some bits, a scale of 16 bits for each group, and, of codes below 8 bits, the shape
    /// of the map as two numbers of 64 bits.
    ///
    /// - Source: compressed-tensors, `pack_quantized` and `int_quantized`.
    case scaledGroups(bits: Int, size: Int?)
    /// Codes of 8 bits and one scale of some bits for each output.
    ///
    /// - Source: Dettmers et al. 2022 (LLM.int8()), <https://arxiv.org/abs/2208.07339>; FBGEMM's
    ///   row-wise fp8; compressed-tensors, strategy `channel`.
    case rows(scale: Int)
    /// Codes of 8 bits and scales of 32 bits in all for each map.
    case tensors
    /// Zero points too, and, for each map, the group of every input in 32 bits and a bias of every output
    /// in 16.
    ///
    /// - Source: AutoGPTQ, `qlinear_cuda_old.py`.
    case indexedGroups(bits: Int, size: Int?)
    /// Four bits and a scale of 32 bits for 64 of them; or of 8 bits, and one of 32 for 256 of these.
    ///
    /// - Source: Dettmers et al. 2023 (QLoRA), §3, <https://arxiv.org/abs/2305.14314>.
    case normal4(isDouble: Bool)
    /// 8-bit floats and a scale of 32 bits for each square block.
    case float8(block: Int)
    /// Four bits and a scale of 8 bits for 32 of them.
    ///
    /// - Source: Open Compute Project 2023, Microscaling Formats (MX) 1.0, §5.2.
    case microscaling4
    /// Four bits, a scale of 8 bits for 16 of them, and two of 32 bits for the map.
    case nvidia4
  }

  /// Which weights are packed, and how.
  package enum Scheme: Hashable, Sendable {
    case uniform(NumberFormat)
    /// Bits a weight, for every parameter.
    case bits(Rational)
    /// Maps are packed; all else has 16 bits.
    case maps(Packing)
    /// Maps, tables and the head have codes of some bits, with a scale and an offset of 16 bits each
    /// for a group; all else has 16 bits.
    ///
    /// - Source: <https://github.com/ml-explore/mlx>, `mx.quantize`.
    case everyMatrix(bits: Int, size: Int)
    /// A mixture of the block types of llama.cpp.
    case blocks(BlockMixture)
  }

  /// The word for it after `--weight-dtype`.
  package let description: String
  /// Which weights are packed, and how.
  package let scheme: Scheme
  /// What stays in 16 bits although its kind is packed, where a configuration says so.
  package var stored: StoredFormat?

  package init(_ format: NumberFormat) {
    (description, scheme) = (format.rawValue, .uniform(format))
  }

  /// Every parameter in 16 bits, which is the default.
  package static let bf16 = WeightFormat(.bf16)

  /// A format by the word for it, in lower or upper case.
  package init?(_ word: String) {
    let word = word.lowercased()
    description = word
    if let format = NumberFormat(rawValue: word), !format.isBlock {
      scheme = .uniform(format)
    } else if let mixture = BlockMixture(rawValue: word) {
      scheme = .blocks(mixture)
    } else if word.hasSuffix("bpw"), let bits = Rational(written: String(word.dropLast(3))),
      bits > .zero, bits <= Rational(64)
    {
      scheme = .bits(bits)
    } else if let packing = Self.fixed[word] {
      scheme = .maps(packing)
    } else if word.hasPrefix("fp8-b"), let block = Int(word.dropFirst(5)),
      (1...(1 << 20)).contains(block)
    {
      scheme = .maps(.float8(block: block))
    } else if let (name, bits, size) = Self.parts(word) {
      switch name {
      case "awq": scheme = .maps(.zeroedGroups(bits: bits, size: size))
      case "gptq": scheme = .maps(.indexedGroups(bits: bits, size: size))
      case "int": scheme = .maps(.scaledGroups(bits: bits, size: size))
      case "mlx":
        guard let size else { return nil }
        scheme = .everyMatrix(bits: bits, size: size)
      default: return nil
      }
    } else {
      return nil
    }
  }

  private static let fixed: [String: Packing] = [
    "mxfp4": .microscaling4, "nvfp4": .nvidia4, "nf4": .normal4(isDouble: false),
    "nf4-dq": .normal4(isDouble: true), "llm-int8": .rows(scale: 32), "fp8-row": .rows(scale: 32),
    "fp8-channel": .rows(scale: 16), "fp8-tensor": .tensors,
  ]

  /// Of `gptq8-g32` the name, the bits (four where none are said) and the group; of `gptq-channel`
  /// no group.
  private static func parts(_ word: String) -> (name: String, bits: Int, size: Int?)? {
    guard let dash = word.firstIndex(of: "-") else { return nil }
    let group = word[word.index(after: dash)...]
    var size: Int?
    if group != "channel" {
      guard group.first == "g", let number = Int(group.dropFirst()), number > 0, number <= 1 << 20
      else { return nil }
      size = number
    }
    let start = word[..<dash]
    let name = start.prefix { $0.isLetter }
    let digits = start.dropFirst(name.count)
    guard let bits = digits.isEmpty ? 4 : Int(digits), (1...8).contains(bits) else { return nil }
    return (String(name), bits, size)
  }

  /// The format of a model whose configuration states one.
  package init?(of model: Model) {
    guard let stored = model.storedFormat else { return nil }
    self.init(stored.word)
    self.stored = stored
  }

  /// The words, as an error lists them.
  package static let words = """
    config, fp32, bf16, fp16, fp8, int8, int4, mxfp4, nvfp4, nf4, nf4-dq, llm-int8, fp8-b128, fp8-row, \
    fp8-channel, fp8-tensor, int8-channel, awq-g128, gptq-g128, gptq-channel, gptq8-g32, int4-g128, mlx4-g64, q4_0, q4_1, q5_0, q5_1, q8_0, q2_k, q2_k_s, q3_k_s, q3_k_m, \
    q3_k_l, q4_k_s, q4_k_m, q5_k_s, q5_k_m, q6_k, iq1_s, iq1_m, iq2_xxs, iq2_xs, iq2_s, iq2_m, iq3_xxs, iq3_xs, \
    iq3_s, iq3_m, iq4_nl, iq4_xs, tq1_0, tq2_0, or bits a weight, as 4.5bpw
    """

  /// The words one by one.
  package static let listed = words.split(separator: ", ").map(String.init).filter {
    !$0.contains(" ")
  }

  /// The format in which training keeps gradients: of packed weights none are kept in their own.
  package var trained: NumberFormat {
    if case .uniform(let format) = scheme { format } else { .bf16 }
  }
}

/// Which format of weights is requested.
package enum WeightFormatRequest: Hashable, Sendable {
  /// That of the configuration, or 16 bits.
  case usual
  /// That of the configuration, which must state one.
  case configuration
  case format(WeightFormat)

  /// Reads `config` or the word for a format; nothing asks for the usual one.
  package init?(_ word: String?) {
    guard let word else {
      self = .usual
      return
    }
    if word == "config" {
      self = .configuration
    } else if let format = WeightFormat(word) {
      self = .format(format)
    } else {
      return nil
    }
  }

  /// The format for a model; nil where its configuration must state one and does not.
  package func format(of model: Model) -> WeightFormat? {
    switch self {
    case .usual: WeightFormat(of: model) ?? .bf16
    case .configuration: WeightFormat(of: model)
    case .format(let format): format
    }
  }
}

/// A mixture of the block types of llama.cpp, by the name that its files carry.
///
/// Those of one to three bits whose names begin with an i are as llama.cpp makes them with an importance
/// matrix, and requires of the smallest; all others are as it makes them without one.
///
/// - Source: llama.cpp, `llama_tensor_get_type`, as of November 2026; the sizes of blocks from ggml's
///   `ggml-common.h`.
package enum BlockMixture: String, CaseIterable, Hashable, Sendable {
  case q4_0, q4_1, q5_0, q5_1, q8_0, q2_k, q2_k_s, q3_k_s, q3_k_m, q3_k_l, q4_k_s, q4_k_m, q5_k_s
  case q5_k_m, q6_k
  case iq1_s, iq1_m, iq2_xxs, iq2_xs, iq2_s, iq2_m, iq3_xxs, iq3_xs, iq3_s, iq3_m, iq4_nl, iq4_xs
  case tq1_0, tq2_0

  /// A block type, by the bits of a weight.
  package enum Block: Hashable, Sendable {
    case q4_0, q4_1, q5_0, q5_1, q8_0, q2, q3, q4, q5, q6
    case iq1_s, iq1_m, iq2_xxs, iq2_xs, iq2_s, iq3_xxs, iq3_s, iq4_nl, iq4_xs, tq1_0, tq2_0

    /// Bytes over weights of a block.
    package var bytes: Formula {
      let (bytes, weights): (Int128, Int128) =
        switch self {
        case .q4_0: (18, 32)
        case .q4_1: (20, 32)
        case .q5_0: (22, 32)
        case .q5_1: (24, 32)
        case .q8_0: (34, 32)
        case .q2: (84, 256)
        case .q3: (110, 256)
        case .q4: (144, 256)
        case .q5: (176, 256)
        case .q6: (210, 256)
        case .iq1_s: (50, 256)
        case .iq1_m: (56, 256)
        case .iq2_xxs, .tq2_0: (66, 256)
        case .iq2_xs: (74, 256)
        case .iq2_s: (82, 256)
        case .iq3_xxs: (98, 256)
        case .iq3_s: (110, 256)
        case .iq4_nl: (18, 32)
        case .iq4_xs: (136, 256)
        case .tq1_0: (54, 256)
        }
      return Formula(bytes) / Formula(weights)
    }
  }

  /// The type of every map that no rule names.
  package var base: Block {
    switch self {
    case .q4_0: .q4_0
    case .q4_1: .q4_1
    case .q5_0: .q5_0
    case .q5_1: .q5_1
    case .q8_0: .q8_0
    case .q2_k, .q2_k_s: .q2
    case .q3_k_s, .q3_k_m, .q3_k_l: .q3
    case .q4_k_s, .q4_k_m: .q4
    case .q5_k_s, .q5_k_m: .q5
    case .q6_k: .q6
    case .iq1_s: .iq1_s
    case .iq1_m: .iq1_m
    case .iq2_xxs: .iq2_xxs
    case .iq2_xs, .iq2_s: .iq2_xs
    case .iq2_m: .iq2_s
    case .iq3_xxs: .iq3_xxs
    case .iq3_xs, .iq3_s, .iq3_m: .iq3_s
    case .iq4_nl: .iq4_nl
    case .iq4_xs: .iq4_xs
    case .tq1_0: .tq1_0
    case .tq2_0: .tq2_0
    }
  }

  /// Whether it is one of those of about two bits or fewer, which have rules of their own.
  package var isOfTwoBits: Bool {
    switch self {
    case .iq1_s, .iq1_m, .iq2_xxs, .iq2_xs, .iq2_s, .iq2_m: true
    case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q2_k, .q2_k_s, .q3_k_s, .q3_k_m, .q3_k_l, .q4_k_s,
      .q4_k_m, .q5_k_s, .q5_k_m, .q6_k, .iq3_xxs, .iq3_xs, .iq3_s, .iq3_m, .iq4_nl, .iq4_xs,
      .tq1_0, .tq2_0:
      false
    }
  }

  /// Whether it is one of the two larger of these, which get three bits where the others get two.
  package var isLargerOfTwoBits: Bool { self == .iq2_s || self == .iq2_m }

  /// The type of the head, or of the table that serves as one.
  package var head: Block {
    self == .q8_0 ? .q8_0 : isOfTwoBits || self == .iq3_xxs ? .q5 : .q6
  }

  /// The type of a table of tokens that is not the head.
  package var table: Block {
    switch self {
    case .iq1_s, .iq1_m, .iq2_xxs, .iq2_xs: .q2
    case .iq2_s, .iq2_m, .iq3_xxs: .iq3_s
    case .tq1_0, .tq2_0: .q4
    case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q2_k, .q2_k_s, .q3_k_s, .q3_k_m, .q3_k_l, .q4_k_s,
      .q4_k_m, .q5_k_s, .q5_k_m, .q6_k, .iq3_xs, .iq3_s, .iq3_m, .iq4_nl, .iq4_xs:
      base
    }
  }
}
