import Architecture
import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension SelfAttention {
  /// Projects every token, attends within each sequence, and projects back: `[rows, d]`.
  func run(
    _ x: Matrix, _ flow: Flow, _ state: LayerState, at path: String, on executor: Executor
  ) throws -> Matrix {
    let heads = try executor.extent(self.heads)
    let groups = try executor.extent(keyValueHeads)
    let size = try executor.extent(headSize)
    let valueSize = try executor.extent(self.valueSize ?? headSize)
    let projected = try inputs.map { try executor.linear(x, $0, at: path) }
    let parts = try Projections(
      projected, heads: heads, groups: groups, size: size, valueSize: valueSize,
      gate: gate, path: path)
    try normalize(parts, heads, groups, size, at: path, on: executor)
    try rotate(parts, heads, groups, size, flow, at: path, on: executor)

    let core = AttentionCore(
      heads: heads, keyValueHeads: groups, scoreSize: size, valueSize: valueSize,
      reach: try AttentionCore.Reach(reach, executor),
      ahead: try ahead.map { try AttentionCore.Reach($0, executor) },
      scale: scalesScores ? 1 / Float(size).squareRoot() : nil,
      cap: capsScores ? Constants.scoreCap : nil,
      slopes: position == .linearBias ? Self.slopes(heads) : nil,
      sinks: hasSinks
        ? try executor.vector("sinks", among: vectors, at: path) : nil)
    let y = executor.scratch.matrix(x.rows, heads * valueSize)
    for (index, sequence) in flow.sequences.enumerated() {
      let rows = flow.rows(of: index)
      guard !rows.isEmpty else { continue }
      let keys = state.cache("\(path).keys", sequence, width: groups * size)
      let values = state.cache("\(path).values", sequence, width: groups * valueSize)
      let before = keys.total
      keys.append(parts.keys.rows(rows))
      values.append(parts.values.rows(rows))
      let span = AttentionCore.Span(
        queries: parts.queries.rows(rows), keys: keys.matrix, values: values.matrix,
        firstQuery: before, firstKey: keys.total - keys.count)
      executor.attend(core, span, flow.pass.mask, into: y.rows(rows), path)
      if let kept = try reach.keptBetweenPasses(executor) {
        keys.keepLast(kept)
        values.keepLast(kept)
      }
    }
    if let gates = parts.gates { executor.gate(y, by: gates, "\(path).gate") }
    return try executor.linear(y, output, at: path)
  }

  /// The norms of queries and keys, which their names tell apart.
  private func normalize(
    _ parts: Projections, _ heads: Int, _ groups: Int, _ size: Int, at path: String,
    on executor: Executor
  ) throws {
    guard executor.plantedError != .skipsQueryKeyNorms else { return }
    for norm in norms {
      switch Role(norm) {
      case .queries: try executor.normalize(parts.queries, norm, at: path)
      case .keys: try executor.normalize(parts.keys, norm, at: path)
      case .both:
        try executor.normalize(parts.queries, norm, at: path)
        try executor.normalize(parts.keys, norm, at: path)
      case nil: preconditionFailure("an obstacle names such a norm before the pass")
      }
    }
  }

  private func rotate(
    _ parts: Projections, _ heads: Int, _ groups: Int, _ size: Int, _ flow: Flow,
    at path: String, on executor: Executor
  ) throws {
    guard case .rotary(let rotated, let name) = position else { return }
    let key = RotaryTable.Key(size: try executor.extent(rotated), table: name)
    guard let table = executor.rotaryTables[key] else {
      preconditionFailure("the tables of a pass are made before its layers run")
    }
    for (part, count) in [(parts.queries, heads), (parts.keys, groups)] {
      executor.rotate(
        part, heads: count, width: size, size: key.size, table, flow.positions, "\(path).rotary")
    }
  }

  /// What a norm inside an attention module normalizes.
  enum Role {
    case queries, keys, both

    init?(_ norm: Normalization) {
      switch norm.name {
      case "q_norm", "q_layernorm", "query_norm", "query_layernorm", "q_layernorm.norms.#":
        self = .queries
      case "k_norm", "k_layernorm", "key_norm", "key_layernorm", "k_layernorm.norms.#":
        self = .keys
      case "qk_norm": self = .both
      default: return nil
      }
    }
  }

  /// The slope of each head: the powers of 2^(−8/n), for n heads.
  ///
  /// - Source: Press et al. 2021, §3, <https://arxiv.org/abs/2108.12409>.
  private static func slopes(_ heads: Int) -> [Float] {
    (1...max(heads, 1)).map { powf(2, -8 * Float($0) / Float(heads)) }
  }
}

/// Queries, keys, values and gates, as views of what the input maps returned.
struct Projections {
  var queries: Matrix
  var keys: Matrix
  var values: Matrix
  var gates: Matrix?

  init(
    _ projected: [Matrix], heads: Int, groups: Int, size: Int, valueSize: Int, gate: OutputGate?,
    path: String
  ) throws {
    let (q, k, v) = (heads * size, groups * size, groups * valueSize)
    var pieces: [Matrix] = []
    // A fused map holds them side by side, in this order; separate maps are one after the other.
    var wanted = [q, k, v]
    let gateWidth: Int? =
      switch gate {
      case nil: nil
      case .elements: heads * valueSize
      case .heads: heads
      }
    if let gateWidth {
      // A gate comes out of the map of the queries, or stands last.
      let followsQueries = projected.first?.columns == q + gateWidth
      wanted.insert(gateWidth, at: followsQueries ? 1 : 3)
    }
    for matrix in projected {
      var first = 0
      while first < matrix.columns, let width = wanted.first {
        wanted.removeFirst()
        precondition(first + width <= matrix.columns, "\(path): the maps do not hold the heads")
        pieces.append(matrix.columns(first..<first + width))
        first += width
      }
    }
    precondition(wanted.isEmpty, "\(path): the maps hold too few heads")
    if gateWidth == nil {
      (queries, keys, values, gates) = (pieces[0], pieces[1], pieces[2], nil)
    } else if projected.first?.columns == q + (gateWidth ?? 0) {
      (queries, gates, keys, values) = (pieces[0], pieces[1], pieces[2], pieces[3])
    } else {
      (queries, keys, values, gates) = (pieces[0], pieces[1], pieces[2], pieces[3])
    }
  }
}

extension AttentionCore.Reach {
  init(_ reach: Reach, _ executor: Executor) throws {
    switch reach {
    case .all: self = .all
    case .window(let size, _): self = .window(try executor.extent(size))
    case .chunk(let size): self = .chunk(try executor.extent(size))
    case .blocks, .bestBlocks: preconditionFailure("an obstacle names such a reach")
    }
  }
}

extension Reach {
  /// How many positions the cache keeps after a pass, or nil for all.
  func keptBetweenPasses(_ executor: Executor) throws -> Int? {
    switch self {
    case .window(let size, keepsCache: false), .chunk(let size): try executor.extent(size) - 1
    default: nil
    }
  }
}
