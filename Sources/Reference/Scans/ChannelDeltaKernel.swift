import Architecture
import Kernels

extension Executor {
  /// The delta rule with a decay for each channel, of every sequence: `[rows, heads · size]`.
  ///
  /// - Source: Moonshot AI 2025 (Kimi Linear), §3, <https://arxiv.org/abs/2510.26692>.
  func channelDelta(
    _ rule: Scan.ChannelDelta, _ values: [Matrix], _ flow: Flow, _ layer: LayerState,
    at path: String, _ name: String
  ) throws -> Matrix {
    let x = DeltaInputs(values)
    let (heads, size) = (try extent(rule.heads), try extent(rule.size))
    let kernel = ChannelDeltaKernel(chunk: try extent(rule.chunk))
    let logarithms = try vector(rule.rates, at: path)
    let biases = try vector(rule.biases, at: path)
    let epsilon = try float(rule.epsilon)
    let bound: Float? =
      switch rule.decay {
      case .softplus: nil
      case .bounded(let bound): try float(bound)
      }
    let y = scratch.matrix(x.values.rows, heads * size)
    // What the softplus, or what is inside the logistic function, is multiplied by.
    var rates: [Float] = []
    meter.literally(name) {
      rates = (0..<heads).map { head in
        let rate = Counted(logarithms[head]).exponential
        return (bound == nil ? Counted.zero - rate : rate).value
      }
    }
    for (index, sequence) in flow.sequences.enumerated() {
      let rows = flow.rows(of: index)
      for head in 0..<heads {
        scratch.scoped {
          let columns = head * size..<(head + 1) * size
          var entering = DeltaHead(
            queries: scratch.copy(x.queries.rows(rows).columns(columns)),
            keys: scratch.copy(x.keys.rows(rows).columns(columns)),
            values: x.values.rows(rows).columns(columns), strengths: [],
            decays: scratch.matrix(rows.count, size))
          meter.literally(name) {
            for row in rows {
              entering.strengths.append(Counted(x.strengths[row, head]).logistic.value)
              for (place, column) in columns.enumerated() {
                let biased = Counted(x.decays[row, column]) + Counted(biases[column])
                let decay =
                  bound.map { Counted($0) * (Counted(rates[head]) * biased).logistic }
                  ?? Counted(rates[head]) * biased.softplus
                entering.decays[row - rows.lowerBound, place] = decay.value
              }
            }
            entering.normalize(epsilon, dividesEach: true)
          }
          layer.carrying("\(name).\(head)", sequence, size, size) { memory in
            kernel.answer(
              entering, memory, isStep: isStep(flow), into: y.rows(rows).columns(columns), name,
              on: self)
          }
        }
      }
    }
    return y
  }
}

/// The delta rule in chunks, where every pair of positions has a decay of its own for each channel.
private struct ChannelDeltaKernel: DeltaKernel {
  let chunk: Int

  /// S ← e^g·S, row by row; δ = β·(v − S·k); S ← S + k·δ; y = S·q.
  func step(
    _ head: DeltaHead, _ memory: Matrix, into y: Matrix, _ name: String, on executor: Executor
  ) {
    executor.meter.literally(name) {
      for row in 0..<memory.rows {
        let decay = Counted(head.decays[0, row]).exponential
        for column in 0..<memory.columns {
          memory[row, column] = (Counted(memory[row, column]) * decay).value
        }
      }
      head.write(memory, into: y)
    }
  }

  func run(
    _ head: DeltaHead, _ memory: Matrix, into answer: Matrix, _ name: String,
    on executor: Executor
  ) {
    let (scratch, chunk, size) = (executor.scratch, chunk, memory.rows)
    let writtenValues = scratch.matrix(chunk, memory.columns)
    let writtenKeys = scratch.matrix(chunk, size)
    let sums = scratch.matrix(chunk, size)
    let inverse = scratch.matrix(chunk, chunk)
    let scores = scratch.matrix(chunk, chunk)
    executor.meter.literally(name) {
      for row in 0..<chunk {
        let strength = Counted(head.strengths[row])
        for place in 0..<memory.columns {
          writtenValues[row, place] = (Counted(head.values[row, place]) * strength).value
        }
        for place in 0..<size {
          writtenKeys[row, place] = (Counted(head.keys[row, place]) * strength).value
          let before = row > 0 ? Counted(sums[row - 1, place]) : Counted.zero
          sums[row, place] = (before + Counted(head.decays[row, place])).value
        }
      }
    }
    executor.meter.literally(name, rows: 0..<chunk) { row in
      for column in 0..<chunk {
        var (ofKeys, ofQueries) = (Counted.zero, Counted.zero)
        for place in 0..<size {
          let difference = Counted(sums[row, place]) - Counted(sums[column, place])
          let decay = Counted(row >= column ? difference.value : -.infinity).exponential
          let key = Counted(head.keys[column, place])
          ofKeys = ofKeys + Counted(writtenKeys[row, place]) * key * decay
          ofQueries = ofQueries + Counted(head.queries[row, place]) * key * decay
        }
        let negated = Counted.zero - ofKeys
        inverse[row, column] = row > column ? negated.value : 0
        scores[row, column] = ofQueries.value
      }
    }
    invert(inverse, name, on: executor)
    let decayedKeys = scratch.matrix(chunk, size)
    let lateKeys = scratch.matrix(chunk, size)
    let decayedQueries = scratch.matrix(chunk, size)
    executor.meter.literally(name) {
      for row in 0..<chunk {
        for place in 0..<size {
          let sum = Counted(sums[row, place])
          let late = (Counted(sums[chunk - 1, place]) - sum).exponential
          decayedKeys[row, place] = (Counted(writtenKeys[row, place]) * sum.exponential).value
          decayedQueries[row, place] = (Counted(head.queries[row, place]) * sum.exponential).value
          lateKeys[row, place] = (Counted(head.keys[row, place]) * late).value
        }
      }
    }
    let solvedValues = scratch.matrix(chunk, memory.columns)
    let solvedKeys = scratch.matrix(chunk, size)
    let predictions = scratch.matrix(chunk, memory.columns)
    let reads = scratch.matrix(chunk, memory.columns)
    let written = scratch.matrix(size, memory.columns)
    executor.product(inverse, writtenValues.transposed, into: solvedValues, "\(name).solved_values")
    executor.product(inverse, decayedKeys.transposed, into: solvedKeys, "\(name).solved_keys")
    executor.product(solvedKeys, memory.transposed, into: predictions, "\(name).predictions")
    executor.product(decayedQueries, memory.transposed, into: reads, "\(name).reads")
    executor.subtract(predictions, from: solvedValues, into: predictions, name)
    executor.product(scores, predictions.transposed, into: answer, "\(name).values")
    executor.product(
      lateKeys.transposed, predictions.transposed, into: written, "\(name).writes")
    executor.add(reads, to: answer, name)
    executor.meter.literally(name) {
      for row in 0..<size {
        let total = Counted(sums[chunk - 1, row]).exponential
        for place in 0..<memory.columns {
          let kept = Counted(memory[row, place]) * total
          memory[row, place] = (kept + Counted(written[row, place])).value
        }
      }
    }
  }

  /// The inverse of one less a matrix below the diagonal, in its place: row by row.
  private func invert(_ matrix: Matrix, _ name: String, on executor: Executor) {
    let chunk = chunk
    executor.meter.literally(name) {
      for row in 1..<max(1, chunk) {
        // The row as it was, while its elements change.
        let own = (0..<row).map { Counted(matrix[row, $0]) }
        for column in 0..<row {
          var sum = Counted.zero
          for above in 0..<row { sum = sum + own[above] * Counted(matrix[above, column]) }
          matrix[row, column] = (own[column] + sum).value
        }
      }
      for row in 0..<chunk {
        for column in 0..<chunk {
          let one = Counted(row == column ? 1 : 0)
          matrix[row, column] = (Counted(matrix[row, column]) + one).value
        }
      }
    }
  }
}
