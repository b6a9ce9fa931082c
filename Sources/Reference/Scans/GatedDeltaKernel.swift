import Architecture
import Kernels

extension Executor {
  /// The gated delta rule of every sequence: `[rows, heads · valueSize]`.
  ///
  /// - Source: Yang et al. 2024, §3.3, <https://arxiv.org/abs/2412.06464>.
  func gatedDelta(
    _ rule: Scan.GatedDelta, _ values: [Matrix], _ flow: Flow, _ layer: LayerState,
    at path: String, _ name: String
  ) throws -> Matrix {
    let x = DeltaInputs(values)
    let (heads, keyHeads) = (try extent(rule.heads), try extent(rule.keyHeads))
    let (keySize, valueSize) = (try extent(rule.keySize), try extent(rule.valueSize))
    let kernel = GatedDeltaKernel(chunk: try extent(rule.chunk))
    let rates = try vector(rule.rates, at: path)
    let biases = try vector(rule.biases, at: path)
    let epsilon = try float(rule.epsilon)
    let y = scratch.matrix(x.values.rows, heads * valueSize)
    var decayRates: [Float] = []
    meter.literally(name) {
      decayRates = (0..<heads).map { (Counted.zero - Counted(rates[$0]).exponential).value }
    }
    for (index, sequence) in flow.sequences.enumerated() {
      let rows = flow.rows(of: index)
      for head in 0..<heads {
        scratch.scoped {
          let shared = head / (heads / keyHeads)
          let keys = shared * keySize..<(shared + 1) * keySize
          let values = head * valueSize..<(head + 1) * valueSize
          var entering = DeltaHead(
            queries: scratch.copy(x.queries.rows(rows).columns(keys)),
            keys: scratch.copy(x.keys.rows(rows).columns(keys)),
            values: x.values.rows(rows).columns(values), strengths: [],
            decays: scratch.matrix(rows.count, 1))
          meter.literally(name) {
            for row in rows {
              let step = (Counted(x.decays[row, head]) + Counted(biases[head])).softplus
              entering.decays[row - rows.lowerBound, 0] =
                (Counted(decayRates[head]) * step).value
              var strength = Counted(x.strengths[row, head]).logistic
              if rule.writesTwice { strength = strength * Counted(2) }
              entering.strengths.append(strength.value)
            }
            entering.normalize(epsilon, dividesEach: false)
          }
          layer.carrying("\(name).\(head)", sequence, keySize, valueSize) { memory in
            kernel.answer(
              entering, memory, isStep: isStep(flow), into: y.rows(rows).columns(values), name,
              on: self)
          }
        }
      }
    }
    return y
  }
}

/// The gated delta rule in chunks, by the UT transform, with one decay for each token.
private struct GatedDeltaKernel: DeltaKernel {
  let chunk: Int

  /// S ← e^g·S; δ = β·(v − S·k); S ← S + k·δ; y = S·q.
  func step(
    _ head: DeltaHead, _ memory: Matrix, into y: Matrix, _ name: String, on executor: Executor
  ) {
    let (keySize, valueSize) = (memory.rows, memory.columns)
    executor.meter.literally(name) {
      let decay = Counted(head.decays[0, 0]).exponential
      for row in 0..<keySize {
        for column in 0..<valueSize {
          memory[row, column] = (decay * Counted(memory[row, column])).value
        }
      }
      head.write(memory, into: y)
    }
  }

  func run(
    _ head: DeltaHead, _ memory: Matrix, into answer: Matrix, _ name: String,
    on executor: Executor
  ) {
    let (scratch, chunk) = (executor.scratch, chunk)
    let (keySize, valueSize) = (memory.rows, memory.columns)
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
        sum = sum + Counted(head.decays[row, 0])
        sums.append(sum)
      }
      let last = sums[chunk - 1]
      total = last.exponential.value
      for row in 0..<chunk {
        let strength = Counted(head.strengths[row])
        let early = sums[row].exponential
        let late = (last - sums[row]).exponential
        for place in 0..<valueSize {
          writtenValues[row, place] = (Counted(head.values[row, place]) * strength).value
        }
        for place in 0..<keySize {
          let key = Counted(head.keys[row, place])
          let written = key * strength
          writtenKeys[row, place] = written.value
          decayedKeys[row, place] = (written * early).value
          lateKeys[row, place] = (key * late).value
          decayedQueries[row, place] = (Counted(head.queries[row, place]) * early).value
        }
        for column in 0..<chunk {
          let difference = sums[row] - sums[column]
          let hidden: Float = row >= column ? difference.value : -.infinity
          masks[row, column] = Counted(hidden).exponential.value
        }
      }
    }
    executor.product(writtenKeys, head.keys, into: system, "\(name).keys")
    executor.product(head.queries, head.keys, into: scores, "\(name).scores")
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
    executor.subtract(predictions, from: writtenValues, into: predictions, name)
    executor.product(scores, predictions.transposed, into: answer, "\(name).values")
    executor.product(
      lateKeys.transposed, predictions.transposed, into: written, "\(name).writes")
    executor.add(reads, to: answer, name)
    executor.meter.literally(name) {
      for row in 0..<keySize {
        for place in 0..<valueSize {
          let kept = Counted(memory[row, place]) * Counted(total)
          memory[row, place] = (kept + Counted(written[row, place])).value
        }
      }
    }
  }
}

extension DeltaHead {
  /// One token, whose decay the memory has had: δ = β·(v − S·k); S ← S + k·δ; y = S·q.
  func write(_ memory: Matrix, into y: Matrix) {
    for column in 0..<memory.columns {
      var predicted = Counted.zero
      for row in 0..<memory.rows {
        predicted = predicted + Counted(memory[row, column]) * Counted(keys[0, row])
      }
      let difference = Counted(values[0, column]) - predicted
      let written = Counted(strengths[0]) * difference
      var sum = Counted.zero
      for row in 0..<memory.rows {
        let next = Counted(memory[row, column]) + Counted(keys[0, row]) * written
        memory[row, column] = next.value
        sum = sum + next * Counted(queries[0, row])
      }
      y[0, column] = sum.value
    }
  }
}

extension Executor {
  /// `y ← x − z`, for elements of a state; it has a literal form only.
  func subtract(_ z: Matrix, from x: Matrix, into y: Matrix, _ name: String) {
    meter.literally(name, rows: 0..<y.rows) { row in
      for column in 0..<y.columns {
        y[row, column] = (Counted(x[row, column]) - Counted(z[row, column])).value
      }
    }
  }
}

extension LayerState {
  /// Changes the state `[rows, columns]` that is carried under a name.
  func carrying(
    _ name: String, _ sequence: Int, _ rows: Int, _ columns: Int, _ body: (Matrix) -> Void
  ) {
    var numbers = carried(name, sequence, count: rows * columns)
    numbers.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      body(Matrix(start, rows: rows, columns: columns))
    }
    carry(numbers, name, sequence)
  }
}
