#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Memory for elements, asked of the system.
package enum Storage {
  /// What ends the process where the system has no more, told how many bytes were requested.
  ///
  /// Set once, before anything runs.
  nonisolated(unsafe) package static var exhausted: @Sendable (_ bytes: Int) -> Never = { bytes in
    fatalError("no memory for \(bytes) bytes")
  }

  /// Uninitialised memory from the start of two cache lines.
  package static func allocate(bytes: Int) -> UnsafeMutableRawPointer {
    var start: UnsafeMutableRawPointer?
    guard posix_memalign(&start, 128, max(bytes, 1)) == 0, let start else { exhausted(bytes) }
    return start
  }

  /// The same, for `count` elements.
  package static func numbers(_ count: Int) -> UnsafeMutablePointer<Float> {
    let (bytes, overflow) = max(count, 1).multipliedReportingOverflow(
      by: MemoryLayout<Float>.stride)
    guard !overflow else { exhausted(.max) }
    return allocate(bytes: bytes).bindMemory(to: Float.self, capacity: max(count, 1))
  }

  /// Gives memory of `allocate(bytes:)` back.
  package static func free(_ start: UnsafeMutableRawPointer) {
    #if canImport(Glibc)
      Glibc.free(start)
    #elseif canImport(Musl)
      Musl.free(start)
    #else
      Darwin.free(start)
    #endif
  }
}
