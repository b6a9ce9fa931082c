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

  /// Refuses a symbolic link that leaves its folder, but for those of a Hugging Face cache, whose
  /// snapshots link to the `blobs` beside them.
  ///
  /// - Throws: `CheckpointError.unreadable`, `.outside`.
  static func requireInside(_ folder: String, _ name: String) throws(CheckpointError) {
    let path = "\(folder)/\(name)"
    guard let own = resolved(folder), let target = resolved(path) else { throw failure(path) }
    let parts = own.split(separator: "/")
    let cache =
      parts.count > 2 && parts[parts.count - 2] == "snapshots"
      ? "/" + parts.dropLast(2).joined(separator: "/") + "/blobs/" : nil
    guard target.hasPrefix(own == "/" ? own : "\(own)/") || cache.map(target.hasPrefix) == true
    else { throw .outside(file: path, target: target) }
  }

  /// A path without symbolic links.
  private static func resolved(_ path: String) -> String? {
    guard let found = realpath(path, nil) else { return nil }
    defer { free(found) }
    return String(cString: found)
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
