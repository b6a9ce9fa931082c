import Architecture
import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Entries that stand for several tokens each, and attention to them.
extension Executor {
  /// Makes an entry of every window that the new tokens complete, and keeps it.
  func compress(
    _ values: Matrix, _ weights: Matrix, _ compression: KeyCompression, _ flow: Flow,
    _ state: LayerState, at path: String
  ) throws -> [KeptSequence] {
    let name = path.appending(compression.name)
    let core = CompressionCore(
      rate: try extent(compression.rate), width: try extent(compression.width),
      overlaps: compression.overlaps,
      places: try vector(compression.places, at: path, spread: 0.5))
    let rotated = try extent(compression.angles.size)
    return try flow.sequences.enumerated().map { index, sequence in
      let rows = flow.rows(of: index)
      let waiting = state.cache("\(name).values", sequence, width: values.columns)
      let gates = state.cache("\(name).gates", sequence, width: weights.columns)
      let before = state.cache("\(name).before", sequence, width: 2 * core.width)
      let entries = state.cache("\(name).entries", sequence, width: core.width)
      let kept = KeptSequence(keys: entries, values: entries, before: entries.total)
      waiting.append(values.rows(rows))
      gates.append(weights.rows(rows))
      let windows = waiting.count / core.rate
      try scratch.scoped {
        let made = scratch.matrix(windows, core.width)
        meter.literally("\(name).entries", rows: 0..<windows) { window in
          core.entry(window, waiting.matrix, gates.matrix, before, into: made.row(window))
        }
        try normalize(made, compression.norm, at: path)
        try rotateFirst(
          made, compression.angles, offset: core.width - rotated, first: entries.total,
          size: core.rate, "\(name).rotary")
        entries.append(made)
      }
      waiting.keepLast(waiting.count - windows * core.rate)
      gates.keepLast(gates.count - windows * core.rate)
      return kept
    }
  }

  /// Rotates elements of entries that stand at the first positions of their windows, for which no
  /// table was made.
  private func rotateFirst(
    _ y: Matrix, _ angles: RotaryAngles, offset: Int, first: Int, size: Int, _ path: String
  ) throws {
    let frequencies = try RotaryFrequencies(angles, positions: (first + y.rows) * size, self)
    let pairs = frequencies.each.count
    let (cosines, sines) = (scratch.matrix(y.rows, pairs), scratch.matrix(y.rows, pairs))
    for row in 0..<y.rows {
      let position = Float((first + row) * size)
      for pair in 0..<pairs {
        let angle = position * frequencies.each[pair]
        cosines[row, pair] = cosf(angle) * (frequencies.magnitude ?? 1)
        sines[row, pair] = sinf(angle) * (frequencies.magnitude ?? 1)
      }
    }
    rotate(
      y, heads: 1, width: y.columns, offset: offset, size: 2 * pairs,
      RotaryTable(cosines: cosines, sines: sines, first: 0), Array(0..<y.rows), path,
      angles.pairing)
  }

  /// Makes the mean key of every block that the new tokens complete, and keeps it.
  func meanBlocks(
    _ keys: Matrix, _ indexer: BlockIndexer, _ flow: Flow, _ state: LayerState, at path: String
  ) throws -> [KeptSequence] {
    let size = try extent(indexer.blockSize)
    let name = path.appending("indexer.means")
    return try flow.sequences.enumerated().map { index, sequence in
      let waiting = state.cache("\(name).keys", sequence, width: keys.columns)
      let means = state.cache(name, sequence, width: keys.columns)
      let kept = KeptSequence(keys: means, values: means, before: means.total)
      waiting.append(keys.rows(flow.rows(of: index)))
      let blocks = waiting.count / size
      try scratch.scoped {
        let made = scratch.matrix(blocks, keys.columns)
        let tokens = waiting.matrix
        meter.literally(name, rows: 0..<blocks) { block in
          for column in 0..<keys.columns {
            var sum = Counted.zero
            for place in 0..<size { sum = sum + Counted(tokens[block * size + place, column]) }
            made[block, column] = (sum / Counted(Float(size))).value
          }
        }
        try normalize(made, indexer.keyNorm, at: path)
        try rotateFirst(
          made, indexer.angles, offset: 0, first: means.total, size: size,
          path.appending("indexer.rotary"))
        means.append(made)
      }
      waiting.keepLast(waiting.count - blocks * size)
      return kept
    }
  }

  /// The keys of the best blocks, and those of the unfinished one, for each query.
  func indexBlocks(
    _ queries: Matrix, _ kept: [KeptSequence], _ indexer: BlockIndexer, _ flow: Flow,
    at path: String
  ) throws -> [KeySelection] {
    let name = path.appending("indexer.scores")
    let (count, width) = (try extent(indexer.heads), try extent(indexer.headSize))
    let (size, budget) = (try extent(indexer.blockSize), try extent(indexer.budget))
    let root = Float(width).squareRoot()
    return kept.enumerated().map { index, sequence in
      let rows = flow.rows(of: index)
      let blocks = sequence.keys.matrix
      var chosen = KeySelection(groups: 1, queries: rows.count)
      scratch.scoped {
        let sums = scratch.matrix(1, max(1, blocks.rows))
        meter.literally(name, rows: 0..<rows.count) { query in
          let row = rows.lowerBound + query
          let position = flow.positions[row]
          let complete = (position + 1) / size
          for block in 0..<complete {
            var total = Counted.zero
            for head in 0..<count {
              var sum = Counted.zero
              for number in 0..<width {
                sum =
                  sum + Counted(queries[row, head * width + number])
                  * Counted(blocks[block, number])
              }
              total = total + Counted(sum > .zero ? sum.value : 0)
            }
            sums[0, block] = (total / Counted(root)).value
          }
          let best = IndexCore.best(
            budget / size, of: sums.start, 0..<complete, visible: complete)
          chosen[0, query] =
            best.flatMap { Array($0 * size..<($0 + 1) * size) }
            + Array(complete * size..<position + 1)
        }
      }
      return chosen
    }
  }

  /// The entries that each query sees.
  func indexEntries(
    _ queries: Matrix, _ kept: [KeptSequence], _ weights: Matrix, _ heads: EntryIndexHeads,
    _ flow: Flow, at path: String
  ) throws -> [KeySelection] {
    let name = path.appending("indexer.scores")
    let (count, size) = (try extent(heads.heads), try extent(heads.headSize))
    let (rate, most) = (try extent(heads.rate), try extent(heads.kept))
    let factor = try float(heads.scale)
    scale(weights, by: try float(heads.weightScale), name)
    return kept.enumerated().map { index, sequence in
      let rows = flow.rows(of: index)
      let entries = sequence.keys.matrix
      var chosen = KeySelection(groups: 1, queries: rows.count)
      scratch.scoped {
        let sums = scratch.matrix(1, max(1, entries.rows))
        meter.literally(name, rows: 0..<rows.count) { query in
          let row = rows.lowerBound + query
          let visible = min(entries.rows, (flow.positions[row] + 1) / rate)
          let computed = flow.pass.mask == .full ? entries.rows : visible
          for entry in 0..<computed {
            var total = Counted.zero
            for head in 0..<count {
              var sum = Counted.zero
              for number in 0..<size {
                sum =
                  sum + Counted(queries[row, head * size + number])
                  * Counted(entries[entry, number])
              }
              let score = Counted(sum > .zero ? sum.value : 0) * Counted(factor)
              total = total + score * Counted(weights[row, head])
            }
            sums[0, entry] = entry < visible ? total.value : -.infinity
          }
          chosen[0, query] = IndexCore.best(most, of: sums.start, 0..<computed, visible: visible)
        }
      }
      return chosen
    }
  }

  /// The outputs of all heads over kept keys and entries: `[rows, h · d_h]`.
  func attendEntries(
    _ queries: Matrix, _ kept: [KeptSequence], _ entries: [KeptSequence],
    _ chosen: [KeySelection]?, _ heads: EntryHeads, _ flow: Flow, at path: String
  ) throws -> Matrix {
    let core = try AttentionCore(heads.heads, self, at: path)
    let rate = try extent(heads.rate)
    let y = scratch.matrix(queries.rows, core.heads * core.valueSize)
    for (index, sequence) in kept.enumerated() {
      let rows = flow.rows(of: index)
      guard !rows.isEmpty else { continue }
      scratch.scoped {
        let (window, own) = (sequence.keys.matrix, entries[index].keys.matrix)
        let keys = scratch.matrix(window.rows + own.rows, window.columns)
        window.copy(into: keys.rows(0..<window.rows))
        own.copy(into: keys.rows(window.rows..<keys.rows))
        let span = AttentionCore.Span(
          queries: queries.rows(rows), keys: window, values: window,
          firstQuery: sequence.before, firstKey: sequence.keys.total - sequence.keys.count)
        var seen = KeySelection(groups: 1, queries: rows.count)
        for query in 0..<rows.count {
          let complete = min(own.rows, (sequence.before + query + 1) / rate)
          let found = chosen?[index][0, query] ?? Array(0..<complete)
          seen[0, query] = Array(span.kept(query, core)) + found.map { window.rows + $0 }
        }
        var all = span
        (all.keys, all.values, all.chosen) = (keys, keys, seen)
        attend(core, all, flow.pass.mask, into: y.rows(rows), path)
      }
      if let most = try heads.heads.reach.keptBetweenPasses(self) {
        sequence.keys.keepLast(most)
        sequence.values.keepLast(most)
      }
    }
    return y
  }

  /// The product of each group of elements with rows of a matrix: `[rows, output]`.
  func groupedProduct(
    _ x: Matrix, _ map: Linear, _ groups: Int, at path: String
  ) throws -> Matrix {
    let (inner, columns) = (try extent(map.input), try extent(map.output))
    let name = path.appending(map.name)
    weights.claim(path.appending(map.weightName), inner * columns)
    let y = scratch.matrix(x.rows, columns)
    scratch.scoped {
      let w = weights.matrix(
        path.appending(map.weightName), rows: columns, columns: inner,
        spread: (3 / Float(max(inner, 1))).squareRoot(), scratch)
      let part = columns / groups
      for group in 0..<groups {
        product(
          x.columns(group * inner..<(group + 1) * inner),
          w.rows(group * part..<(group + 1) * part),
          into: y.columns(group * part..<(group + 1) * part), name)
      }
    }
    return y
  }
}

/// How a window of tokens becomes an entry; it has only a literal form.
private struct CompressionCore {
  let rate: Int
  let width: Int
  let overlaps: Bool
  /// What is added to the weights of each place, `[rate, series]`.
  let places: UnsafeMutablePointer<Float>

  /// In every channel the mean of the values of a window, and of the first halves of the window
  /// before, with the softmax of their weights; `before` keeps those halves for the next window.
  func entry(
    _ window: Int, _ values: Matrix, _ gates: Matrix, _ before: RowBuffer,
    into entry: UnsafeMutablePointer<Float>
  ) {
    let (first, series) = (window * rate, overlaps ? 2 * width : width)
    var weights = [Float](repeating: 0, count: rate * series)
    for place in 0..<rate {
      for channel in 0..<series {
        let sum =
          Counted(gates[first + place, channel]) + Counted(places[place * series + channel])
        weights[place * series + channel] = sum.value
      }
    }
    let earlier = before.matrix
    let slots = overlaps ? 2 * rate : rate
    var (column, held) = ([Float](repeating: 0, count: slots), [Float](repeating: 0, count: slots))
    for channel in 0..<width {
      for place in 0..<rate {
        let own = slots - rate + place
        let number = series - width + channel
        column[own] = weights[place * series + number]
        held[own] = values[first + place, number]
        guard overlaps else { continue }
        // Before the first window there is nothing, which has no weight.
        column[place] = earlier.rows == 0 ? -.infinity : earlier[place, width + channel]
        held[place] = earlier.rows == 0 ? 0 : earlier[place, channel]
      }
      column.withUnsafeMutableBufferPointer { buffer in
        guard let start = buffer.baseAddress else { return }
        Counted.softmax(start, slots)
      }
      var sum = Counted.zero
      for slot in 0..<slots { sum = sum + Counted(held[slot]) * Counted(column[slot]) }
      entry[channel] = sum.value
    }
    guard overlaps else { return }
    var halves = [Float](repeating: 0, count: rate * 2 * width)
    for place in 0..<rate {
      for channel in 0..<width {
        halves[place * 2 * width + channel] = values[first + place, channel]
        halves[place * 2 * width + width + channel] = weights[place * series + channel]
      }
    }
    halves.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      before.append(Matrix(start, rows: rate, columns: 2 * width))
    }
    before.keepLast(rate)
  }
}
