package import Architecture
package import Symbolic

/// Which pairs of query and key a count of attention takes.
enum Pairing: Hashable, Sendable {
  /// Those of a dense kernel: each new token with what is cached and with every new one.
  case dense
  /// Those that mask and window keep.
  case kept
  /// Each new token with the whole sequence, or with as many positions as a window holds.
  case square(isCropped: Bool)
  /// The same, with half of what the new tokens make among themselves.
  case half(isCropped: Bool)
  /// The area under the diagonal: *n·w − w²/2* of *n* positions under a window of *w*, and half a
  /// square of every chunk.
  case area
}

/// The tokens that pass a module: *B* sequences of *n* new tokens after *p* cached ones.
///
/// Inside a routed block of a Mixture-of-Depths model these are fewer than those of the workload.
package struct Stream: Hashable, Sendable {
  /// The sequences, *B*.
  package var sequences: Formula
  /// The new tokens of each sequence, *n*.
  package var tokens: Formula
  /// The cached tokens of each sequence, *p*.
  package var past: Formula
  /// The pass that the tokens belong to.
  package var workload: Workload
  /// Which pairs of query and key count.
  var pairing: Pairing
  /// How it is decided which tokens these are.
  package var entering = Entering.all
  /// Where its tokens stand among those of the pass, from zero, if the data have decided it.
  var places: [Int128]?
  /// The tokens whose keys are seen, where they are others than these.
  var sight: Sight?

  /// How it is decided which tokens pass a module.
  package enum Entering: Hashable, Sendable {
    /// All tokens of the workload do.
    case all
    /// A router lets in some, and the sizes say how many.
    case known
    /// A router lets in some, and the data decide how many: their number may be a fraction.
    case decidedByData
  }

  /// The tokens of the whole workload.
  package init(_ workload: Workload) {
    self.init(workload, workload.mask == .full ? .dense : .kept)
  }

  init(_ workload: Workload, _ pairing: Pairing) {
    sequences = Formula(Workload.batch)
    tokens = Formula(Workload.tokens)
    past = Formula(Workload.past)
    self.workload = workload
    self.pairing = pairing
  }

  /// The stream of a model that puts tokens of its own before every sequence: they are among the new ones
  /// of a first pass, and among the cached ones of the others.
  func behind(_ prompt: LearnedPrompt?) -> Stream {
    guard let prompt else { return self }
    var copy = self
    if workload.past == 0 {
      copy.tokens = tokens + prompt.length
    } else {
      copy.past = past + prompt.length
    }
    return copy
  }

  /// The rows of a matrix that holds a vector for each token.
  package var rows: Formula { sequences * tokens }

  /// How often a module runs in one pass: once, or if less than one token is expected, that share.
  package var runs: Formula { entering == .decidedByData ? .minimum(1, rows) : 1 }

  /// The positions that something is computed for which the same positions of all sequences share.
  ///
  /// The tokens that a router lets in stand at other positions in each sequence.
  package var positions: Formula { entering == .all ? tokens : rows }

  /// The positions in the cache that a layer has kept from before.
  package func cached(_ reach: Reach) -> Formula { kept(past, reach) }

  /// The positions in the cache after the pass.
  package func cachedAfter(_ reach: Reach) -> Formula { kept(past + tokens, reach) }

  private func kept(_ positions: Formula, _ reach: Reach) -> Formula {
    switch reach {
    case .windowBehindPrompt where workload.past == 0: return positions
    case .windowBehindPrompt(let size):
      return prompt + .minimum(positions - prompt, size - 1)
    case .all, .window(_, keepsCache: true), .chosen, .blocks, .bestBlocks: return positions
    case .window(let size, keepsCache: false), .chunk(let size):
      return .minimum(positions, size - 1)
    }
  }

  /// The tokens of the first pass, where this is a later one.
  private var prompt: Formula { Formula(Workload.promptLength) }

  /// The keys that a dense kernel multiplies with each query.
  package func keys(_ reach: Reach) -> Formula {
    if let sight { return sight.everyone(seenBy: self).keys(reach) }
    return switch pairing {
    case .dense, .kept: cached(reach) + tokens
    case .square, .half, .area: past + tokens
    }
  }

  /// The pairs of query and key that count, in one sequence.
  ///
  /// Where queries see ahead, the mask keeps more of them. Conventions of other tools, which count
  /// triangles and squares, do not know that.
  package func pairs(_ reach: Reach, ahead: Reach? = nil) -> Formula {
    if let sight { return sight.pairs(of: self, reach) }
    return switch pairing {
    case .dense: tokens * keys(reach)
    case .kept: ahead.map { seeing($0, cached(reach)) } ?? kept(reach)
    case .square(let isCropped): tokens * seen(past + tokens, isCropped ? reach : .all)
    case .half(let isCropped) where isCropped && reach.isChunk:
      Self.area(past + tokens, reach) - Self.area(past, reach)
    case .half(let isCropped):
      halved { $0.tokens * $0.seen($0.past + $0.tokens, isCropped ? reach : .all) }
    case .area: Self.area(past + tokens, reach) - Self.area(past, reach)
    }
  }

  /// What the mask keeps of them.
  private func kept(_ reach: Reach) -> Formula {
    switch reach {
    case .windowBehindPrompt where workload.past == 0: return Self.triangle(tokens)
    case .windowBehindPrompt(let size):
      var behind = self
      behind.past = past - prompt
      return tokens * prompt + behind.kept(.window(size))
    case .all: return tokens * past + Self.triangle(tokens)
    case .window(let size, _), .chosen(let size):
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

  /// The pairs of queries that see as far ahead as back, with what the cache holds before them.
  ///
  /// There are as many in which the key comes after the query as there are of the new tokens alone
  /// in which it comes before.
  private func seeing(_ reach: Reach, _ cached: Formula) -> Formula {
    var (back, new) = (self, self)
    (back.past, new.past) = (cached, 0)
    return back.kept(reach) + new.kept(reach) - tokens
  }

  /// The positions that a query sees of `count`: all, or those that a window holds or that are chosen.
  private func seen(_ positions: Formula, _ reach: Reach) -> Formula {
    switch reach {
    case .window(let size, _), .chosen(let size): .minimum(positions, size)
    case .all, .windowBehindPrompt, .chunk, .blocks, .bestBlocks: positions
    }
  }

  /// All of what came before the new tokens, and half of what the new tokens make among themselves.
  func halved(_ count: (Stream) -> Formula) -> Formula {
    var new = self
    new.past = 0
    return count(self) - count(new) / 2
  }

  /// The pairs of the first positions of a sequence, as the area under the diagonal.
  private static func area(_ positions: Formula, _ reach: Reach) -> Formula {
    switch reach {
    case .window(let size, _), .chosen(let size):
      let seen = Formula.minimum(positions, size)
      return positions * seen - seen * seen / 2
    case .chunk(let size):
      let whole = Formula.floor(positions / size)
      let rest = positions - whole * size
      return (whole * size * size + rest * rest) / 2
    case .all, .windowBehindPrompt, .blocks, .bestBlocks: return positions * positions / 2
    }
  }

  /// The numbers from 1 to `count` added up.
  static func triangle(_ count: Formula) -> Formula { count * (count + 1) / 2 }

  /// The pairs of the first positions of a sequence that attends to a number of blocks.
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

extension Reach {
  fileprivate var isChunk: Bool {
    if case .chunk = self { true } else { false }
  }
}
