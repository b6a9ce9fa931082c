import Foundation

/// A folder in memory of this process, for readers that open files.
enum Scratch {
  static let folder: String = {
    let path = "/dev/shm/tally-fuzz-\(ProcessInfo.processInfo.processIdentifier)"
    mkdir(path, 0o700)
    atexit { try? FileManager.default.removeItem(atPath: Scratch.folder) }
    return path
  }()

  static func write(_ bytes: UnsafeRawBufferPointer, to name: String) -> String {
    let path = "\(folder)/\(name)"
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    precondition(file >= 0, "\(path) cannot be written")
    _ = Foundation.write(file, bytes.baseAddress, bytes.count)
    close(file)
    return path
  }
}
