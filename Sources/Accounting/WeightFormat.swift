package import Symbolic

/// How the weights of a model are stored: every parameter alike, or maps in a few bits beside wide
/// tables, norms and routers.
package struct WeightFormat: Hashable, Sendable, CustomStringConvertible {
  /// What the maps are packed as.
  package enum Packing: Hashable, Sendable {
    /// Codes of some bits, and for each group of them a scale of 16 bits and perhaps a zero point.
    case groups(bits: Int, size: Int, hasZeros: Bool)
    /// The same with, for each map, the group of every input in 32 bits and a bias of every output
    /// in 16.
    ///
    /// - Source: AutoGPTQ, `qlinear_cuda_old.py`.
    case indexedGroups(bits: Int, size: Int)
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

  package let description: String
  package let scheme: Scheme

  package init(_ format: NumberFormat) {
    (description, scheme) = (format.rawValue, .uniform(format))
  }

  package static let bf16 = WeightFormat(.bf16)

  /// A format by the word for it, in small letters or capitals.
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
    } else if let (name, bits, size) = Self.parts(word) {
      switch name {
      case "awq": scheme = .maps(.groups(bits: bits, size: size, hasZeros: true))
      case "gptq": scheme = .maps(.indexedGroups(bits: bits, size: size))
      case "int": scheme = .maps(.groups(bits: bits, size: size, hasZeros: false))
      case "mlx": scheme = .everyMatrix(bits: bits, size: size)
      default: return nil
      }
    } else {
      return nil
    }
  }

  private static let fixed: [String: Packing] = [
    "mxfp4": .microscaling4, "nvfp4": .nvidia4, "nf4": .normal4(isDouble: false),
    "nf4-dq": .normal4(isDouble: true), "fp8-b128": .float8(block: 128),
  ]

  /// Of `gptq8-g32` the name, the bits (four where none are said) and the group.
  private static func parts(_ word: String) -> (name: String, bits: Int, size: Int)? {
    guard let dash = word.firstRange(of: "-g"), let size = Int(word[dash.upperBound...]),
      size > 0, size <= 1 << 20
    else { return nil }
    let start = word[..<dash.lowerBound]
    let name = start.prefix { $0.isLetter }
    let digits = start.dropFirst(name.count)
    guard let bits = digits.isEmpty ? 4 : Int(digits), (1...8).contains(bits) else { return nil }
    return (String(name), bits, size)
  }

  /// The words, as an error lists them.
  package static let words = """
    config, fp32, bf16, fp16, fp8, int8, int4, mxfp4, nvfp4, nf4, nf4-dq, fp8-b128, awq-g128, gptq-g128, \
    gptq8-g32, int4-g128, mlx4-g64, q4_0, q4_1, q5_0, q5_1, q8_0, q2_k, q3_k_s, q3_k_m, q3_k_l, q4_k_s, \
    q4_k_m, q5_k_s, q5_k_m, q6_k, or bits a weight, as 4.5bpw
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

/// A mixture of the block types of llama.cpp, by the name that its files carry.
///
/// - Source: llama.cpp, `llama_tensor_get_type`, as of November 2026; the sizes of blocks from ggml's
///   `ggml-common.h`.
package enum BlockMixture: String, CaseIterable, Hashable, Sendable {
  case q4_0, q4_1, q5_0, q5_1, q8_0, q2_k, q3_k_s, q3_k_m, q3_k_l, q4_k_s, q4_k_m, q5_k_s, q5_k_m
  case q6_k

  /// A block type, by the bits of a weight.
  package enum Block: Hashable, Sendable {
    case q4_0, q4_1, q5_0, q5_1, q8_0, q2, q3, q4, q5, q6

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
    case .q2_k: .q2
    case .q3_k_s, .q3_k_m, .q3_k_l: .q3
    case .q4_k_s, .q4_k_m: .q4
    case .q5_k_s, .q5_k_m: .q5
    case .q6_k: .q6
    }
  }

  /// The type of the head, or of the table that serves as one.
  package var head: Block { self == .q8_0 ? .q8_0 : .q6 }
}
