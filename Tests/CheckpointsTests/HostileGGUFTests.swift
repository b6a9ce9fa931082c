import JSON
import Testing

@testable import Checkpoints

/// Files of llama.cpp that are damaged or mean harm: each has its sentence, and none ends the process.
@Suite struct HostileGGUFTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var bytes: [UInt8]
    var sentence: String

    init(_ name: String, _ bytes: [UInt8], _ sentence: String) {
      testDescription = name
      self.bytes = bytes
      self.sentence = sentence
    }
  }

  private static func word<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    (0..<MemoryLayout<Number>.size).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  private static func text(_ text: String) -> [UInt8] { word(UInt64(text.utf8.count)) + text.utf8 }

  /// A file of some keys and tensors, whose bytes are given.
  private static func file(
    version: UInt32 = 3, tensors: UInt64 = 0, keys: UInt64 = 0, _ rest: [UInt8] = []
  ) -> [UInt8] {
    Array("GGUF".utf8) + word(version) + word(tensors) + word(keys) + rest
  }

  /// A tensor of the header.
  private static func tensor(
    _ name: String, _ extents: [UInt64], type: UInt32 = 0, at offset: UInt64 = 0
  ) -> [UInt8] {
    text(name) + word(UInt32(extents.count)) + extents.flatMap(word) + word(type) + word(offset)
  }

  /// Zeros up to a multiple of 32, and then some.
  private static func padded(_ bytes: [UInt8], _ data: Int) -> [UInt8] {
    bytes + [UInt8](repeating: 0, count: (32 - bytes.count % 32) % 32 + data)
  }

  static let cases: [Case] = [
    Case("empty", [], "it does not begin with the letters GGUF"),
    Case("other letters", Array("GGML".utf8), "it does not begin with the letters GGUF"),
    Case("four letters", Array("GGUF".utf8), "its header ends too early"),
    Case("version 1", file(version: 1), "its version is 1, and 2 and 3 are read"),
    Case("the high byte first", file(version: 3 << 24), "it is big-endian"),
    Case(
      "more tensors than bytes", file(tensors: .max),
      "18446744073709551615 entries are said to follow, and 8 bytes do"),
    Case(
      "more keys than bytes", file(keys: 1 << 40), "1099511627776 entries are said to follow"),
    Case(
      "a text that is longer than the file", file(keys: 1, word(UInt64(1) << 40) + word(UInt64(0))),
      "1099511627776 entries are said to follow"),
    Case(
      "a list that is longer than the file",
      file(keys: 1, text("a") + word(UInt32(9)) + word(UInt32(8)) + word(UInt64.max)),
      "18446744073709551615 entries are said to follow"),
    Case(
      "a list of lists",
      file(keys: 1, text("a") + word(UInt32(9)) + word(UInt32(9)) + word(UInt64(0))),
      "'a' is a list of lists"),
    Case(
      "a type that is none", file(keys: 1, text("a") + word(UInt32(77)) + word(UInt64(0))),
      "'a' has the type 77, which is none"),
    Case(
      "a key twice",
      file(
        keys: 2,
        text("a") + word(UInt32(0)) + [1] + text("a") + word(UInt32(0)) + [2]
          + word(UInt64(0))),
      "the key 'a' is there twice"),
    Case(
      "a name that is not UTF-8",
      file(keys: 1, word(UInt64(2)) + [0xFF, 0xFE] + word(UInt32(0)) + [1] + word(UInt64(0))),
      "a name is not UTF-8"),
    Case(
      "an alignment of 3",
      file(keys: 1, text("general.alignment") + word(UInt32(4)) + word(UInt32(3))),
      "'general.alignment' is 3, which is no power of two"),
    Case(
      "five axes", file(tensors: 1, tensor("w", [1, 1, 1, 1, 1])), "the tensor 'w' has 5 axes"),
    Case(
      "extents whose product is too large",
      file(tensors: 1, tensor("w", [1 << 40, 1 << 40])),
      "the extents of the tensor 'w' are too large"),
    // Found by fuzzing: the product is zero in one order, and too large on the way in the other.
    Case(
      "no elements, and extents whose product is too large",
      file(tensors: 1, tensor("w", [0, 1 << 40, 1 << 40], type: 99)),
      "the tensor 'w' has the type 99, which is none"),
    Case(
      "no elements, and extents whose product is too large, behind the file",
      file(tensors: 1, tensor("w", [0, 1 << 40, 1 << 40], at: 1 << 40)),
      "the tensor 'w' ends behind the file"),
    Case(
      "an extent beyond 63 bits", file(tensors: 1, tensor("w", [.max])),
      "an extent of the tensor 'w' is too large"),
    Case(
      "a type of tensor that is none", file(tensors: 1, tensor("w", [32], type: 99)),
      "the tensor 'w' has the type 99, which is none"),
    Case(
      "half a block", padded(file(tensors: 1, tensor("w", [16], type: 2)), 64),
      "the tensor 'w', Q4_0 [16], is no whole number of blocks"),
    Case(
      "a place between", padded(file(tensors: 1, tensor("w", [8], at: 4)), 64),
      "the tensor 'w' does not begin at a multiple of 32"),
    Case(
      "a place behind the file", padded(file(tensors: 1, tensor("w", [8], at: 1 << 62)), 64),
      "the tensor 'w' ends behind the file"),
    Case(
      "a file cut off", padded(file(tensors: 1, tensor("w", [32])), 127),
      "the tensor 'w' ends behind the file"),
    Case(
      "a tensor twice",
      padded(file(tensors: 2, tensor("w", [8]) + tensor("w", [8], at: 32)), 64),
      "the tensor 'w' is there twice"),
    Case(
      "an overlap",
      padded(file(tensors: 2, tensor("v", [16]) + tensor("w", [8], at: 32)), 64),
      "the tensors 'v' and 'w' overlap"),
  ]

  @Test("A damaged file says what is wrong", arguments: cases)
  func damaged(_ hostile: Case) throws {
    let folder = try Folder()
    try folder.write("model.gguf", hostile.bytes)
    let error = #expect(throws: CheckpointError.self) {
      try GGUFFile("\(folder.path)/model.gguf")
    }
    let sentence = error?.description ?? ""
    #expect(sentence.contains(hostile.sentence), "\(sentence)")
    #expect(sentence.contains("model.gguf is damaged"))
  }

  @Test("A small whole file has its keys and tensors")
  func whole() throws {
    let folder = try Folder()
    try folder.write(
      "model.gguf",
      Self.padded(
        Self.file(
          version: 2, tensors: 2, keys: 2,
          Self.text("general.architecture") + Self.word(UInt32(8)) + Self.text("llama")
            + Self.text("tokens") + Self.word(UInt32(9)) + Self.word(UInt32(8))
            + Self.word(UInt64(2)) + Self.text("a") + Self.text("bc")
            + Self.tensor("v", [64, 3], type: 2) + Self.tensor("w", [8], at: 128)), 160))
    let file = try GGUFFile("\(folder.path)/model.gguf")
    #expect(file.metadata["general.architecture"] == .string("llama"))
    #expect(file.metadata["tokens.length"] == .integer(2))
    // Two blocks of 18 bytes in each of three rows; extents are written innermost first.
    #expect(file.tensors.map(\.shape) == [[3, 64], [8]])
    #expect(file.tensors.map(\.size) == [108, 32])
  }
}
