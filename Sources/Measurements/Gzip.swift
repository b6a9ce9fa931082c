/// Reads a gzip file (RFC 1952, whose contents are packed by RFC 1951).
enum Gzip {
  /// More than this no measurement is; a file that would unpack to more is refused.
  static let mostBytes = 1 << 29

  static func isPacked(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

  /// The bytes that were packed, of all members of the file.
  ///
  /// - Throws: `MeasurementError` for a file that is damaged.
  static func unpacked(_ bytes: [UInt8]) throws(MeasurementError) -> [UInt8] {
    var reader = Inflater(bytes: bytes)
    while reader.position < bytes.count {
      let start = reader.output.count
      try reader.skipHeader()
      try reader.inflate()
      try reader.checkTrailer(from: start)
    }
    return reader.output
  }
}

/// The state of unpacking: bits are taken from the lowest of each byte on.
private struct Inflater {
  let bytes: [UInt8]
  var position = 0
  var output: [UInt8] = []
  private var held: UInt32 = 0
  private var count: UInt32 = 0

  private static let damaged = MeasurementError(
    "It is packed by gzip, and damaged. Write the file again.")

  init(bytes: [UInt8]) { self.bytes = bytes }

  // MARK: - The frame

  private mutating func byte() throws(MeasurementError) -> UInt8 {
    guard position < bytes.count else { throw Self.damaged }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func skipHeader() throws(MeasurementError) {
    guard try byte() == 0x1F, try byte() == 0x8B, try byte() == 8 else { throw Self.damaged }
    let flags = try byte()
    for _ in 0..<6 { _ = try byte() }
    if flags & 4 != 0 {
      let length = Int(try byte()) + Int(try byte()) << 8
      for _ in 0..<length { _ = try byte() }
    }
    // The name of the file, and a comment.
    for flag in [UInt8(8), 16] where flags & flag != 0 {
      while try byte() != 0 {}
    }
    if flags & 2 != 0 { for _ in 0..<2 { _ = try byte() } }
  }

  /// The checksum and the length of what was packed.
  mutating func checkTrailer(from start: Int) throws(MeasurementError) {
    (held, count) = (0, 0)
    var words: [UInt32] = []
    for _ in 0..<2 {
      var word: UInt32 = 0
      for shift in [UInt32(0), 8, 16, 24] { word |= UInt32(try byte()) << shift }
      words.append(word)
    }
    var sum: UInt32 = .max
    for byte in output[start...] {
      sum = sum >> 8 ^ Self.remainders[Int((sum ^ UInt32(byte)) & 255)]
    }
    guard ~sum == words[0], UInt32(truncatingIfNeeded: output.count - start) == words[1] else {
      throw Self.damaged
    }
  }

  private static let remainders: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in
      value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1
    }
  }

  // MARK: - The contents

  private mutating func bits(_ wanted: UInt32) throws(MeasurementError) -> Int {
    while count < wanted {
      held |= UInt32(try byte()) << count
      count += 8
    }
    defer {
      held >>= wanted
      count -= wanted
    }
    return Int(held & (1 << wanted - 1))
  }

  mutating func inflate() throws(MeasurementError) {
    var isLast = false
    while !isLast {
      isLast = try bits(1) == 1
      switch try bits(2) {
      case 0: try copy()
      case 1: try block(Self.fixedLengths, Self.fixedDistances)
      case 2:
        let (lengths, distances) = try codes()
        try block(lengths, distances)
      default: throw Self.damaged
      }
    }
  }

  /// Bytes that are not packed.
  private mutating func copy() throws(MeasurementError) {
    (held, count) = (0, 0)
    let length = Int(try byte()) + Int(try byte()) << 8
    let check = Int(try byte()) + Int(try byte()) << 8
    guard length ^ check == 0xFFFF, position + length <= bytes.count else { throw Self.damaged }
    output += bytes[position..<position + length]
    position += length
  }

  /// A prefix code: how many codes there are of each length, and the symbols in their order.
  private struct Code {
    var counts = [Int](repeating: 0, count: 16)
    var symbols: [Int] = []

    init(_ lengths: [Int]) {
      for length in lengths where length > 0 { counts[length] += 1 }
      for length in 1..<16 {
        symbols += lengths.indices.filter { lengths[$0] == length }
      }
    }
  }

  private static let fixedLengths = Code(
    (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })
  private static let fixedDistances = Code([Int](repeating: 5, count: 30))

  private mutating func symbol(_ code: Code) throws(MeasurementError) -> Int {
    var (word, first, index) = (0, 0, 0)
    for length in 1..<16 {
      word |= try bits(1)
      let count = code.counts[length]
      if word - count < first { return code.symbols[index + word - first] }
      index += count
      first = (first + count) << 1
      word <<= 1
    }
    throw Self.damaged
  }

  private mutating func codes() throws(MeasurementError) -> (Code, Code) {
    let (lengths, distances) = (try bits(5) + 257, try bits(5) + 1)
    let count = try bits(4) + 4
    guard lengths <= 286, distances <= 30 else { throw Self.damaged }
    let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    var sizes = [Int](repeating: 0, count: 19)
    for place in order.prefix(count) { sizes[place] = try bits(3) }
    let code = Code(sizes)
    var all: [Int] = []
    while all.count < lengths + distances {
      let next = try symbol(code)
      switch next {
      case 16:
        guard let last = all.last else { throw Self.damaged }
        all += [Int](repeating: last, count: try bits(2) + 3)
      case 17: all += [Int](repeating: 0, count: try bits(3) + 3)
      case 18: all += [Int](repeating: 0, count: try bits(7) + 11)
      default: all.append(next)
      }
    }
    guard all.count == lengths + distances else { throw Self.damaged }
    return (Code(Array(all[..<lengths])), Code(Array(all[lengths...])))
  }

  private mutating func block(_ lengths: Code, _ distances: Code) throws(MeasurementError) {
    while true {
      let next = try symbol(lengths)
      guard output.count < Gzip.mostBytes else {
        throw MeasurementError(
          "It unpacks to more than \(Gzip.mostBytes >> 20) MiB. Measure fewer steps.")
      }
      if next == 256 { return }
      if next < 256 {
        output.append(UInt8(next))
        continue
      }
      guard next < 286 else { throw Self.damaged }
      let length = Self.bases[next - 257] + (try bits(UInt32(Self.extras[next - 257])))
      let place = try symbol(distances)
      guard place < 30 else { throw Self.damaged }
      let more = place < 2 ? 0 : place / 2 - 1
      let distance = (place < 2 ? place : (2 + (place & 1)) << more) + 1 + (try bits(UInt32(more)))
      guard distance <= output.count else { throw Self.damaged }
      for _ in 0..<length { output.append(output[output.count - distance]) }
    }
  }

  private static let bases = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
    163, 195, 227, 258,
  ]
  private static let extras = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
  ]
}
