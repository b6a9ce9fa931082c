import Testing

@testable import Checkpoints

/// Numbers that stand in files as bytes, and how they are read.
@Suite struct ReadingTests {
  private static func numbers(_ view: TensorView, _ range: Range<Int>? = nil) -> [Float] {
    let range = range ?? 0..<view.count
    return [Float](unsafeUninitializedCapacity: range.count) { buffer, count in
      if let start = buffer.baseAddress { view.read(range, into: start) }
      count = range.count
    }
  }

  /// The bytes are those of IEEE 754, and of the upper half of a float.
  @Test(
    "Floats of 32 and of 16 bits",
    arguments: [
      ("F32", [0x00, 0x00, 0x80, 0x3F, 0xDB, 0x0F, 0x49, 0xC0], [1, -3.1415927]),
      (
        "F16",
        [
          0x00, 0x3C, 0x55, 0x35, 0xFF, 0x7B, 0x01, 0x00, 0xFF, 0x03, 0x00, 0x04, 0x00, 0x80, 0x00,
          0xFC,
        ],
        [
          1, 0.333251953125, 65504, 5.9604644775390625e-8, 6.0975551605224609375e-5,
          6.103515625e-5, -0.0, -.infinity,
        ]
      ), ("BF16", [0x80, 0x3F, 0x49, 0xC0, 0x01, 0x00], [1, -3.140625, 0x1p-133]),
    ] as [(String, [UInt8], [Float])])
  func forms(_ form: String, _ bytes: [UInt8], _ expected: [Float]) throws {
    let folder = try Folder()
    let header =
      #"{"w": {"dtype": "\#(form)", "shape": [\#(expected.count)], "data_offsets": [0, \#(bytes.count)]}}"#
    try folder.write("model.safetensors", safetensors(header, bytes))
    let tensor = try #require(Checkpoint(folder: folder.path).tensors["w"])
    let read = Self.numbers(TensorView(tensor))
    #expect(read.map(\.bitPattern) == expected.map(\.bitPattern))
  }

  @Test("What is no number stays none")
  func notANumber() throws {
    let folder = try Folder()
    let header = #"{"w": {"dtype": "F16", "shape": [1], "data_offsets": [0, 2]}}"#
    try folder.write("model.safetensors", safetensors(header, [0x01, 0x7E]))
    let tensor = try #require(Checkpoint(folder: folder.path).tensors["w"])
    #expect(Self.numbers(TensorView(tensor))[0].isNaN)
  }

  /// A tensor `[2, 3]` with the numbers 1 to 6 in BF16, behind one byte that no number has.
  private static func twoByThree(_ folder: Folder) throws -> StoredTensor {
    let header = """
      {"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}, \
      "w": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [1, 13]}}
      """
    let data: [UInt8] = [
      9, 0x80, 0x3F, 0x00, 0x40, 0x40, 0x40, 0x80, 0x40, 0xA0, 0x40, 0xC0, 0x40,
    ]
    try folder.write("model.safetensors", safetensors(header, data))
    return try #require(Checkpoint(folder: folder.path).tensors["w"])
  }

  @Test("Any range of what is seen is what the whole has there")
  func ranges() throws {
    let folder = try Folder()
    let tensor = try Self.twoByThree(folder)
    let views: [(TensorView, [Float])] = [
      (TensorView(tensor), [1, 2, 3, 4, 5, 6]),
      // With rows and columns exchanged.
      (
        TensorView(columns: 2, [.init(tensor: tensor, rows: 3, rowStride: 1, columnStride: 3)]),
        [1, 4, 2, 5, 3, 6]
      ),
      // Two rows in the other order, and again the second.
      (
        TensorView(
          columns: 3,
          [
            .init(tensor: tensor, rows: 1, first: 3, rowStride: 3),
            .init(tensor: tensor, rows: 2, rowStride: 3),
          ]), [4, 5, 6, 1, 2, 3, 4, 5, 6]
      ),
      // Columns that take turns.
      (
        TensorView(
          columns: 2,
          [
            .init(tensor: tensor, rows: 2, first: 0, rowStride: 2, columnStride: 3),
            .init(tensor: tensor, rows: 1, first: 1, rowStride: 2, columnStride: 3),
          ]), [1, 4, 3, 6, 2, 5]
      ),
    ]
    for (view, all) in views {
      #expect(view.count == all.count)
      for first in 0...all.count {
        for end in first...all.count {
          #expect(Self.numbers(view, first..<end) == Array(all[first..<end]))
        }
      }
    }
  }

  @Test("Floats are used where they stand, if a float may stand there")
  func addresses() throws {
    let folder = try Folder()
    // The header has 66 bytes and a blank, or a number of blanks that puts the data out of step.
    let plain = #"{"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}"#
    let data: [UInt8] = [0x00, 0x00, 0x80, 0x3F, 0x00, 0x00, 0x00, 0x40]
    for blanks in 0..<4 {
      let header = plain + String(repeating: " ", count: blanks)
      try folder.write("model.safetensors", safetensors(header, data))
      let view = TensorView(try #require(Checkpoint(folder: folder.path).tensors["w"]))
      #expect(Self.numbers(view) == [1, 2])
      let isInStep = (8 + header.utf8.count).isMultiple(of: 4)
      #expect((view.address(0..<2) != nil) == isInStep)
      if isInStep { #expect(view.address(1..<2)?.pointee == 2) }
    }
  }
}
