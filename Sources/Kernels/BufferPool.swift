import Synchronization

/// Memory for the time of a call: blocks are kept for the next one, because new ones cost page faults.
package struct BufferPool {
  private struct Block: @unchecked Sendable {
    var start: UnsafeMutablePointer<Float>
    var capacity: Int
  }

  /// More blocks than this are not kept.
  private static let limit = 16
  private static let free = Mutex<[Block]>([])

  /// Lends a block, which starts at a cache line and holds anything, for `count` elements.
  package static func with<Result>(
    _ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Result
  ) -> Result {
    let block = take(count)
    defer { giveBack(block) }
    return body(block.start)
  }

  /// The smallest free block that is large enough, or a new one in place of the largest that is not.
  private static func take(_ count: Int) -> Block {
    let found: (block: Block, fits: Bool)? = free.withLock { blocks in
      var fitting: Int?
      var largest: Int?
      for (i, block) in blocks.enumerated() {
        if block.capacity >= count {
          if fitting.map({ block.capacity < blocks[$0].capacity }) ?? true { fitting = i }
        } else if largest.map({ block.capacity > blocks[$0].capacity }) ?? true {
          largest = i
        }
      }
      if let fitting {
        return (blocks.remove(at: fitting), true)
      }
      guard let largest, blocks.count >= limit / 2 else { return nil }
      return (blocks.remove(at: largest), false)
    }
    if let found {
      if found.fits { return found.block }
      Storage.free(found.block.start)
    }
    // A quarter more, so that calls that grow little by little find a block that fits.
    let capacity = max(count + count / 4, 1 << 10)
    return Block(start: Storage.numbers(capacity), capacity: capacity)
  }

  private static func giveBack(_ block: Block) {
    let isKept = free.withLock { blocks in
      guard blocks.count < limit else { return false }
      blocks.append(block)
      return true
    }
    if !isKept { Storage.free(block.start) }
  }
}
