import Architecture
import Kernels

/// What chooses the keys of sparse attention.
///
/// Products have both forms. Of the choice itself one look at each score is counted: how scores
/// are put in order is no operation of the model.
extension Executor {
  /// Appends the keys of an indexer to those of earlier passes.
  func keepIndex(
    _ keys: Matrix, _ flow: Flow, _ state: LayerState, at path: String
  ) -> [KeptSequence] {
    flow.sequences.enumerated().map { index, sequence in
      let cache = state.cache("\(path).index", sequence, width: keys.columns)
      let kept = KeptSequence(keys: cache, values: cache, before: cache.total)
      cache.append(keys.rows(flow.rows(of: index)))
      return kept
    }
  }

  /// The keys that each query sees.
  func index(
    _ queries: Matrix, _ kept: [KeptSequence], _ weights: Matrix?, _ heads: IndexHeads,
    _ flow: Flow, at path: String
  ) throws -> [KeySelection] {
    let name = path.appending("indexer.scores")
    let core = IndexCore(
      heads: try extent(heads.heads), size: try extent(heads.headSize),
      scale: try heads.scale.map { try float($0) }, choice: try IndexCore.Choice(heads.choice, self)
    )
    if let weights {
      for factor in heads.weightScales { scale(weights, by: try float(factor), name) }
    }
    return kept.enumerated().map { index, sequence in
      let rows = flow.rows(of: index)
      return scratch.scoped {
        choose(
          core, queries.rows(rows), sequence.keys.matrix, weights?.rows(rows),
          first: sequence.before, flow.pass.mask, at: path)
      }
    }
  }

  /// The choice of one sequence, whose first query stands at position `first`.
  private func choose(
    _ core: IndexCore, _ queries: Matrix, _ keys: Matrix, _ weights: Matrix?, first: Int,
    _ mask: Pass.Mask, at path: String
  ) -> KeySelection {
    let (heads, size) = (core.heads, core.size)
    let name = path.appending("indexer.scores")
    var chosen = KeySelection(groups: weights == nil ? heads : 1, queries: queries.rows)
    // One head's scores after the other: `[n, h · S]`.
    let scores = scratch.matrix(queries.rows, heads * keys.rows)
    func seen(_ query: Int) -> Range<Int> { mask == .full ? 0..<keys.rows : 0..<first + query + 1 }
    for head in 0..<heads {
      let q = queries.columns(head * size..<(head + 1) * size)
      let into = scores.columns(head * keys.rows..<(head + 1) * keys.rows)
      multiply(q, keys, into: into, seen, name)
    }
    let sums = scratch.matrix(queries.rows, keys.rows)
    if let weights {
      meter.literally(name, rows: 0..<queries.rows) { query in
        for head in 0..<heads {
          let row = scores.row(query) + head * keys.rows
          for key in seen(query) {
            var score = Counted(row[key])
            if let scale = core.scale { score = score * Counted(scale) }
            row[key] = score > .zero ? score.value : 0
          }
        }
      }
      meter.literally(path.appending("indexer.sum"), rows: 0..<queries.rows) { query in
        for key in seen(query) {
          var sum = Counted.zero
          for head in 0..<heads {
            sum =
              sum + Counted(weights[query, head]) * Counted(scores[query, head * keys.rows + key])
          }
          sums[query, key] = sum.value
        }
      }
    }
    meter.literally(name, rows: 0..<queries.rows) { query in
      for group in 0..<chosen.groups {
        let row = weights == nil ? scores.row(query) + group * keys.rows : sums.row(query)
        // What stands behind the query is hidden.
        let position = first + query
        for key in seen(query).suffix(from: min(position + 1, seen(query).upperBound)) {
          row[key] = -.infinity
        }
        chosen[group, query] = core.choice.keys(row, seen(query), position: position)
      }
    }
    return chosen
  }

  /// Products of the rows of x `[n, k]` with those rows of w `[S, k]` that each of them sees.
  private func multiply(
    _ x: Matrix, _ w: Matrix, into y: Matrix, _ seen: (Int) -> Range<Int>, _ path: String
  ) {
    let common = (0..<x.rows).map { seen($0).upperBound }.min() ?? 0
    product(x, w.rows(0..<common), into: y.columns(0..<common), path)
    switch evidence {
    case .literal:
      meter.literally(path, rows: 0..<x.rows) { row in
        for key in common..<max(common, seen(row).upperBound) {
          var sum = Counted.zero
          for index in 0..<x.columns { sum = sum + Counted(x[row, index]) * Counted(w[key, index]) }
          y[row, key] = sum.value
        }
      }
    case .kernel:
      var done = 0
      for row in 0..<x.rows {
        for key in common..<max(common, seen(row).upperBound) {
          y[row, key] = Vectors.dot(x.row(row), w.row(key), count: x.columns)
          done += x.columns
        }
      }
      var tally = OperationTally()
      tally.multiply = done
      tally.add = done
      meter.record(path, tally)
    }
  }
}

/// The small heads of an indexer, with extents and constants.
struct IndexCore {
  enum Choice {
    case best(Int)
    case bestBlocks(size: Int, count: Int, local: Int)
  }

  let heads: Int
  let size: Int
  let scale: Float?
  let choice: Choice
}

extension IndexCore.Choice {
  init(_ choice: KeyChoice, _ executor: Executor) throws {
    switch choice {
    case .best(let count): self = .best(try executor.extent(count))
    case .bestBlocks(let size, let count, let local):
      let (count, local) = (try executor.extent(count), try executor.double(local))
      // The query's own block is always among the chosen, and none is chosen for its place alone.
      guard local >= 1, local <= Double(count), local == local.rounded() else {
        throw ExecutionError.notExecuted(
          modelType: executor.model.modelType,
          what: "\(local) local blocks of \(count) that the indexer keeps")
      }
      self = .bestBlocks(size: try executor.extent(size), count: count, local: Int(local))
    }
  }

  /// The keys that a query at a position sees, of which those computed have scores.
  func keys(
    _ scores: UnsafeMutablePointer<Float>, _ computed: Range<Int>, position: Int
  ) -> [Int] {
    switch self {
    case .best(let count):
      return IndexCore.best(count, of: scores, computed, visible: position + 1)
    case .bestBlocks(let size, let count, let local):
      let blocks = position / size + 1
      var best = [Float](repeating: -.infinity, count: (computed.count + size - 1) / size)
      for key in computed where Counted(scores[key]) > Counted(best[key / size]) {
        best[key / size] = scores[key]
      }
      for block in max(0, blocks - local)..<blocks { best[block] = .infinity }
      return IndexCore.best(count, of: Array(best[..<blocks])).flatMap { block in
        Array(block * size..<min(position + 1, (block + 1) * size))
      }
    }
  }
}

extension IndexCore {
  /// Of the first `visible` rows those with the k highest scores, in order; all computed scores are
  /// looked at.
  static func best(
    _ count: Int, of scores: UnsafeMutablePointer<Float>, _ computed: Range<Int>, visible: Int
  ) -> [Int] {
    // The least score that is chosen, and how many are equal to it.
    let seen = 0..<visible
    let least = best(count, of: seen.map { scores[$0] }).map { scores[$0] }.min() ?? 0
    var equal = count - seen.count { scores[$0] > least }
    return computed.filter { key in
      if Counted(scores[key]) > Counted(least) { return true }
      guard seen.contains(key), scores[key] == least, equal > 0 else { return false }
      equal -= 1
      return true
    }
  }

  /// The places of the k highest scores, in order; of equal ones the first is chosen.
  fileprivate static func best(_ count: Int, of scores: [Float]) -> [Int] {
    guard scores.count > count else { return Array(scores.indices) }
    let order = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
    return order.prefix(count).sorted()
  }
}
