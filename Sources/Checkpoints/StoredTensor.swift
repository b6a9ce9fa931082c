/// How the elements of a tensor are stored, by the name that safetensors gives the form.
///
/// - Source: <https://github.com/huggingface/safetensors>, `Dtype`.
package struct NumberForm: Hashable, Sendable, CustomStringConvertible {
  /// The name in safetensors, such as `BF16`.
  package let name: String

  package init(_ name: String) { self.name = name }

  /// Floats of 32 bits.
  package static let float32 = NumberForm("F32")
  /// Floats of 16 bits, IEEE 754.
  package static let float16 = NumberForm("F16")
  /// Signed integers of 64 bits.
  package static let integer64 = NumberForm("I64")
  /// The upper 16 bits of floats of 32 bits.
  package static let brainFloat16 = NumberForm("BF16")

  /// The bits of a number; nil for a form that is not known, and for block types.
  var bits: Int? { Self.sizes[name] }

  /// Whether the elements can be read.
  var isRead: Bool { [.float32, .float16, .brainFloat16, .integer64].contains(self) }

  package var description: String { name }

  private static let sizes = [
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8,
    "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32, "F64": 64, "I64": 64, "U64": 64, "C64": 64,
  ]
}

/// A tensor in a file.
package struct StoredTensor: Sendable {
  /// The name in the header.
  package let name: String
  /// How its elements are stored.
  package let form: NumberForm
  /// The extents, in memory order.
  package let shape: [Int]
  /// Where its first number stands in the file.
  let start: UInt64
  /// The bytes that it takes there.
  package let size: Int
  let file: MappedFile

  /// The file that holds it.
  package var path: String { file.path }

  /// How many elements it holds.
  package var count: Int { shape.checkedProduct ?? .max }
}

extension StoredTensor {
  /// Its elements `first`, `first + stride`, … as floats, `spacing` apart.
  func read(
    first: Int, stride: Int, count: Int, into target: UnsafeMutablePointer<Float>, spacing: Int = 1
  ) {
    guard count > 0, let base = file.bytes.baseAddress else { return }
    let size = form == .float32 ? 4 : form == .integer64 ? 8 : 2
    let source = base + Int(start) + first * size
    switch form {
    case .float32:
      if stride == 1, spacing == 1 {
        UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: count * 4)
      } else {
        for index in 0..<count {
          let bits = source.loadUnaligned(fromByteOffset: index * stride * 4, as: UInt32.self)
          target[index * spacing] = Float(bitPattern: UInt32(littleEndian: bits))
        }
      }
    case .integer64:
      // Tables of small numbers, which a float holds.
      for index in 0..<count {
        let bits = source.loadUnaligned(fromByteOffset: index * stride * 8, as: Int64.self)
        target[index * spacing] = Float(Int64(littleEndian: bits))
      }
    case .brainFloat16:
      Self.convert(source, stride, count, target, spacing) { bits in
        Float(bitPattern: UInt32(bits) << 16)
      }
    default: Self.convert(source, stride, count, target, spacing, Self.float(half:))
    }
  }

  /// Makes floats of numbers of 16 bits.
  @inline(__always)
  private static func convert(
    _ source: UnsafeRawPointer, _ stride: Int, _ count: Int, _ target: UnsafeMutablePointer<Float>,
    _ spacing: Int, _ float: (UInt16) -> Float
  ) {
    if stride == 1, spacing == 1 {
      // The usual case by itself, so that several numbers are made at once.
      for index in 0..<count {
        let bits = source.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self)
        target[index] = float(UInt16(littleEndian: bits))
      }
    } else {
      for index in 0..<count {
        let bits = source.loadUnaligned(fromByteOffset: index &* stride &* 2, as: UInt16.self)
        target[index &* spacing] = float(UInt16(littleEndian: bits))
      }
    }
  }

  /// The number that 16 bits of IEEE 754 hold: a sign, five bits of exponent, ten of fraction.
  @inline(__always)
  static func float(half bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let rest = UInt32(bits & 0x7FFF)
    // All ones in the exponent are infinities and what is no number.
    if rest >= 0x7C00 { return Float(bitPattern: sign | 0x7F80_0000 | (rest & 0x3FF) << 13) }
    // The exponent's bias is 15 here, and 127 there; the product is exact for subnormals too.
    let magnitude = Float(bitPattern: rest << 13) * 0x1p112
    return Float(bitPattern: sign | magnitude.bitPattern)
  }

  /// Where its elements stand, if they are floats that can be used as they are.
  func address(_ first: Int) -> UnsafePointer<Float>? {
    guard form == .float32, let base = file.bytes.baseAddress else { return nil }
    let place = base + Int(start) + first * 4
    guard Int(bitPattern: place).isMultiple(of: MemoryLayout<Float>.alignment),
      1.littleEndian == 1
    else { return nil }
    return place.assumingMemoryBound(to: Float.self)
  }
}
