package import Architecture
package import Symbolic

/// The tokens that pass a module: *B* sequences of *n* new tokens after *p* cached ones.
///
/// Inside a routed block of a Mixture-of-Depths model these are fewer than those of the workload.
package struct Stream: Hashable, Sendable {
  package var sequences: Formula
  package var tokens: Formula
  package var past: Formula
  package var workload: Workload

  /// The tokens of the whole workload.
  package init(_ workload: Workload) {
    sequences = Formula(Workload.batch)
    tokens = Formula(Workload.tokens)
    past = Formula(Workload.past)
    self.workload = workload
  }

  /// The rows of a matrix that holds a vector for each token.
  package var rows: Formula { sequences * tokens }

  /// The positions in the cache that a layer has kept from before.
  package func cached(_ reach: Reach) -> Formula { Self.kept(past, reach) }

  /// The positions in the cache after the pass.
  package func cachedAfter(_ reach: Reach) -> Formula { Self.kept(past + tokens, reach) }

  private static func kept(_ positions: Formula, _ reach: Reach) -> Formula {
    switch reach {
    case .all, .window(_, keepsCache: true), .blocks, .bestBlocks: positions
    case .window(let size, keepsCache: false), .chunk(let size): .minimum(positions, size - 1)
    }
  }

  /// The keys that a dense kernel multiplies with each query.
  package func keys(_ reach: Reach) -> Formula { cached(reach) + tokens }

  /// The pairs of query and key that count, in one sequence.
  package func pairs(_ reach: Reach) -> Formula {
    guard workload.mask == .causal else { return tokens * keys(reach) }
    switch reach {
    case .all: return tokens * past + Self.triangle(tokens)
    case .window(let size, _):
      // The first queries see all before them, the others a window.
      let rising = Formula.minimum(tokens, .maximum(size - past, 0))
      return rising * past + Self.triangle(rising) + (tokens - rising) * size
    case .chunk(let size):
      return Self.chunked(past + tokens, size) - Self.chunked(past, size)
    case .blocks(let kept, let size):
      return Self.kept(past + tokens, kept, size) - Self.kept(past, kept, size)
    case .bestBlocks(let size, let count):
      return Self.blocked(past + tokens, size, count) - Self.blocked(past, size, count)
    }
  }

  /// The numbers from 1 to `count` added up.
  static func triangle(_ count: Formula) -> Formula { count * (count + 1) / 2 }

  /// The pairs of the first positions of a sequence that attends to so many blocks.
  private static func blocked(_ positions: Formula, _ size: Formula, _ count: Formula) -> Formula {
    // The first queries see all before them, the others whole blocks and a part of their own.
    let rising = Formula.minimum(positions, count * size)
    return triangle(rising) + (positions - rising) * (count - 1) * size
      + chunked(positions, size) - chunked(rising, size)
  }

  /// The pairs of the first positions of a sequence that attends within chunks.
  private static func chunked(_ positions: Formula, _ size: Formula) -> Formula {
    let whole = Formula.floor(positions / size)
    return whole * triangle(size) + triangle(positions - whole * size)
  }
}
