import Foundation
import Testing

@testable import Checkpoints

/// Files that are damaged or mean harm: each has its sentence, and none ends the process.
@Suite struct HostileFileTests {
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

  private static func header(_ entry: String) -> String { "{\"w\": \(entry)}" }
  private static let good = #"{"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}"#

  static let cases: [Case] = [
    Case("empty", [], "it has 0 bytes, and a length alone takes 8"),
    Case("seven bytes", [1, 2, 3, 4, 5, 6, 7], "it has 7 bytes"),
    Case(
      "a length of 2^64 − 1", [UInt8](repeating: 0xFF, count: 8),
      "its header is said to have 18446744073709551615 bytes, and at most 100000000 do"),
    Case(
      "a length beyond the file", safetensors("{}", [], length: 99),
      "its header is said to have 99 bytes, and 2 follow"),
    Case("no JSON", safetensors("{\"w\": ", []), "its header is not JSON (line 1, column 7"),
    Case("no UTF-8", safetensors("", [0xFF, 0xFE], length: 2), "its header is not JSON"),
    Case("a list", safetensors("[1]", []), "its header is no JSON object"),
    Case(
      "nesting", safetensors(String(repeating: "[", count: 100_000), []),
      "its header is not JSON"),
    Case(
      "no form", safetensors(header(#"{"shape": [2], "data_offsets": [0, 4]}"#), [0, 0, 0, 0]),
      "'dtype' of the tensor 'w' is missing, not a text"),
    Case(
      "a negative extent",
      safetensors(
        header(#"{"dtype": "F16", "shape": [-2], "data_offsets": [0, 4]}"#), [0, 0, 0, 0]),
      "'shape' of the tensor 'w' is a list, not a list of whole numbers"),
    Case(
      "one offset",
      safetensors(header(#"{"dtype": "F16", "shape": [2], "data_offsets": [4]}"#), [0, 0, 0, 0]),
      "'data_offsets' of the tensor 'w' is a list"),
    Case(
      "offsets in the wrong order",
      safetensors(
        header(#"{"dtype": "F16", "shape": [2], "data_offsets": [4, 0]}"#), [0, 0, 0, 0]),
      "'data_offsets' of the tensor 'w'"),
    Case(
      "offsets beyond 64 bits",
      safetensors(
        header(#"{"dtype": "F16", "shape": [2], "data_offsets": [0, 99999999999999999999]}"#), []),
      "'data_offsets' of the tensor 'w'"),
    Case(
      "a file cut off", safetensors(header(good), [0, 0, 0]),
      "the tensor 'w' ends 4 bytes behind the header, and the file 3"),
    Case(
      "bytes that no tensor has", safetensors(header(good), [0, 0, 0, 0, 0]),
      "no tensor has its last 1 bytes"),
    Case(
      "another length than the shape",
      safetensors(
        header(#"{"dtype": "F16", "shape": [3], "data_offsets": [0, 4]}"#), [0, 0, 0, 0]),
      "the tensor 'w', F16 [3], cannot take 4 bytes"),
    Case(
      "extents whose product is too large",
      safetensors(
        header(
          #"{"dtype": "F32", "shape": [4611686018427387904, 4], "data_offsets": [0, 0]}"#), []),
      "cannot take 0 bytes"),
    Case(
      "a type that is none",
      safetensors(
        header(#"{"dtype": "XYZ", "shape": [4611686018427387904, 4], "data_offsets": [0, 0]}"#), []),
      "the tensor 'w' has the type 'XYZ', which is none"),
    Case(
      "an overlap",
      safetensors(
        #"{"a": {"dtype": "U8", "shape": [3], "data_offsets": [0, 3]}, "#
          + #""b": {"dtype": "U8", "shape": [2], "data_offsets": [2, 4]}}"#, [0, 0, 0, 0]),
      "the tensors 'a' and 'b' overlap"),
    Case(
      "a hole",
      safetensors(
        #"{"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}, "#
          + #""b": {"dtype": "U8", "shape": [2], "data_offsets": [2, 4]}}"#, [0, 0, 0, 0]),
      "no tensor has the bytes before 'b'"),
  ]

  @Test("A damaged file says what is wrong", arguments: cases)
  func damaged(_ hostile: Case) throws {
    let folder = try Folder()
    try folder.write("model.safetensors", hostile.bytes)
    let error = #expect(throws: CheckpointError.self) { try Checkpoint(folder: folder.path) }
    guard case .damaged(let file, let what) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(file == "\(folder.path)/model.safetensors")
    #expect(what.contains(hostile.sentence), "\(what)")
  }

  @Test("A tensor without numbers, and metadata, are no damage")
  func empty() throws {
    let folder = try Folder()
    let header =
      #"{"__metadata__": {"format": "pt"}, "w": {"dtype": "F32", "shape": [0, 7], "data_offsets": [0, 0]}}"#
    try folder.write("model.safetensors", safetensors(header, []))
    let tensors = try Checkpoint(folder: folder.path).tensors
    #expect(tensors.keys.sorted() == ["w"])
    #expect(tensors["w"]?.shape == [0, 7])
  }

  /// The kind of a fault that fuzzing found in files of llama.cpp.
  @Test("A tensor without elements has none, however large its other extents are")
  func emptyAndLarge() throws {
    let folder = try Folder()
    let header =
      #"{"w": {"dtype": "F32", "shape": [4611686018427387904, 4, 0], "data_offsets": [0, 0]}}"#
    try folder.write("model.safetensors", safetensors(header, []))
    let checkpoint = try Checkpoint(folder: folder.path)
    #expect(checkpoint.tensors["w"]?.count == 0)
    #expect(Inventory(checkpoint).tensors == 1)
  }

  // MARK: - Folders

  private static let one = safetensors(
    #"{"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}"#, [1])
  private static let two = safetensors(
    #"{"b": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}"#, [1])

  private static func failure(_ files: [(String, [UInt8])]) throws -> String {
    let folder = try Folder()
    for (name, bytes) in files { try folder.write(name, bytes) }
    let error = #expect(throws: CheckpointError.self) { try Checkpoint(folder: folder.path) }
    return "\(error.map { "\($0)" } ?? "")".replacing(folder.path, with: "F")
  }

  private static func index(_ map: String) -> (String, [UInt8]) {
    ("model.safetensors.index.json", Array("{\"weight_map\": \(map)}".utf8))
  }

  @Test("Shards with their index, and without one")
  func shards() throws {
    let folder = try Folder()
    try folder.write("x-1.safetensors", Self.one)
    try folder.write("x-2.safetensors", Self.two)
    #expect(try Checkpoint(folder: folder.path).tensors.keys.sorted() == ["a", "b"])
    let (name, bytes) = Self.index(#"{"a": "x-1.safetensors"}"#)
    try folder.write(name, bytes)
    #expect(try Checkpoint(folder: folder.path).tensors.keys.sorted() == ["a"])
  }

  @Test("A link out of the folder is refused, but for that of a cache to its blobs")
  func links() throws {
    let folder = try Folder()
    let files = FileManager.default
    let repository = folder.url.appending(path: "models--a--b")
    let snapshot = repository.appending(path: "snapshots/1")
    let blobs = repository.appending(path: "blobs")
    for place in [snapshot, blobs] {
      try files.createDirectory(at: place, withIntermediateDirectories: true)
    }
    try Data(Self.one).write(to: blobs.appending(path: "x"))
    try Data(Self.one).write(to: folder.url.appending(path: "outside"))
    let link = snapshot.appending(path: "model.safetensors")
    try files.createSymbolicLink(
      atPath: link.path(percentEncoded: false), withDestinationPath: "../../blobs/x")
    let path = snapshot.path(percentEncoded: false)
    #expect(try Checkpoint(folder: path).tensors.keys.sorted() == ["a"])
    try files.removeItem(at: link)
    try files.createSymbolicLink(
      atPath: link.path(percentEncoded: false), withDestinationPath: "../../../outside")
    let error = #expect(throws: CheckpointError.self) { try Checkpoint(folder: path) }
    #expect("\(error.map { "\($0)" } ?? "")".contains("outside its folder"))
  }

  @Test("A folder that does not hold what it should says so")
  func folders() throws {
    #expect(
      try Self.failure([]) == """
        F holds no safetensors file. Put model.safetensors, or the shards with their index, beside \
        config.json.
        """)
    #expect(
      try Self.failure([("pytorch_model.bin", [])]).hasPrefix(
        "F holds pytorch_model.bin and no safetensors file. Save the model as safetensors"))
    #expect(
      try Self.failure([
        Self.index(#"{"a": "x-1.safetensors", "b": "x-2.safetensors"}"#),
        ("x-1.safetensors", Self.one),
      ]) == """
        model.safetensors.index.json names x-2.safetensors, which the folder does not hold. Fetch it \
        into the folder.
        """)
    #expect(
      try Self.failure([("x-1.safetensors", Self.one), ("x-2.safetensors", Self.one)])
        == "The tensor 'a' is in F/x-1.safetensors and F/x-2.safetensors. Remove one of the files.")
    #expect(
      try Self.failure([
        Self.index(#"{"c": "x-1.safetensors"}"#), ("x-1.safetensors", Self.one),
      ]).contains("it does not hold the tensor 'c'"))
    #expect(
      try Self.failure([Self.index(#"{"a": "../x-1.safetensors"}"#)]).contains(
        "'weight_map' names no safetensors file of the folder for 'a'"))
    #expect(try Self.failure([Self.index("[]")]).contains("'weight_map' is no object"))
    #expect(
      try Self.failure([
        ("model.safetensors", Array("version https://git-lfs.github.com/spec/v1\noid".utf8))
      ]) == """
        F/model.safetensors is a pointer of Git LFS and holds no weights. Fetch it with 'git lfs \
        pull'.
        """)
  }

  @Test("A folder in the place of a file is no damage of memory")
  func folderAsFile() throws {
    let folder = try Folder()
    let inner = try Folder()
    let error = #expect(throws: CheckpointError.self) {
      try MappedFile(inner.path)
    }
    #expect(error == .unreadable(file: inner.path, reason: "it is no file"))
    #expect(throws: CheckpointError.self) { try Checkpoint(folder: "\(folder.path)/none") }
  }
}
