#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The process's streams and files.
///
/// System calls stand here directly: loading Foundation takes longer than all the rest of a run.
enum Terminal {
  enum Stream: Int32 {
    case output = 1
    case errors = 2
  }

  /// Writes a text whole; returns whether that was possible.
  @discardableResult
  static func write(_ text: String, to stream: Stream) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { systemWrite(stream.rawValue, $0.baseAddress, $0.count) }
      if written < 0 {
        if errno == EINTR { continue }
        return errno == EPIPE
      }
      bytes = bytes.dropFirst(written)
    }
    return true
  }

  private static func systemWrite(_ file: Int32, _ start: UnsafeRawPointer?, _ count: Int) -> Int {
    #if canImport(Glibc)
      Glibc.write(file, start, count)
    #elseif canImport(Musl)
      Musl.write(file, start, count)
    #else
      Darwin.write(file, start, count)
    #endif
  }

  static func exit(_ code: Int32) -> Never {
    #if canImport(Glibc)
      Glibc.exit(code)
    #elseif canImport(Musl)
      Musl.exit(code)
    #else
      Darwin.exit(code)
    #endif
  }

  /// Whether standard error is a terminal.
  static var isInteractive: Bool { isatty(Stream.errors.rawValue) == 1 }

  /// Ends the process at once on Ctrl-C, with the code that shells expect; a progress line is taken
  /// away before, and the last words are said.
  static func stopOnInterrupt() {
    signal(SIGINT) { _ in
      if Terminal.hasProgressLine { _ = Terminal.systemWrite(2, Terminal.erasure, 4) }
      if let words = Terminal.lastWords { _ = Terminal.systemWrite(2, words, strlen(words)) }
      _exit(130)
    }
  }

  /// Ends the process with a sentence and code 65 where a file that is mapped has become shorter
  /// than it was, so that its numbers are not there any more.
  static func stopOnLostFile() {
    _ = lostFile
    signal(SIGBUS) { _ in
      if let words = Terminal.lostFile { _ = Terminal.systemWrite(2, words, strlen(words)) }
      _exit(65)
    }
  }

  nonisolated(unsafe) private static let lostFile = strdup(
    "error: A file of the checkpoint has become shorter while it was read. Run again when nobody "
      + "writes it.\n")

  /// Whether a progress line stands on standard error.
  nonisolated(unsafe) static var hasProgressLine = false
  /// What a process that is stopped says; never freed, because it may be read at any moment.
  nonisolated(unsafe) private(set) static var lastWords: UnsafeMutablePointer<CChar>?
  nonisolated(unsafe) private static let erasure = strdup("\r\u{1B}[K")

  /// Sets what a process that is stopped says, or nothing.
  static func onInterrupt(say words: String?) {
    _ = erasure
    lastWords = words.flatMap { strdup($0) }
  }

  /// The bytes of memory of the machine.
  static var physicalMemory: Int {
    Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// The processors that are there for the process.
  static var processors: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  /// The most bytes of memory that the process has had.
  static var peakMemory: Int {
    var usage = rusage()
    #if canImport(Glibc)
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      return usage.ru_maxrss * 1024
    #elseif canImport(Musl)
      getrusage(RUSAGE_SELF, &usage)
      return usage.ru_maxrss * 1024
    #else
      getrusage(RUSAGE_SELF, &usage)
      return usage.ru_maxrss
    #endif
  }

  /// Writes a text to an open file; returns whether that was possible.
  static func write(_ text: String, toFile file: Int32) -> Bool {
    var text = text
    return text.withUTF8 { write(UnsafeRawBufferPointer($0), toFile: file) }
  }

  /// Writes bytes to an open file; returns whether that was possible.
  static func write(_ bytes: UnsafeRawBufferPointer, toFile file: Int32) -> Bool {
    var done = 0
    while done < bytes.count {
      let written = systemWrite(file, bytes.baseAddress.map { $0 + done }, bytes.count - done)
      if written < 0 {
        if errno == EINTR { continue }
        return false
      }
      done += written
    }
    return true
  }

  /// The width of the terminal in characters, or nil where output is not a terminal.
  static var width: Int? {
    guard isatty(Stream.output.rawValue) == 1 else { return nil }
    var size = winsize()
    guard ioctl(Stream.output.rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return 80
    }
    return Int(size.ws_col)
  }

  /// Whether text may be set bold: on a terminal, unless `NO_COLOR` is set (no-color.org).
  static var isStyled: Bool {
    guard isatty(Stream.output.rawValue) == 1 else { return false }
    guard let setting = getenv("NO_COLOR") else { return true }
    return setting.pointee == 0
  }

  /// A file's bytes, or the reason why they cannot be read.
  static func read(_ path: String) -> Result<[UInt8], FileProblem> {
    let file = path == "-" ? 0 : open(path, O_RDONLY)
    guard file >= 0 else { return .failure(FileProblem()) }
    defer { if file != 0 { close(file) } }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = systemRead(file, &buffer)
      if count == 0 { return .success(bytes) }
      if count < 0 {
        if errno == EINTR { continue }
        return .failure(FileProblem())
      }
      bytes += buffer[..<count]
      guard bytes.count <= mostBytes else {
        return .failure(FileProblem(reason: "it is larger than 64 MiB"))
      }
    }
  }

  /// Whether a file begins with a text.
  static func begins(_ path: String, with text: String) -> Bool {
    let file = open(path, O_RDONLY)
    guard file >= 0 else { return false }
    defer { close(file) }
    let wanted = Array(text.utf8)
    var found: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while found.count < wanted.count {
      let count = systemRead(file, &buffer)
      guard count > 0 else { break }
      found += buffer[..<count]
    }
    return found.starts(with: wanted)
  }

  /// No configuration is as large as this.
  private static let mostBytes = 64 << 20

  private static func systemRead(_ file: Int32, _ buffer: inout [UInt8]) -> Int {
    #if canImport(Glibc)
      Glibc.read(file, &buffer, buffer.count)
    #elseif canImport(Musl)
      Musl.read(file, &buffer, buffer.count)
    #else
      Darwin.read(file, &buffer, buffer.count)
    #endif
  }

  enum PathKind {
    case absent
    case file
    case folder
    /// A device, a pipe or a socket, which is written into and never replaced.
    case device
  }

  static func kind(of path: String) -> PathKind {
    var status = stat()
    guard stat(path, &status) == 0 else { return .absent }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: return .folder
    case S_IFREG: return .file
    default: return .device
    }
  }
}

/// Why a file cannot be read, in the system's words.
struct FileProblem: Error, Hashable {
  let reason: String

  init(reason: String? = nil) {
    self.reason = reason ?? String(cString: strerror(errno)).lowercased()
  }
}
