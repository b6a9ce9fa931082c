import Architecture
import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Scores of each query beside those of its products with keys.
struct BesideScores {
  /// For each head of queries a score for each distance, and what it is multiplied with.
  var distances: Matrix?
  var factors: Matrix?
  /// For each head a score to which no value answers.
  var sinks: Matrix?
  /// For each bucket of distances a score of each head.
  var buckets: Matrix?

  func rows(_ rows: Range<Int>) -> BesideScores {
    BesideScores(
      distances: distances?.rows(rows), factors: factors?.rows(rows), sinks: sinks?.rows(rows),
      buckets: buckets)
  }
}

/// The greatest score of each row and head, and what its softmax has divided by: `[n, h]` each.
struct SoftmaxSums {
  let greatest: Matrix
  let sums: Matrix

  init(_ rows: Int, _ heads: Int, _ scratch: Scratch) {
    self.init(greatest: scratch.matrix(rows, heads), sums: scratch.matrix(rows, heads))
  }

  private init(greatest: Matrix, sums: Matrix) {
    self.greatest = greatest
    self.sums = sums
  }

  func rows(_ rows: Range<Int>) -> SoftmaxSums {
    SoftmaxSums(greatest: greatest.rows(rows), sums: sums.rows(rows))
  }

  func keep(_ greatest: Float, _ sum: Float, _ row: Int, _ head: Int) {
    self.greatest[row, head] = greatest
    sums[row, head] = sum
  }
}

/// The keys and values of one sequence, those of earlier passes included.
struct KeptSequence {
  let keys: RowBuffer
  let values: RowBuffer
  /// The positions that were kept before this pass, those dropped since included.
  let before: Int
}

extension Executor {
  /// Appends the keys and values of each sequence to those of earlier passes.
  func keep(
    _ keys: Matrix, _ values: Matrix, _ reach: Reach, _ flow: Flow, _ state: LayerState,
    at path: String
  ) throws -> [KeptSequence] {
    let most = try reach.keptBetweenPasses(self)
    return flow.sequences.enumerated().map { index, sequence in
      let rows = flow.rows(of: index)
      let kept = KeptSequence(
        keys: state.cache("\(path).keys", sequence, width: keys.columns),
        values: state.cache("\(path).values", sequence, width: values.columns),
        before: state.cache("\(path).keys", sequence, width: keys.columns).total)
      // Until then a later layer may attend to what no later query sees.
      if let most {
        kept.keys.keepLast(most)
        kept.values.keepLast(most)
      }
      kept.keys.append(keys.rows(rows))
      kept.values.append(values.rows(rows))
      if case .windowBehindPrompt = reach, past == 0 {
        kept.keys.pin()
        kept.values.pin()
      }
      return kept
    }
  }

  /// The outputs of all heads: `[rows, h · d_v]`.
  func attend(
    _ queries: Matrix, _ kept: [KeptSequence], _ chosen: [KeySelection]?, _ beside: BesideScores,
    _ heads: AttentionHeads, _ flow: Flow, at path: String
  ) throws -> Matrix {
    var core = try AttentionCore(heads, self, at: path)
    core.hasSinks = core.sinks != nil || beside.sinks != nil
    core.hasDistances = beside.distances != nil
    core.scalesDistances = beside.factors != nil
    let y = scratch.matrix(queries.rows, core.heads * (try extent(heads.outputSize)))
    if heads.leavesReceived { received = ReceivedWeights() }
    softmaxSums = heads.leavesSums ? SoftmaxSums(queries.rows, core.heads, scratch) : nil
    for (index, sequence) in kept.enumerated() {
      let rows = flow.rows(of: index)
      guard !rows.isEmpty else { continue }
      var span = AttentionCore.Span(
        queries: queries.rows(rows), keys: sequence.keys.matrix, values: sequence.values.matrix,
        firstQuery: sequence.before, firstKey: sequence.keys.total - sequence.keys.count,
        chosen: chosen?[index])
      span.beside = beside.rows(rows)
      span.sums = softmaxSums?.rows(rows)
      if case .windowBehindPrompt(let size) = heads.reach, past > 0 {
        span.chosen = sequence.keys.windows(of: rows.count, size: try extent(size))
      }
      if heads.seesEveryToken { span.positions = Array(flow.positions[rows]) }
      if let bias = heads.valueBias {
        let biases = try biases(bias, sequence.values.matrix, at: path)
        span.biases = biases
        let most = try extent(bias.kept)
        if span.keys.rows > most {
          guard case .chosen = heads.reach else {
            throw ExecutionError.notExecuted(
              modelType: model.modelType, what: "a mask of the greatest biases within a window")
          }
          span.chosen = core.greatest(most, span)
        }
      }
      if heads.leavesReceived {
        received.sums += [Float](repeating: 0, count: rows.count)
        received.queries += [Int](repeating: rows.count, count: rows.count)
        span.receives = true
      }
      for half in heads.seesHalves ? [0, 1] : [nil] {
        var part = core
        part.half = half
        attend(part, span, flow.pass.mask, into: y.rows(rows), path)
      }
    }
    return y
  }
}

extension Executor {
  /// By how much `ln Σ eˢ` of the last attention is above the sink of each head: `[rows, h]`.
  func scoresAboveSinks(_ sinks: Weight, at path: String, _ name: String) throws -> Matrix {
    guard let kept = softmaxSums else {
      preconditionFailure("attention keeps the sums that are read behind it")
    }
    let least = try vector(sinks, at: path, spread: 0.5)
    let y = kept.greatest
    meter.literally(name, rows: 0..<y.rows) { row in
      for head in 0..<y.columns {
        let sum = Counted(y[row, head]) + Counted(kept.sums[row, head]).logarithm
        y[row, head] = (sum - Counted(least[head])).value
      }
    }
    return y
  }

  /// The biases of the scores of each key: `[keys, g]`.
  private func biases(_ bias: ValueBias, _ values: Matrix, at path: String) throws -> Matrix {
    let slopes = try vector(bias.slopes, at: path, spread: 0.5)
    let y = try linear(values, bias.map, at: path)
    meter.literally(path.appending(bias.map.name), rows: 0..<y.rows) { row in
      for head in 0..<y.columns {
        let softplus = Counted(y[row, head]).softplus
        y[row, head] = (Counted(slopes[head]) * softplus).exponential.value
      }
    }
    return y
  }
}

extension RowBuffer {
  /// The rows that the queries of the last ones see: those that are pinned, and a window up to their own.
  fileprivate func windows(of queries: Int, size: Int) -> KeySelection {
    var selection = KeySelection(groups: 1, queries: queries)
    for query in 0..<queries {
      let own = count - queries + query
      selection[0, query] = Array(0..<pinned) + Array(max(pinned, own - size + 1)...own)
    }
    return selection
  }
}

extension AttentionCore {
  /// Of the keys that each query sees those with the greatest biases.
  fileprivate func greatest(_ count: Int, _ span: Span) -> KeySelection {
    var selection = KeySelection(groups: keyValueHeads, queries: span.queries.rows)
    guard let biases = span.biases else { return selection }
    for head in 0..<keyValueHeads {
      for query in 0..<span.queries.rows {
        let best = span.kept(query, self)
          .sorted { (biases[$0, head], $1) > (biases[$1, head], $0) }.prefix(count)
        selection[head, query] = best.sorted()
      }
    }
    return selection
  }

  /// Heads with their extents and constants; sinks are elements of the model.
  init(_ heads: AttentionHeads, _ executor: Executor, at path: String) throws {
    let count = try executor.extent(heads.heads)
    self.init(
      heads: count, keyValueHeads: try executor.extent(heads.keyValueHeads),
      scoreSize: try executor.extent(heads.scoreSize),
      valueSize: try executor.extent(heads.valueSize),
      reach: try Reach(heads.reach, executor),
      ahead: try heads.ahead.map { try Reach($0, executor) },
      scale: try heads.scale.map { try executor.float($0) },
      cap: try heads.cap.map { try executor.float($0) },
      slopes: heads.hasLinearBias ? Self.slopes(count) : nil,
      scalesSlopes: heads.scalesLinearBias,
      sinks: try heads.sinks.map { try executor.vector($0, at: path, spread: 0.5) })
    buckets = try heads.buckets.map { try DistanceBuckets($0, executor) }
    hasSinks = sinks != nil
    meetsInTurn = heads.order == .inTurn
    hasBiases = heads.valueBias != nil
  }

  /// The slope of each of *n* heads: the powers of 2^(−8/n) where *n* is a power of two; else those
  /// of the power below, and every second one of the power above.
  ///
  /// - Source: Press et al. 2021, §3, <https://arxiv.org/abs/2108.12409>, and their code.
  fileprivate static func slopes(_ heads: Int) -> [Float] {
    func powers(_ count: Int, _ exponents: some Sequence<Int>) -> [Float] {
      exponents.map { powf(2, -8 * Float($0) / Float(count)) }
    }
    var whole = 1
    while 2 * whole <= heads { whole *= 2 }
    let rest = stride(from: 1, to: 2 * (heads - whole), by: 2)
    return powers(whole, 1...whole) + powers(2 * whole, rest)
  }
}

/// In which bucket of distances a key is for a query.
struct DistanceBuckets {
  /// The buckets of one direction, of both, and those of one distance each.
  private let count: Int
  private let both: Int
  private let near: Int
  /// The logarithm of how many times as far as the last near one the farthest is.
  private let span: Float
  private let prompt: Int
  private let segments: Int

  init(_ buckets: PositionBuckets, _ executor: Executor) throws {
    both = try executor.extent(buckets.buckets)
    count = both / 2
    near = count / 2
    guard near > 0, try executor.double(buckets.farthest) > Double(near) else {
      throw ExecutionError.notExecuted(
        modelType: executor.model.modelType,
        what: "fewer than 4 buckets of distances, or a farthest distance that is a near one")
    }
    span = Float(log(try executor.double(buckets.farthest) / Double(near)))
    prompt = try executor.extent(buckets.prompt)
    segments = try executor.extent(buckets.segments)
  }

  /// The row of the table.
  func row(_ query: Int, _ key: Int) -> Int {
    let (own, other) = (segment(query), segment(key))
    guard own == other else { return both + own * segments + other }
    let distance = abs(key - query)
    let side = key > query ? count : 0
    guard distance >= near else { return side + distance }
    let more = logf(Float(distance) / Float(near)) / span * Float(count - near)
    return side + min(near + Int(more), count - 1)
  }

  private func segment(_ position: Int) -> Int { position < prompt ? 0 : PositionBuckets.text }
}

extension AttentionCore.Reach {
  init(_ reach: Reach, _ executor: Executor) throws {
    switch reach {
    case .all: self = .all
    case .window(let size, _): self = .window(try executor.extent(size))
    case .chunk(let size): self = .chunk(try executor.extent(size))
    // The choice says what is seen.
    case .windowBehindPrompt, .chosen, .blocks, .bestBlocks: self = .all
    }
  }
}

extension Reach {
  /// How many positions the cache keeps after a pass, or nil for all.
  func keptBetweenPasses(_ executor: Executor) throws -> Int? {
    switch self {
    case .window(let size, keepsCache: false), .chunk(let size): try executor.extent(size) - 1
    case .windowBehindPrompt(let size): try executor.extent(size) - 1
    case .all, .window(_, keepsCache: true), .chosen, .blocks, .bestBlocks: nil
    }
  }
}
