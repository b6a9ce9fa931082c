#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file that grows while a sweep runs, and has its name only once it is whole.
///
/// Beside it stands what a later run needs to go on: how far the sweep has come. An interrupted
/// sweep leaves both; a finished one neither.
final class SweepFile {
  /// How far a sweep has come.
  struct Progress: Hashable {
    /// The first point that is still to come.
    var next: Int128
    /// Points that are no models so far.
    var impossible: Int128 = 0
    /// The first of them.
    var firstImpossible: Int128?
    /// The bytes of the file that belong to the points before `next`.
    var bytes = 0
    /// The points that are the best so far, where only the best are kept.
    var best: [Int128] = []
  }

  private let output: OutputFile
  private let command: String
  private var file: Int32 = -1
  private var written = 0
  private var saved: ContinuousClock.Instant?
  private var isDevice = false

  private var path: String { output.path }
  private var partPath: String { "\(path).part" }
  private var progressPath: String { "\(path).progress" }

  /// The file of a sweep; `command` is what tells one sweep from another.
  init(_ path: String, command: String) {
    output = OutputFile(path)
    self.command = command
  }

  /// Whether the sweep is finished already: the file is there and begins as it should.
  ///
  /// - Throws: `Failure.otherSweep` for a file that begins otherwise.
  func isComplete(beginning: () throws -> String) throws -> Bool {
    guard output.kind == .file, Terminal.kind(of: progressPath) == .absent else {
      return false
    }
    let text = try beginning()
    guard Terminal.begins(path, with: text) else { throw Failure.otherFile(path) }
    return true
  }

  /// Opens the file, from where an earlier run left it if there is one and that is wished.
  ///
  /// - Throws: `Failure.unwritable`, `.otherSweep`.
  func open(resuming: Bool, within range: Range<Int128>) throws -> Progress? {
    switch output.kind {
    case .folder: throw Failure.unwritable(path, reason: "it is a folder")
    case .device:
      // Rows go straight there; nothing can be kept beside it.
      isDevice = true
      file = output.openDevice()
      guard file >= 0 else { throw Failure.unwritable(path, reason: FileProblem().reason) }
      return nil
    case .absent, .file: break
    }
    var progress: Progress?
    if resuming, Terminal.kind(of: progressPath) == .file {
      progress = try load(range)
    }
    file = Self.openFile(partPath, O_RDWR | O_CREAT | (progress == nil ? O_TRUNC : 0))
    guard file >= 0 else { throw Failure.unwritable(path, reason: FileProblem().reason) }
    if let progress {
      let size = Int(lseek(file, 0, SEEK_END))
      guard size >= progress.bytes, ftruncate(file, off_t(progress.bytes)) == 0 else {
        throw Failure.otherSweep(path)
      }
      lseek(file, off_t(progress.bytes), SEEK_SET)
      written = progress.bytes
    }
    return progress
  }

  private static func openFile(_ path: String, _ flags: Int32) -> Int32 {
    #if canImport(Glibc)
      Glibc.open(path, flags, 0o666)
    #elseif canImport(Musl)
      Musl.open(path, flags, 0o666)
    #else
      Darwin.open(path, flags, 0o666)
    #endif
  }

  /// Appends text.
  ///
  /// - Throws: `Failure.unwritable`, for a full disk for instance.
  func append(_ text: String) throws {
    guard Terminal.write(text, toFile: file) else {
      throw Failure.unwritable(path, reason: FileProblem().reason)
    }
    written += text.utf8.count
  }

  /// Notes how far the sweep has come, not more often than once a second.
  func save(next: Int128, _ result: SweepSession.Result, best: [Int128]) {
    guard !isDevice else { return }
    let now = ContinuousClock.now
    guard saved.map({ now - $0 > .seconds(1) }) ?? true else { return }
    saved = now
    // What is noted as written must be on the disk first.
    fsync(file)
    let text = """
      \(command)
      \(next) \(result.impossible) \(result.firstImpossible ?? -1) \(written)
      \(best.map { "\($0)" }.joined(separator: " "))

      """
    if OutputFile(progressPath).write(text) == nil {
      Terminal.onInterrupt(
        say: "Stopped; the same command with --resume goes on from where it is.\n")
    }
  }

  /// Gives the file its name.
  ///
  /// - Throws: `Failure.unwritable`.
  func finish() throws {
    if isDevice {
      close(file)
      return
    }
    fsync(file)
    defer { close(file) }
    if let problem = output.takePlace(of: partPath, file) {
      throw Failure.unwritable(path, reason: problem.reason)
    }
    unlink(progressPath)
    Terminal.onInterrupt(say: nil)
  }

  /// Takes away what was written, because no later run can use it.
  func discard() {
    close(file)
    guard !isDevice else { return }
    unlink(partPath)
    unlink(progressPath)
    Terminal.onInterrupt(say: nil)
  }

  private func load(_ range: Range<Int128>) throws -> Progress {
    guard case .success(let bytes) = Terminal.read(progressPath) else {
      throw Failure.unreadable(progressPath, reason: FileProblem().reason)
    }
    let lines = String(decoding: bytes, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count >= 3, lines[0] == command else { throw Failure.otherSweep(path) }
    let numbers = lines[1].split(separator: " ").compactMap { Int128($0) }
    let best = lines[2].split(separator: " ").compactMap { Int128($0) }
    guard numbers.count == 4, let size = Int(exactly: numbers[3]), size >= 0,
      numbers[0] >= range.lowerBound, numbers[0] <= range.upperBound, numbers[1] >= 0,
      numbers[2] < range.upperBound, best.allSatisfy({ range.contains($0) })
    else { throw Failure.otherSweep(path) }
    return Progress(
      next: numbers[0], impossible: numbers[1],
      firstImpossible: numbers[2] < 0 ? nil : numbers[2], bytes: size,
      best: best)
  }
}
