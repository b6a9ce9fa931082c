import Synchronization

/// Memory that threads take for one piece of work and give back.
final class BufferPool: Sendable {
  struct Buffer: @unchecked Sendable {
    let start: UnsafeMutablePointer<Float>
    let capacity: Int
  }

  static let shared = BufferPool()

  private let free = Mutex<[Buffer]>([])

  /// Uninitialised numbers, at least so many.
  func take(_ count: Int) -> Buffer {
    let found = free.withLock { free -> Buffer? in
      guard let place = free.lastIndex(where: { $0.capacity >= count }) else {
        // What is too small now will be again.
        free.popLast()?.start.deallocate()
        return nil
      }
      return free.remove(at: place)
    }
    return found ?? Buffer(start: .allocate(capacity: max(count, 1)), capacity: count)
  }

  func give(_ buffer: Buffer) {
    free.withLock { $0.append(buffer) }
  }
}
