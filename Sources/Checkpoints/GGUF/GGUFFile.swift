package import JSON

/// A file of llama.cpp: what it says of the model, and where its tensors stand.
///
/// Only the header is read: four letters, a version, the numbers of tensors and of keys, the keys
/// with their values, and for each tensor its name, extents, type and place.
///
/// - Source: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>, versions 2 and 3.
package struct GGUFFile: Sendable {
  /// Where the file is.
  package let path: String
  /// The keys in the order of the file.
  ///
  /// Of a list of texts, or of more than 1,024 values, only the length is kept, under its key with
  /// `.length` behind it.
  package let metadata: JSONObject
  /// The tensors as they stand in the file, in its order; extents outermost first.
  package let tensors: [StoredTensor]
  /// The bytes of the file.
  package let size: Int

  /// Whether a file begins as such a file does.
  package static func isOne(_ bytes: some Sequence<UInt8>) -> Bool {
    bytes.prefix(4).elementsEqual("GGUF".utf8)
  }

  /// The names of the models of a folder that are such files, in order: of one that is cut in parts
  /// the first part, and no projector of images.
  package static func models(in folder: String) -> [String] {
    let names = (try? MappedFile.entries(of: folder)) ?? []
    return names.filter { name in
      guard name.hasSuffix(".gguf"), !name.hasPrefix("mmproj") else { return false }
      let parts = name.dropLast(".gguf".count).split(separator: "-").suffix(3)
      guard parts.count == 3, parts[parts.startIndex + 1] == "of" else { return true }
      return Int(parts[parts.startIndex]).map { $0 == 1 } ?? true
    }
  }

  /// - Throws: `CheckpointError.unreadable`, `.damaged`, `.notFetched`.
  package init(_ path: String) throws(CheckpointError) {
    let file = try MappedFile(path)
    self.path = path
    size = file.bytes.count
    var reader = GGUFReader(path, file.bytes)
    try reader.requireMagic()
    let (tensorCount, keyCount) = (try reader.count(least: 24), try reader.count(least: 13))
    var metadata = JSONObject()
    for _ in 0..<keyCount {
      let key = try reader.text()
      guard metadata[key] == nil else { throw reader.damaged("the key '\(key)' is there twice") }
      try reader.value(of: key, into: &metadata)
    }
    self.metadata = metadata
    let alignment = metadata["general.alignment"]?.integer ?? 32
    guard alignment > 0, alignment <= 1 << 20, alignment & (alignment - 1) == 0 else {
      throw reader.damaged("'general.alignment' is \(alignment), which is no power of two")
    }
    var infos: [GGUFReader.Info] = []
    for _ in 0..<tensorCount { infos.append(try reader.tensor()) }
    let start = (reader.place + Int(alignment) - 1) / Int(alignment) * Int(alignment)
    tensors = try Self.placed(infos, from: start, alignment: Int(alignment), file, reader)
  }

  /// The tensors at their places, none over another.
  private static func placed(
    _ infos: [GGUFReader.Info], from start: Int, alignment: Int, _ file: MappedFile,
    _ reader: GGUFReader
  ) throws(CheckpointError) -> [StoredTensor] {
    var tensors: [StoredTensor] = []
    var names: Set<String> = []
    for info in infos {
      guard names.insert(info.name).inserted else {
        throw reader.damaged("the tensor '\(info.name)' is there twice")
      }
      guard let size = info.form.bytes(of: info.shape) else {
        throw reader.damaged(
          "the tensor '\(info.name)', \(info.form) \(info.shape), is no whole number of blocks")
      }
      guard info.offset % UInt64(alignment) == 0 else {
        throw reader.damaged(
          "the tensor '\(info.name)' does not begin at a multiple of \(alignment)")
      }
      let room = UInt64(max(0, file.bytes.count - start))
      guard info.offset <= room, UInt64(size) <= room - info.offset else {
        throw reader.damaged("the tensor '\(info.name)' ends behind the file")
      }
      tensors.append(
        StoredTensor(
          name: info.name, form: info.form, shape: info.shape,
          start: UInt64(start) + info.offset, size: size, file: file))
    }
    var before: StoredTensor?
    for tensor in tensors.sorted(by: { ($0.start, $0.size) < ($1.start, $1.size) }) {
      if let before, before.start + UInt64(before.size) > tensor.start {
        throw reader.damaged("the tensors '\(before.name)' and '\(tensor.name)' overlap")
      }
      before = tensor
    }
    return tensors
  }
}

/// Reads the header of such a file from its beginning, and never behind its end.
struct GGUFReader {
  /// A tensor as the header has it.
  struct Info {
    var name: String
    var form: NumberForm
    var shape: [Int]
    var offset: UInt64
  }

  private let file: String
  private let bytes: UnsafeRawBufferPointer
  private(set) var place = 0

  init(_ file: String, _ bytes: UnsafeRawBufferPointer) {
    self.file = file
    self.bytes = bytes
  }

  func damaged(_ what: String) -> CheckpointError { .damaged(file: file, what: what) }

  /// Four letters and a version.
  mutating func requireMagic() throws(CheckpointError) {
    if bytes.starts(with: "version https://git-lfs".utf8) { throw .notFetched(file: file) }
    guard GGUFFile.isOne(bytes) else { throw damaged("it does not begin with the letters GGUF") }
    place = 4
    let version = try number(UInt32.self)
    guard version == 2 || version == 3 else {
      throw damaged(
        version.byteSwapped < 100
          ? "it is big-endian, which is not read"
          : "its version is \(version), and 2 and 3 are read")
    }
  }

  mutating func number<Number: FixedWidthInteger>(
    _ type: Number.Type
  ) throws(CheckpointError) -> Number {
    let size = MemoryLayout<Number>.size
    guard bytes.count - place >= size else { throw damaged("its header ends too early") }
    defer { place += size }
    return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: Number.self))
  }

  /// How many things follow, each of which takes some bytes at least.
  mutating func count(least: Int) throws(CheckpointError) -> Int {
    let count = try number(UInt64.self)
    guard count <= UInt64((bytes.count - place) / least) else {
      throw damaged("\(count) entries are said to follow, and \(bytes.count - place) bytes do")
    }
    return Int(count)
  }

  private mutating func span() throws(CheckpointError) -> UnsafeRawBufferPointer {
    let count = try count(least: 1)
    defer { place += count }
    return UnsafeRawBufferPointer(rebasing: bytes[place..<place + count])
  }

  mutating func text() throws(CheckpointError) -> String {
    let span = try span()
    guard span.count <= 1 << 16 else { throw damaged("a name has \(span.count) bytes") }
    guard let text = String(validating: span, as: UTF8.self) else {
      throw damaged("a name is not UTF-8")
    }
    return text
  }

  /// The value of a key.
  mutating func value(of key: String, into object: inout JSONObject) throws(CheckpointError) {
    let type = try number(UInt32.self)
    guard type == 9 else {
      // A template of a conversation may be long, and nobody reads it.
      if type == 8 {
        let span = try span()
        object[key] = .string(
          String(validating: UnsafeRawBufferPointer(rebasing: span.prefix(1 << 12)), as: UTF8.self)
            ?? "")
      } else {
        object[key] = try scalar(type, key)
      }
      return
    }
    let inner = try number(UInt32.self)
    guard inner != 9 else { throw damaged("'\(key)' is a list of lists") }
    let count = try count(least: inner == 8 ? 8 : Self.size(inner) ?? 1)
    object["\(key).length"] = .integer(count)
    if inner == 8 {
      for _ in 0..<count { _ = try span() }
    } else if count <= 1_024 {
      var list: [JSONValue] = []
      for _ in 0..<count { list.append(try scalar(inner, key)) }
      object[key] = .array(list)
    } else {
      guard let size = Self.size(inner) else { throw damaged("'\(key)' has the type \(inner)") }
      place += count * size
    }
  }

  /// The bytes of a number of a type.
  private static func size(_ type: UInt32) -> Int? {
    switch type {
    case 0, 1, 7: 1
    case 2, 3: 2
    case 4, 5, 6: 4
    case 10, 11, 12: 8
    default: nil
    }
  }

  private mutating func scalar(_ type: UInt32, _ key: String) throws(CheckpointError) -> JSONValue {
    switch type {
    case 0: .integer(try number(UInt8.self))
    case 1: .integer(try number(Int8.self))
    case 2: .integer(try number(UInt16.self))
    case 3: .integer(try number(Int16.self))
    case 4: .integer(try number(UInt32.self))
    case 5: .integer(try number(Int32.self))
    case 6: .number("\(Float(bitPattern: try number(UInt32.self)))")
    case 7: .boolean(try number(UInt8.self) != 0)
    case 10: .integer(try number(UInt64.self))
    case 11: .integer(try number(Int64.self))
    case 12: .number("\(Double(bitPattern: try number(UInt64.self)))")
    default: throw damaged("'\(key)' has the type \(type), which is none")
    }
  }

  mutating func tensor() throws(CheckpointError) -> Info {
    let name = try text()
    let axes = try number(UInt32.self)
    guard axes <= 4 else { throw damaged("the tensor '\(name)' has \(axes) axes") }
    var shape: [Int] = []
    for _ in 0..<axes {
      guard let extent = Int(exactly: try number(UInt64.self)) else {
        throw damaged("an extent of the tensor '\(name)' is too large")
      }
      shape.insert(extent, at: 0)
    }
    guard let count = shape.checkedProduct, count < 1 << 56 else {
      throw damaged("the extents of the tensor '\(name)' are too large")
    }
    let type = try number(UInt32.self)
    guard let form = NumberForm(gguf: type) else {
      throw damaged("the tensor '\(name)' has the type \(type), which is none")
    }
    return Info(name: name, form: form, shape: shape, offset: try number(UInt64.self))
  }
}
