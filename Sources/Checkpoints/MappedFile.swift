#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file that is mapped into memory: its pages are read when they are looked at, and can be
/// dropped again.
final class MappedFile: @unchecked Sendable {
  let path: String
  /// The bytes of the file; never written.
  let bytes: UnsafeRawBufferPointer

  /// - Throws: `CheckpointError.unreadable`.
  init(_ path: String) throws(CheckpointError) {
    self.path = path
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw Self.failure(path) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw Self.failure(path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(file: path, reason: "it is no file")
    }
    let count = Int(status.st_size)
    guard count > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, file, 0), start != MAP_FAILED else {
      throw Self.failure(path)
    }
    bytes = UnsafeRawBufferPointer(start: start, count: count)
  }

  deinit {
    guard let start = bytes.baseAddress else { return }
    munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
  }

  private static func failure(_ path: String) -> CheckpointError {
    .unreadable(file: path, reason: String(cString: strerror(errno)).lowercased())
  }

  /// The names in a folder, in order.
  ///
  /// - Throws: `CheckpointError.unreadable`.
  static func entries(of folder: String) throws(CheckpointError) -> [String] {
    guard let handle = opendir(folder) else { throw failure(folder) }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { start in
        start.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}
