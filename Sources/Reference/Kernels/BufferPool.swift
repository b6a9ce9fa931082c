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
      guard
        let place = free.indices.filter({ free[$0].capacity >= count })
          .min(by: { free[$0].capacity < free[$1].capacity })
      else {
        // What is too small now will be again: the smallest goes, so that few are kept.
        if free.count > 8,
          let least = free.indices.min(by: { free[$0].capacity < free[$1].capacity })
        {
          UnsafeMutableRawPointer(free.remove(at: least).start).deallocate()
        }
        return nil
      }
      return free.remove(at: place)
    }
    if let found { return found }
    let start = UnsafeMutableRawPointer.allocate(
      byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 128)
    return Buffer(
      start: start.bindMemory(to: Float.self, capacity: max(count, 1)), capacity: max(count, 1))
  }

  func give(_ buffer: Buffer) {
    free.withLock { $0.append(buffer) }
  }
}
