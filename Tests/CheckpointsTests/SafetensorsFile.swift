import Foundation

/// A folder that is removed when nobody needs it any more, and files in it.
final class Folder {
  let url = URL.temporaryDirectory.appending(path: "tally-\(UUID().uuidString)")

  init() throws {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  var path: String { url.path(percentEncoded: false) }

  func write(_ name: String, _ bytes: [UInt8]) throws {
    try Data(bytes).write(to: url.appending(path: name))
  }

  func write(_ name: String, _ text: String) throws { try write(name, Array(text.utf8)) }
}

/// The bytes of a safetensors file: the length of the header, the header, the data.
func safetensors(_ header: String, _ data: [UInt8], length: UInt64? = nil) -> [UInt8] {
  let count = length ?? UInt64(header.utf8.count)
  return (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + Array(header.utf8) + data
}
