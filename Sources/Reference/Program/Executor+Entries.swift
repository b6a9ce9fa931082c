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
        // An entry stands at the first position of its window, for which no table was made.
        let frequencies = try RotaryFrequencies(
          compression.angles, positions: entries.total + windows, self)
        let (cosines, sines) = (
          scratch.matrix(windows, rotated / 2), scratch.matrix(windows, rotated / 2)
        )
        for window in 0..<windows {
          let position = Float((entries.total + window) * core.rate)
          for pair in 0..<rotated / 2 {
            let angle = position * frequencies.each[pair]
            cosines[window, pair] = cosf(angle) * (frequencies.magnitude ?? 1)
            sines[window, pair] = sinf(angle) * (frequencies.magnitude ?? 1)
          }
        }
        rotate(
          made, heads: 1, width: core.width, offset: core.width - rotated, size: rotated,
          RotaryTable(cosines: cosines, sines: sines, first: 0), Array(0..<windows),
          "\(name).rotary", compression.angles.pairing)
        entries.append(made)
      }
      waiting.keepLast(waiting.count - windows * core.rate)
      gates.keepLast(gates.count - windows * core.rate)
      return kept
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

  /// The product of each group of numbers with rows of a matrix: `[rows, output]`.
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
