#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file that `--output` names: where it lies, and how it is written whole or not at all.
///
/// A symbolic link is followed and stays a link. A device, a pipe or a stream of the process is
/// written into and never replaced. A file that is there keeps its mode.
struct OutputFile {
  /// The path behind all symbolic links.
  let path: String

  /// Whether the links never end.
  private let isCircle: Bool

  init(_ path: String) {
    let path = path == "-" ? "/dev/stdout" : path
    let end = Self.followed(path)
    self.path = end ?? path
    isCircle = end == nil
  }

  /// What is there now.
  var kind: Terminal.PathKind { Self.isOfSystem(path) ? .device : Terminal.kind(of: path) }

  /// Why the file cannot be written, if it cannot; what it holds stays.
  var obstacle: FileProblem? {
    if isCircle { return Self.endless }
    switch kind {
    case .device: return nil
    case .folder: return FileProblem(reason: "it is a folder")
    case .file, .absent:
      let file = open(temporaryPath, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
      guard file >= 0 else { return FileProblem() }
      close(file)
      unlink(temporaryPath)
      return nil
    }
  }

  /// Writes a text as the whole file.
  ///
  /// - Returns: Why that was not possible; then what was there stays.
  func write(_ text: String) -> FileProblem? { write { Terminal.write(text, toFile: $0) } }

  /// Writes what a body writes into the open file that it is given; it returns whether it could.
  ///
  /// - Returns: Why that was not possible; then what was there stays.
  func write(_ body: (_ file: Int32) -> Bool) -> FileProblem? {
    if isCircle { return Self.endless }
    if kind == .device {
      let file = openDevice()
      guard file >= 0 else { return FileProblem() }
      defer { close(file) }
      return body(file) ? nil : FileProblem()
    }
    let file = open(temporaryPath, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
    guard file >= 0 else { return FileProblem() }
    let isWritten = body(file)
    let problem = isWritten ? takePlace(of: temporaryPath, file) : FileProblem()
    close(file)
    if problem != nil { unlink(temporaryPath) }
    return problem
  }

  /// Gives a finished file the name and the mode of this one.
  func takePlace(of finished: String, _ file: Int32) -> FileProblem? {
    var status = stat()
    if stat(path, &status) == 0 { fchmod(file, status.st_mode & 0o7777) }
    return rename(finished, path) == 0 ? nil : FileProblem()
  }

  /// Opens a device or a stream of the process to write into; below zero where that fails.
  func openDevice() -> Int32 {
    switch path {
    case "/dev/stdout": return dup(1)
    case "/dev/stderr": return dup(2)
    default:
      // Opened by its path, a redirected file would be written from its beginning.
      if path.hasPrefix("/dev/fd/"), let number = Int32(path.dropFirst(8)) { return dup(number) }
      return open(path, O_WRONLY)
    }
  }

  private var temporaryPath: String { "\(path).\(getpid()).part" }

  private static func followed(_ path: String) -> String? {
    var path = path
    // More links than this are a circle, which the system refuses too.
    for _ in 0..<40 where !isOfSystem(path) {
      guard let target = target(of: path) else { return path }
      if target.hasPrefix("/") {
        path = target
      } else if let end = path.lastIndex(of: "/") {
        path = path[...end] + target
      } else {
        path = target
      }
    }
    return isOfSystem(path) ? path : nil
  }

  private static let endless = FileProblem(reason: "its symbolic links lead to each other")

  /// Whether a path is the system's, where a file is a way to something else.
  private static func isOfSystem(_ path: String) -> Bool {
    path.hasPrefix("/dev/") || path.hasPrefix("/proc/")
  }

  /// Where a symbolic link leads, as it says; nil for anything else.
  private static func target(of path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink(path, &buffer, buffer.count)
    guard count > 0 else { return nil }
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
