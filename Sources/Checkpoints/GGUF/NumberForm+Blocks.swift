/// Types of llama.cpp whose elements are packed in blocks.
///
/// - Source: ggml, `src/ggml-common.h`: the structures and their sizes, and `ggml.h`: the numbers.
extension NumberForm {
  /// A type by its number in a file.
  init?(gguf number: UInt32) {
    guard let name = Self.types[number] else { return nil }
    self.init(name)
  }

  /// How many weights a block has, and its bytes.
  var block: (weights: Int, bytes: Int)? { Self.blocks[name] }

  /// The bytes of a tensor; nil where a row is no whole number of blocks, or for an unknown type.
  func bytes(of shape: [Int]) -> Int? {
    guard let count = shape.checkedProduct else { return nil }
    if let block {
      guard (shape.last ?? 1).isMultiple(of: block.weights) else { return nil }
      return count / block.weights * block.bytes
    }
    return bits.map { count * $0 / 8 }
  }

  private static let types: [UInt32: String] = [
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 9: "Q8_1",
    10: "Q2_K", 11: "Q3_K", 12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K", 16: "IQ2_XXS",
    17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S",
    23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 30: "BF16",
    34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4", 40: "NVFP4", 41: "Q1_0",
  ]

  private static let blocks: [String: (weights: Int, bytes: Int)] = [
    "Q4_0": (32, 18), "Q4_1": (32, 20), "Q5_0": (32, 22), "Q5_1": (32, 24), "Q8_0": (32, 34),
    "Q8_1": (32, 36), "Q2_K": (256, 84), "Q3_K": (256, 110), "Q4_K": (256, 144),
    "Q5_K": (256, 176), "Q6_K": (256, 210), "Q8_K": (256, 292), "IQ2_XXS": (256, 66),
    "IQ2_XS": (256, 74), "IQ3_XXS": (256, 98), "IQ1_S": (256, 50), "IQ4_NL": (32, 18),
    "IQ3_S": (256, 110), "IQ2_S": (256, 82), "IQ4_XS": (256, 136), "IQ1_M": (256, 56),
    "TQ1_0": (256, 54), "TQ2_0": (256, 66), "MXFP4": (32, 17), "NVFP4": (64, 36),
    "Q1_0": (128, 18),
  ]
}
