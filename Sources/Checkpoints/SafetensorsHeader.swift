import JSON

/// What the header of a safetensors file says: eight bytes of length, a JSON object of that length,
/// and behind it the elements.
///
/// - Source: <https://github.com/huggingface/safetensors>, "Format".
struct SafetensorsHeader {
  struct Entry: Hashable {
    var name: String
    var form: NumberForm
    var shape: [Int]
    /// The bytes in the file.
    var bytes: Range<UInt64>
  }

  let entries: [Entry]

  /// The library refuses longer headers too.
  static let mostBytes: UInt64 = 100_000_000

  /// Reads a header, and checks that the tensors lie side by side and fill the file.
  ///
  /// - Throws: `CheckpointError.damaged`, `.notFetched`.
  init(_ file: String, _ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
    func damaged(_ what: String) -> CheckpointError { .damaged(file: file, what: what) }
    let size = UInt64(bytes.count)
    guard size >= 8 else { throw damaged("it has \(size) bytes, and a length alone takes 8") }
    if bytes.starts(with: "version https://git-lfs".utf8) { throw .notFetched(file: file) }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= Self.mostBytes else {
      throw damaged("its header is said to have \(length) bytes, and at most \(Self.mostBytes) do")
    }
    guard length <= size - 8 else {
      throw damaged("its header is said to have \(length) bytes, and \(size - 8) follow")
    }
    let json: JSONValue
    do throws(JSONSyntaxError) {
      json = try JSONValue(parsing: Array(bytes[8..<8 + Int(length)]))
    } catch {
      throw damaged("its header is not JSON (\(error))")
    }
    guard let object = json.object else { throw damaged("its header is no JSON object") }
    let data = 8 + length
    var entries: [Entry] = []
    for name in object.keys where name != "__metadata__" {
      let entry = object[name]
      func wrong(_ key: String, _ expected: String) -> CheckpointError {
        damaged(
          "'\(key)' of the tensor '\(name)' is \(entry?[key]?.kind ?? "missing"), not \(expected)")
      }
      guard let form = entry?["dtype"]?.string else { throw wrong("dtype", "a text") }
      guard let shape = Self.numbers(entry?["shape"]) else {
        throw wrong("shape", "a list of whole numbers")
      }
      guard let offsets = Self.numbers(entry?["data_offsets"]), offsets.count == 2,
        offsets[0] <= offsets[1]
      else { throw wrong("data_offsets", "the first byte and the one behind the last") }
      guard UInt64(offsets[1]) <= size - data else {
        throw damaged(
          "the tensor '\(name)' ends \(offsets[1]) bytes behind the header, and the file "
            + "\(size - data)")
      }
      let entryForm = NumberForm(form)
      let length = offsets[1] - offsets[0]
      guard let bits = entryForm.bits else {
        throw damaged("the tensor '\(name)' has the type '\(form)', which is none")
      }
      guard let count = (shape + [bits]).checkedProduct, count.isMultiple(of: 8),
        count / 8 == length
      else {
        throw damaged("the tensor '\(name)', \(form) \(shape), cannot take \(length) bytes")
      }
      entries.append(
        Entry(
          name: name, form: entryForm, shape: shape,
          bytes: data + UInt64(offsets[0])..<data + UInt64(offsets[1])))
    }
    var end = data
    var before: String?
    let ordered = entries.sorted {
      ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
    }
    for entry in ordered {
      guard entry.bytes.lowerBound >= end else {
        throw damaged("the tensors '\(before ?? "")' and '\(entry.name)' overlap")
      }
      guard entry.bytes.lowerBound == end else {
        throw damaged("no tensor has the bytes before '\(entry.name)'")
      }
      (end, before) = (entry.bytes.upperBound, entry.name)
    }
    guard end == size else { throw damaged("no tensor has its last \(size - end) bytes") }
    self.entries = entries
  }

  /// Whole numbers from zero that a JSON list holds.
  private static func numbers(_ value: JSONValue?) -> [Int]? {
    guard let list = value?.array else { return nil }
    let numbers = list.compactMap { $0.integer.flatMap { Int(exactly: $0) } }
    return numbers.count == list.count && numbers.allSatisfy { $0 >= 0 } ? numbers : nil
  }
}

extension [Int] {
  /// The product, or nil where it does not fit.
  var checkedProduct: Int? {
    // A zero makes any product small, whatever the other extents are.
    if contains(0) { return 0 }
    var product = 1
    for factor in self {
      let (next, overflow) = product.multipliedReportingOverflow(by: factor)
      guard !overflow else { return nil }
      product = next
    }
    return product
  }
}
