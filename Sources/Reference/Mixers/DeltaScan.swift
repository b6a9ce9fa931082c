import Architecture
import Kernels

/// The gated delta rule, in chunks by the UT transform.
///
/// - Source: Yang et al. 2024, §3.3, <https://arxiv.org/abs/2412.06464>.
struct DeltaScan {
  let heads: Int
  let keySize: Int
  let valueSize: Int
  let chunk: Int

  /// What enters the rule for one head of one sequence: rows of tokens.
  private struct Inputs {
    var queries: Matrix
    var keys: Matrix
    var values: Matrix
    /// The strength of the writing, and the logarithm of the decay.
    var strengths: [Float]
    var decays: [Float]
  }

  func run(
    _ mixer: Mixer, _ x: Matrix, _ flow: Flow, _ layer: LayerState, at path: String,
    on executor: Executor
  ) throws -> Matrix {
    let scratch = executor.scratch
    let channels = try executor.extent(mixer.convolutions[0].channels)
    let valueWidth = heads * valueSize
    let keyWidth = (channels - valueWidth) / 2
    var projected = try mixer.linears.dropLast().map {
      try executor.linear(x, $0, at: path)
    }
    // Fused maps hold queries, keys and values beside the gate, and strengths beside decays.
    let isFused = projected.count == 2
    if mixer.isHeadByHead {
      let (keyHeads, shared) = (keyWidth / keySize, heads / max(keyWidth / keySize, 1))
      let values = shared * valueSize
      projected = zip(projected, [[keySize, keySize, values, values], [shared, shared]]).map {
        sideBySide($0, heads: keyHeads, $1, on: executor)
      }
    }
    let mixed = isFused ? projected[0].columns(0..<channels) : projected[0]
    let z = isFused ? projected[0].columns(channels..<channels + valueWidth) : projected[1]
    let strengths = isFused ? projected[1].columns(0..<heads) : projected[2]
    let steps = isFused ? projected[1].columns(heads..<2 * heads) : projected[3]
    let convolved = try mixer.convolve(
      mixed, mixer.convolutions[0], flow, layer, at: path, on: executor)
    let name = path.appending("scan")
    let rates = try mixer.vector("A_log", at: path, on: executor)
    let biases = try mixer.vector("dt_bias", at: path, on: executor)
    let y = scratch.matrix(x.rows, valueWidth)
    let keyHeads = keyWidth / keySize
    let (heads, keySize) = (heads, keySize)
    var decayRates: [Float] = []
    executor.meter.literally(name) {
      decayRates = (0..<heads).map { (Counted.zero - Counted(rates[$0]).exponential).value }
    }
    for (index, sequence) in flow.sequences.enumerated() {
      let rows = flow.rows(of: index)
      for head in 0..<heads {
        scratch.scoped {
          let shared = head / (heads / keyHeads)
          let own = convolved.rows(rows)
          let first = shared * keySize
          var entering = Inputs(
            queries: scratch.copy(own.columns(first..<first + keySize)),
            keys: scratch.copy(own.columns(keyWidth + first..<keyWidth + first + keySize)),
            values: own.columns(
              2 * keyWidth + head * valueSize..<2 * keyWidth + (head + 1) * valueSize),
            strengths: [], decays: [])
          let scale = 1 / Float(keySize).squareRoot()
          executor.meter.literally(name) {
            for row in rows {
              let step = (Counted(steps[row, head]) + Counted(biases[head])).softplus
              entering.decays.append((Counted(decayRates[head]) * step).value)
              entering.strengths.append(Counted(strengths[row, head]).logistic.value)
            }
            for vectors in [entering.queries, entering.keys] {
              for row in 0..<vectors.rows { Self.shorten(vectors.row(row), keySize) }
            }
            for row in 0..<entering.queries.rows {
              for place in 0..<keySize {
                entering.queries[row, place] =
                  (Counted(entering.queries[row, place]) * Counted(scale)).value
              }
            }
          }
          let key = "\(name).\(head)"
          var carried = layer.carried(key, sequence, count: keySize * valueSize)
          let answer = y.rows(rows).columns(head * valueSize..<(head + 1) * valueSize)
          if executor.isStep(flow) {
            step(entering, &carried, into: answer, name, on: executor)
          } else {
            chunks(entering, &carried, into: answer, name, on: executor)
          }
          layer.carry(carried, key, sequence)
        }
      }
    }
    if let norm = mixer.norms.first { try executor.normalize(y, norm, at: path) }
    try mixer.finish(y, gatedBy: z, at: path, on: executor)
    return try executor.linear(y, mixer.linears[mixer.linears.count - 1], at: path)
  }

  /// Rows that hold pieces of so many numbers head by head, with all of one piece before the next.
  private func sideBySide(
    _ x: Matrix, heads: Int, _ widths: [Int], on executor: Executor
  ) -> Matrix {
    let y = executor.scratch.matrix(x.rows, x.columns)
    let whole = widths.reduce(0, +)
    for row in 0..<x.rows {
      var (before, place) = (0, y.row(row))
      for width in widths {
        for head in 0..<heads {
          place.update(from: x.row(row) + head * whole + before, count: width)
          place += width
        }
        before += width
      }
    }
    return y
  }

  /// A vector over its length.
  @inline(__always)
  private static func shorten(_ vector: UnsafeMutablePointer<Float>, _ count: Int) {
    var squares = Counted.zero
    for place in 0..<count { squares = squares + Counted(vector[place]) * Counted(vector[place]) }
    let inverse = Counted(1) / (squares + Counted(Constants.epsilon)).squareRoot
    for place in 0..<count { vector[place] = (Counted(vector[place]) * inverse).value }
  }

  /// One token: S ← e^g·S; δ = β·(v − S·k); S ← S + k·δ; y = S·q.
  private func step(
    _ entering: Inputs, _ carried: inout [Float], into y: Matrix, _ name: String,
    on executor: Executor
  ) {
    let (keySize, valueSize) = (keySize, valueSize)
    carried.withUnsafeMutableBufferPointer { s in
      executor.meter.literally(name) {
        let decay = Counted(entering.decays[0]).exponential
        for place in 0..<keySize * valueSize { s[place] = (decay * Counted(s[place])).value }
        for column in 0..<valueSize {
          var predicted = Counted.zero
          for row in 0..<keySize {
            let term = Counted(s[row * valueSize + column]) * Counted(entering.keys[0, row])
            predicted = predicted + term
          }
          let difference = Counted(entering.values[0, column]) - predicted
          let written = Counted(entering.strengths[0]) * difference
          var sum = Counted.zero
          for row in 0..<keySize {
            let place = row * valueSize + column
            let next = Counted(s[place]) + Counted(entering.keys[0, row]) * written
            s[place] = next.value
            sum = sum + next * Counted(entering.queries[0, row])
          }
          y[0, column] = sum.value
        }
      }
    }
  }

  private func chunks(
    _ entering: Inputs, _ carried: inout [Float], into y: Matrix, _ name: String,
    on executor: Executor
  ) {
    let scratch = executor.scratch
    let padded = (y.rows + chunk - 1) / chunk * chunk
    let rest = [Float](repeating: 0, count: padded - y.rows)
    func part(_ matrix: Matrix) -> Matrix {
      let copy = scratch.zeros(padded, matrix.columns)
      matrix.copy(into: copy.rows(0..<matrix.rows))
      return copy
    }
    let (queries, keys) = (part(entering.queries), part(entering.keys))
    let values = part(entering.values)
    let (strengths, decays) = (entering.strengths + rest, entering.decays + rest)
    let answer = scratch.matrix(padded, valueSize)
    carried.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      let memory = Matrix(start, rows: keySize, columns: valueSize)
      for first in stride(from: 0, to: padded, by: chunk) {
        let rows = first..<first + chunk
        let part = Inputs(
          queries: queries.rows(rows), keys: keys.rows(rows), values: values.rows(rows),
          strengths: Array(strengths[rows]), decays: Array(decays[rows]))
        scratch.scoped {
          run(part, memory, into: answer.rows(rows), name, on: executor)
        }
      }
    }
    answer.rows(0..<y.rows).copy(into: y)
  }

  /// One chunk: its answer, and the memory after it.
  private func run(
    _ entering: Inputs, _ memory: Matrix, into answer: Matrix, _ name: String,
    on executor: Executor
  ) {
    let (scratch, chunk) = (executor.scratch, chunk)
    let (keySize, valueSize) = (keySize, valueSize)
    let writtenValues = scratch.matrix(chunk, valueSize)
    let writtenKeys = scratch.matrix(chunk, keySize)
    let decayedKeys = scratch.matrix(chunk, keySize)
    let lateKeys = scratch.matrix(chunk, keySize)
    let decayedQueries = scratch.matrix(chunk, keySize)
    let masks = scratch.matrix(chunk, chunk)
    let system = scratch.matrix(chunk, chunk)
    let scores = scratch.matrix(chunk, chunk)
    var total: Float = 0
    executor.meter.literally(name) {
      var sums: [Counted] = []
      var sum = Counted.zero
      for row in 0..<chunk {
        sum = sum + Counted(entering.decays[row])
        sums.append(sum)
      }
      let last = sums[chunk - 1]
      total = last.exponential.value
      for row in 0..<chunk {
        let strength = Counted(entering.strengths[row])
        let early = sums[row].exponential
        let late = (last - sums[row]).exponential
        for place in 0..<valueSize {
          writtenValues[row, place] = (Counted(entering.values[row, place]) * strength).value
        }
        for place in 0..<keySize {
          let key = Counted(entering.keys[row, place])
          let written = key * strength
          writtenKeys[row, place] = written.value
          decayedKeys[row, place] = (written * early).value
          lateKeys[row, place] = (key * late).value
          decayedQueries[row, place] = (Counted(entering.queries[row, place]) * early).value
        }
        for column in 0..<chunk {
          let difference = sums[row] - sums[column]
          let hidden: Float = row >= column ? difference.value : -.infinity
          masks[row, column] = Counted(hidden).exponential.value
        }
      }
    }
    executor.product(writtenKeys, entering.keys, into: system, "\(name).keys")
    executor.product(entering.queries, entering.keys, into: scores, "\(name).scores")
    executor.meter.literally(name) {
      for row in 0..<chunk {
        for column in 0..<chunk {
          let mask = Counted(masks[row, column])
          system[row, column] = (Counted(system[row, column]) * mask).value
          scores[row, column] = (Counted(scores[row, column]) * mask).value
        }
      }
      // (I + A)·u = βv and (I + A)·w = βk·e^g, where A is below the diagonal.
      for solved in [writtenValues, decayedKeys] {
        for row in 0..<chunk {
          for above in 0..<row {
            let factor = Counted(system[row, above])
            for place in 0..<solved.columns {
              solved[row, place] =
                (Counted(solved[row, place]) - factor * Counted(solved[above, place])).value
            }
          }
        }
      }
    }
    let predictions = scratch.matrix(chunk, valueSize)
    let reads = scratch.matrix(chunk, valueSize)
    let written = scratch.matrix(keySize, valueSize)
    executor.product(decayedKeys, memory.transposed, into: predictions, "\(name).predictions")
    executor.product(decayedQueries, memory.transposed, into: reads, "\(name).reads")
    executor.meter.literally(name) {
      for row in 0..<chunk {
        for place in 0..<valueSize {
          predictions[row, place] =
            (Counted(writtenValues[row, place]) - Counted(predictions[row, place])).value
        }
      }
    }
    executor.product(scores, predictions.transposed, into: answer, "\(name).values")
    executor.product(
      lateKeys.transposed, predictions.transposed, into: written, "\(name).writes")
    executor.meter.literally(name) {
      for row in 0..<chunk {
        for place in 0..<valueSize {
          answer[row, place] = (Counted(answer[row, place]) + Counted(reads[row, place])).value
        }
      }
      for row in 0..<keySize {
        for place in 0..<valueSize {
          let kept = Counted(memory[row, place]) * Counted(total)
          memory[row, place] = (kept + Counted(written[row, place])).value
        }
      }
    }
  }
}
