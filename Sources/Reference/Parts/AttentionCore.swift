import Architecture
import Kernels

/// The products of attention that have no weight, and the softmax between them.
struct AttentionCore {
  /// How far back a query sees, in positions.
  enum Reach {
    case all
    case window(Int)
    case chunk(Int)

    /// The first position that a query at a position sees.
    func first(_ position: Int) -> Int {
      switch self {
      case .all: 0
      case .window(let size): max(0, position - size + 1)
      case .chunk(let size): position / size * size
      }
    }

    /// The position after the last that such a query sees where it sees as far ahead, of `end`.
    func end(_ position: Int, _ end: Int) -> Int {
      switch self {
      case .all: end
      case .window(let size): min(position + size, end)
      case .chunk(let size): min((position / size + 1) * size, end)
      }
    }
  }

  var heads: Int
  var keyValueHeads: Int
  /// The width of a query and a key where they meet.
  var scoreSize: Int
  var valueSize: Int
  var reach: Reach
  /// How far a query sees back and ahead, if it sees ahead.
  var ahead: Reach?
  var scale: Float?
  var cap: Float?
  /// The slope of each head, where scores fall with the distance.
  var slopes: [Float]?
  /// Whether that happens before the scale.
  var scalesSlopes = false
  /// One more score for each head, that no value answers to.
  var sinks: UnsafeMutablePointer<Float>?
  /// Whether there is such a score, of the head or of the query.
  var hasSinks = false
  /// Whether distances have scores, and whether these are multiplied with a number of the query.
  var hasDistances = false
  var scalesDistances = false
  /// In which bucket a distance is, where buckets have scores.
  var buckets: DistanceBuckets?
  /// Whether head *h* of queries meets head *h* mod *g* of keys.
  var meetsInTurn = false
  /// Whether keys have biases.
  var hasBiases = false
  /// Which half of the heads of values is seen, as if it were all, where each is seen by itself.
  var half: Int?

  /// Where the outputs of a head stand in their row.
  func outputs(of head: Int) -> Range<Int> {
    let first = (half.map { 2 * head + $0 } ?? head) * valueSize
    return first..<first + valueSize
  }

  func keyHead(of head: Int) -> Int {
    meetsInTurn ? head % keyValueHeads : head / (heads / keyValueHeads)
  }

  /// The part of the rows that a head of queries meets.
  func shared(_ span: Span, by head: Int) -> Span {
    let own = keyHead(of: head)
    return span.head(
      own, values: half.map { own % (keyValueHeads / 2) + $0 * (keyValueHeads / 2) } ?? own,
      of: keyValueHeads)
  }

  /// The keys of one sequence, and those of its queries that each kernel computes.
  struct Span {
    var queries: Matrix
    var keys: Matrix
    var values: Matrix
    /// The position of the first query, and of the first key that is kept.
    var firstQuery: Int
    var firstKey: Int
    /// The keys that each query sees, if they are chosen; then all are kept.
    var chosen: KeySelection?
    /// What is added to the scores of each key, for each head of keys, if anything.
    var biases: Matrix?
    /// The position of each query, where they do not follow one another.
    var positions: [Int]?
    /// Whether it is added up what the keys of new tokens receive of the weights.
    var receives = false
    /// What is added to the scores of each query, or stands beside them.
    var beside = BesideScores()
    /// Where the sums of the softmax are kept, if they are.
    var sums: SoftmaxSums?

    /// The position of a query in its sequence.
    func position(_ query: Int) -> Int { positions?[query] ?? firstQuery + query }

    /// The score of the distance between a query and a key: zero for those that have none.
    func distanceScore(_ query: Int, _ key: Int, head: Int, of heads: Int) -> Float {
      guard let distances = beside.distances else { return 0 }
      let extent = distances.columns / heads
      let distance = position(query) - firstKey - key
      return (0..<extent).contains(distance) ? distances[query, head * extent + distance] : 0
    }

    /// The score of the bucket of a distance.
    func bucketScore(_ query: Int, _ key: Int, head: Int, _ buckets: DistanceBuckets) -> Float {
      beside.buckets.map { $0[buckets.row(position(query), firstKey + key), head] } ?? 0
    }

    /// The score to which no value answers.
    func sink(_ query: Int, head: Int, _ core: AttentionCore) -> Float {
      beside.sinks.map { $0[query, head] } ?? core.sinks?[head] ?? 0
    }

    /// The rows of the keys that the mask keeps for a query.
    func kept(_ query: Int, _ core: AttentionCore) -> Range<Int> {
      let position = position(query)
      let first = max((core.ahead ?? core.reach).first(position) - firstKey, 0)
      let end = core.ahead?.end(position, firstKey + keys.rows) ?? position + 1
      return first..<end - firstKey
    }

    /// The rows of the keys that are computed for a query.
    func computed(_ query: Int, _ core: AttentionCore, _ mask: Pass.Mask) -> Range<Int> {
      mask == .full ? 0..<keys.rows : kept(query, core)
    }

    /// The part of the rows that a head of keys holds, and a head of values.
    func head(_ head: Int, values valueHead: Int, of heads: Int) -> Span {
      var copy = self
      let (scores, values) = (keys.columns / heads, self.values.columns / heads)
      copy.keys = keys.columns(head * scores..<(head + 1) * scores)
      copy.values = self.values.columns(valueHead * values..<(valueHead + 1) * values)
      return copy
    }
  }
}

extension Executor {
  /// The outputs of all heads of one sequence, into `[n, h · d_v]`.
  func attend(
    _ core: AttentionCore, _ span: AttentionCore.Span, _ mask: Pass.Mask, into y: Matrix,
    _ path: String
  ) {
    let mask = plantedError == .ignoresMask ? .full : mask
    switch evidence {
    case .literal:
      guard let chosen = span.chosen else {
        return attendLiterally(core, span, into: y, path) { _, query in
          (span.computed(query, core, mask), span.kept(query, core))
        }
      }
      // The rows of keys are their positions.
      attendLiterally(core, span, into: y, path) { head, query in
        let kept = chosen.rows(head, of: core.heads, query: query)
        return (mask == .full ? Array(0..<span.keys.rows) : kept, kept)
      }
    case .kernel: attendFast(core, span, mask, into: y, path)
    }
  }

  /// - `rows`: the rows of keys that are computed for a head and a query, and those it sees.
  private func attendLiterally<Rows: RandomAccessCollection<Int>>(
    _ core: AttentionCore, _ span: AttentionCore.Span, into y: Matrix, _ path: String,
    _ rows: (_ head: Int, _ query: Int) -> (computed: Rows, kept: Rows)
  ) {
    let (queries, keys) = (span.queries.rows, span.keys.rows)
    for head in 0..<core.heads {
      let shared = core.shared(span, by: head)
      let outputs = core.outputs(of: head)
      let q = span.queries.columns(head * core.scoreSize..<(head + 1) * core.scoreSize)
      scratch.scoped {
        let scores = scratch.matrix(queries, keys + 1)
        meter.literally("\(path).scores", rows: 0..<queries) { query in
          for (place, key) in rows(head, query).computed.enumerated() {
            var sum = Counted.zero
            for index in 0..<core.scoreSize {
              sum = sum + Counted(q[query, index]) * Counted(shared.keys[key, index])
            }
            scores[query, place] = sum.value
          }
        }
        meter.literally("\(path).softmax", rows: 0..<queries) { query in
          let (computed, kept) = rows(head, query)
          core.treat(scores.row(query), computed, span, query: query, head: head, kept: kept)
          let count = computed.count + (core.hasSinks ? 1 : 0)
          if core.hasSinks { scores[query, computed.count] = span.sink(query, head: head, core) }
          let (greatest, sum) = Counted.softmax(scores.row(query), count)
          span.sums?.keep(greatest.value, sum.value, query, head)
        }
        if span.receives {
          let first = span.keys.rows - queries
          meter.literally("\(path).received", rows: 0..<queries) { query in
            for (place, key) in rows(head, query).computed.enumerated() where key >= first {
              let row = received.sums.count - queries + key - first
              let sum = Counted(received.sums[row]) + Counted(scores[query, place])
              received.sums[row] = sum.value
            }
          }
        }
        meter.literally("\(path).values", rows: 0..<queries) { query in
          let computed = rows(head, query).computed
          for index in 0..<core.valueSize {
            var sum = Counted.zero
            for (place, key) in computed.enumerated() {
              sum = sum + Counted(scores[query, place]) * Counted(shared.values[key, index])
            }
            y[query, outputs.lowerBound + index] = sum.value
          }
        }
      }
    }
  }

  private func attendFast(
    _ core: AttentionCore, _ span: AttentionCore.Span, _ mask: Pass.Mask, into y: Matrix,
    _ path: String
  ) {
    let block = 128
    let blocks = (span.queries.rows + block - 1) / block
    let (scoreTotal, softmaxTotal, valueTotal) = (Total(), Total(), Total())
    let parts = ReceivedParts()
    // One query is too little for a second thread unless the cache is long.
    let work = span.queries.rows * span.keys.rows * core.heads * core.scoreSize
    let few = work < 2_000_000 ? Workers(count: 1) : workers
    few.forEach(core.heads * blocks) { item in
      let (head, first) = (item / blocks, item % blocks * block)
      let rows = first..<min(first + block, span.queries.rows)
      let shared = core.shared(span, by: head)
      let q = span.queries.rows(rows)
        .columns(head * core.scoreSize..<(head + 1) * core.scoreSize)
      let out = y.rows(rows).columns(core.outputs(of: head))
      let done = BufferPool.with(rows.count * (span.keys.rows + 1)) { buffer in
        let scores = Matrix(buffer, rows: rows.count, columns: span.keys.rows + 1)
        let done =
          span.chosen == nil
          ? core.run(q, shared, scores, out, rows, head, mask)
          : core.runChosen(q, shared, scores, out, rows, head, mask)
        if span.receives {
          parts.put(
            ReceivedPart(scores, rows, span) { span.computed($0, core, mask) }, at: item)
        }
        return done
      }
      scoreTotal.add(done.scores)
      softmaxTotal.add(done.softmax)
      valueTotal.add(done.values)
      meter.advance(2 * (done.scores + done.values) + 5 * done.softmax)
    }
    var tally = OperationTally()
    if span.receives {
      let first = received.sums.count - span.queries.rows
      for part in parts.inOrder {
        for (key, sum) in part.sums.enumerated() { received.sums[first + key] += sum }
        tally.add += part.additions
      }
      meter.record("\(path).received", tally)
      tally = OperationTally()
    }
    tally.multiply = scoreTotal.value
    tally.add = scoreTotal.value
    meter.recordAdvanced("\(path).scores", tally)
    meter.recordAdvanced(
      "\(path).softmax",
      core.tally(
        scores: softmaxTotal.value,
        sinks: core.hasSinks ? core.heads * span.queries.rows : 0))
    tally.multiply = valueTotal.value
    tally.add = valueTotal.value
    meter.recordAdvanced("\(path).values", tally)
  }
}

extension AttentionCore {
  /// Scales, bounds and shifts the computed scores of one query, and hides those not kept.
  @inline(__always)
  func treat<Rows: RandomAccessCollection<Int>>(
    _ row: UnsafeMutablePointer<Float>, _ computed: Rows, _ span: Span, query: Int, head: Int,
    kept: Rows
  ) {
    for (place, key) in computed.enumerated() {
      var score = Counted(row[place])
      if let scale, !scalesSlopes { score = score * Counted(scale) }
      if let cap { score = score.bounded(by: cap) }
      if let slopes {
        let distance = Float(span.firstKey + key - span.position(query))
        score = score + Counted(slopes[head]) * Counted(distance)
      }
      if let scale, scalesSlopes { score = score * Counted(scale) }
      if hasDistances {
        var own = Counted(span.distanceScore(query, key, head: head, of: heads))
        if let factors = span.beside.factors { own = own * Counted(factors[query, 0]) }
        score = score + own
      }
      if let buckets {
        score = score + Counted(span.bucketScore(query, key, head: head, buckets))
      }
      if let biases = span.biases { score = score + Counted(biases[key, keyHead(of: head)]) }
      row[place] = kept.contains(key) ? score.value : -.infinity
    }
  }

  /// The operations on `count` scores, and on one more for each sink.
  func tally(scores: Int, sinks: Int) -> OperationTally {
    var softmax = OperationTally()
    softmax.compare = 1
    softmax.subtract = 1
    softmax.exp = 1
    softmax.add = 1
    softmax.divide = 1
    var each = softmax
    if scale != nil { each.multiply += 1 }
    if cap != nil {
      each.divide += 1
      each.tanh += 1
      each.multiply += 1
    }
    if slopes != nil {
      each.multiply += 1
      each.add += 1
    }
    if hasBiases { each.add += 1 }
    if hasDistances { each.add += 1 }
    if buckets != nil { each.add += 1 }
    if scalesDistances { each.multiply += 1 }
    var tally = scores * each
    tally += sinks * softmax
    return tally
  }

  /// Scores, softmax and values of some queries of one head; returns how much its loops ran over.
  ///
  /// Keys that all queries of the block see are one product; where the mask cuts the block, the
  /// keys at both edges are taken query by query.
  func run(
    _ q: Matrix, _ span: Span, _ scores: Matrix, _ out: Matrix, _ rows: Range<Int>, _ head: Int,
    _ mask: Pass.Mask
  ) -> (scores: Int, softmax: Int, values: Int) {
    let one = Workers(count: 1)
    let ranges = rows.map { span.computed($0, self, mask) }
    let begin = ranges.map(\.lowerBound).max() ?? 0
    let end = ranges.map(\.upperBound).min() ?? 0
    let common = begin..<max(begin, end)
    var done = (scores: 0, softmax: 0, values: 0)
    if !common.isEmpty {
      done.scores = multiply(
        q, byTransposeOf: span.keys.rows(common), into: scores.columns(common), workers: one)
    }
    for (index, query) in rows.enumerated() {
      let row = scores.row(index)
      let range = ranges[index]
      for edge in edges(range, common) {
        for key in edge {
          row[key] = Vectors.dot(q.row(index), span.keys.row(key), count: scoreSize)
        }
        done.scores += edge.count * scoreSize
      }
      let kept = span.kept(query, self)
      finish(row + range.lowerBound, range, span, query, head) { start in
        for key in range.lowerBound..<max(range.lowerBound, min(kept.lowerBound, range.upperBound))
        {
          start[key - range.lowerBound] = -.infinity
        }
        for key in min(max(kept.upperBound, range.lowerBound), range.upperBound)..<range.upperBound
        {
          start[key - range.lowerBound] = -.infinity
        }
      }
      done.softmax += range.count
    }
    if common.isEmpty {
      for index in rows.indices.map({ $0 - rows.lowerBound }) {
        out.row(index).update(repeating: 0, count: valueSize)
      }
    } else {
      done.values = multiply(
        scores.columns(common), byTransposeOf: span.values.rows(common).transposed, into: out,
        workers: one)
    }
    for (index, range) in ranges.enumerated() {
      for edge in edges(range, common) {
        for key in edge {
          Vectors.addScaled(
            span.values.row(key), by: scores[index, key], into: out.row(index), count: valueSize)
        }
        done.values += edge.count * valueSize
      }
    }
    return done
  }

  /// The same where keys are chosen: all are one product, or those of each query are taken by
  /// themselves.
  func runChosen(
    _ q: Matrix, _ span: Span, _ scores: Matrix, _ out: Matrix, _ rows: Range<Int>, _ head: Int,
    _ mask: Pass.Mask
  ) -> (scores: Int, softmax: Int, values: Int) {
    let one = Workers(count: 1)
    let count = span.keys.rows
    var done = (scores: 0, softmax: 0, values: 0)
    func chosen(_ query: Int) -> [Int] {
      span.chosen?.rows(head, of: heads, query: query) ?? Array(0..<count)
    }
    if mask == .full {
      let computed = scores.columns(0..<count)
      done.scores = multiply(q, byTransposeOf: span.keys, into: computed, workers: one)
      for (index, query) in rows.enumerated() {
        finish(scores.row(index), 0..<count, span, query, head) { start in
          var next = 0
          for key in chosen(query) {
            for hidden in next..<key { start[hidden] = -.infinity }
            next = key + 1
          }
          for hidden in next..<count { start[hidden] = -.infinity }
        }
        done.softmax += count
      }
      done.values = multiply(
        computed, byTransposeOf: span.values.transposed, into: out, workers: one)
      return done
    }
    for (index, query) in rows.enumerated() {
      let (row, keys) = (scores.row(index), chosen(query))
      for (place, key) in keys.enumerated() {
        row[place] = Vectors.dot(q.row(index), span.keys.row(key), count: scoreSize)
      }
      finish(row, keys, span, query, head) { _ in }
      out.row(index).update(repeating: 0, count: valueSize)
      for (place, key) in keys.enumerated() {
        Vectors.addScaled(
          span.values.row(key), by: row[place], into: out.row(index), count: valueSize)
      }
      done.scores += keys.count * scoreSize
      done.softmax += keys.count
      done.values += keys.count * valueSize
    }
    return done
  }

  /// What of a range lies before and after the common one.
  private func edges(_ range: Range<Int>, _ common: Range<Int>) -> [Range<Int>] {
    guard !common.isEmpty else { return range.isEmpty ? [] : [range] }
    return [
      range.lowerBound..<max(range.lowerBound, common.lowerBound),
      min(range.upperBound, common.upperBound)..<range.upperBound,
    ].filter { !$0.isEmpty }
  }

  /// What happens to the scores of one query between the products; `hide` sets those that the
  /// query does not see to −∞.
  private func finish(
    _ start: UnsafeMutablePointer<Float>, _ keys: some RandomAccessCollection<Int>, _ span: Span,
    _ query: Int, _ head: Int, _ hide: (UnsafeMutablePointer<Float>) -> Void
  ) {
    let count = keys.count
    var factor = scale ?? 1
    if let cap {
      Vectors.scale(start, by: factor, count: count)
      Vectors.bound(start, by: cap, count: count)
      factor = 1
    }
    if let slopes {
      if !scalesSlopes {
        Vectors.scale(start, by: factor, count: count)
        factor = 1
      }
      for (place, key) in keys.enumerated() {
        let distance = Float(span.firstKey + key - span.position(query))
        start[place] += slopes[head] * distance
      }
    }
    if hasDistances {
      Vectors.scale(start, by: factor, count: count)
      factor = 1
      let stretch = span.beside.factors.map { $0[query, 0] } ?? 1
      for (place, key) in keys.enumerated() {
        start[place] += stretch * span.distanceScore(query, key, head: head, of: heads)
      }
    }
    if let buckets {
      Vectors.scale(start, by: factor, count: count)
      factor = 1
      for (place, key) in keys.enumerated() {
        start[place] += span.bucketScore(query, key, head: head, buckets)
      }
    }
    if let biases = span.biases {
      Vectors.scale(start, by: factor, count: count)
      factor = 1
      let own = keyHead(of: head)
      for (place, key) in keys.enumerated() { start[place] += biases[key, own] }
    }
    hide(start)
    if hasSinks {
      // The sink takes part in the softmax, scaled back so that the scale does not touch it.
      start[count] = span.sink(query, head: head, self) / factor
      Vectors.softmax(start, scale: factor, into: start, count: count + 1)
    } else if let sums = span.sums {
      let greatest = (0..<count).max { start[$0] * factor < start[$1] * factor } ?? 0
      let score = start[greatest] * factor
      Vectors.softmax(start, scale: factor, into: start, count: count)
      // The weight of the greatest is 1 over the sum.
      sums.keep(score, 1 / start[greatest], query, head)
    } else {
      Vectors.softmax(start, scale: factor, into: start, count: count)
    }
  }
}
