import Architecture
import Kernels

/// One head of one sequence, with tokens as rows.
private struct MemoryHead {
  let queries: Matrix
  let keys: Matrix
  let values: Matrix
  /// What the gates say before their functions.
  let inputs: [Float]
  let forgets: [Float]

  func rows(_ rows: Range<Int>) -> MemoryHead {
    MemoryHead(
      queries: queries.rows(rows), keys: keys.rows(rows), values: values.rows(rows),
      inputs: Array(inputs[rows]), forgets: Array(forgets[rows]))
  }
}

/// What a head carries on: a matrix `[keySize, valueSize]`, a sum of keys, and the exponent under
/// which both stand.
private struct HeadMemory {
  let matrix: Matrix
  let keys: UnsafeMutablePointer<Float>
  let exponent: UnsafeMutablePointer<Float>
}

extension Executor {
  /// A matrix memory of every sequence, in whole chunks and then token by token: `[rows, heads ·
  /// valueSize]`.
  ///
  /// - Source: Beck et al. 2024 (xLSTM), §2.3, <https://arxiv.org/abs/2405.04517>.
  func matrixMemory(
    _ memory: Scan.MatrixMemory, _ operands: [Matrix], _ flow: Flow, _ layer: LayerState,
    at path: String, _ name: String
  ) throws -> Matrix {
    let (queries, keys, values) = (operands[0], operands[1], operands[2])
    let (inputs, forgets) = (operands[3], operands[4])
    let heads = try extent(memory.heads)
    let (keySize, valueSize) = (try extent(memory.keySize), try extent(memory.valueSize))
    let (chunk, longest) = (try extent(memory.chunk), try extent(memory.longest))
    let kernel = MatrixMemoryKernel(
      scale: 1 / Float(keySize).squareRoot(), epsilon: try float(memory.epsilon))
    let y = scratch.matrix(queries.rows, heads * valueSize)
    let runs = Self.runs(of: flow.tokens, chunk: chunk, longest: longest)
    for (index, sequence) in flow.sequences.enumerated() {
      let rows = flow.rows(of: index)
      for number in 0..<heads {
        let wide = number * valueSize..<(number + 1) * valueSize
        let narrow = number * keySize..<(number + 1) * keySize
        let head = MemoryHead(
          queries: queries.rows(rows).columns(narrow), keys: keys.rows(rows).columns(narrow),
          values: values.rows(rows).columns(wide), inputs: rows.map { inputs[$0, number] },
          forgets: rows.map { forgets[$0, number] })
        let answer = y.rows(rows).columns(wide)
        let count = keySize * valueSize + keySize + 1
        layer.carrying("\(name).\(number)", sequence, 1, count) { numbers in
          let start = numbers.start
          let state = HeadMemory(
            matrix: Matrix(start, rows: keySize, columns: valueSize),
            keys: start + keySize * valueSize, exponent: start + count - 1)
          for run in runs {
            let (part, rows) = (head.rows(run.rows), answer.rows(run.rows))
            scratch.scoped {
              if run.isChunk {
                kernel.chunk(part, state, into: rows, name, on: self)
              } else {
                kernel.step(part, state, into: rows, name, on: self)
              }
            }
          }
        }
      }
    }
    return y
  }

  /// Whole chunks of the pieces of a prompt, and the tokens behind them one by one.
  private static func runs(
    of tokens: Int, chunk: Int, longest: Int
  ) -> [(rows: Range<Int>, isChunk: Bool)] {
    var runs: [(rows: Range<Int>, isChunk: Bool)] = []
    for first in stride(from: 0, to: tokens, by: max(1, longest)) {
      let end = min(first + max(1, longest), tokens)
      var place = first
      while place < end {
        // A token that comes alone is no chunk.
        let isChunk = tokens > 1 && place + chunk <= end
        let next = isChunk ? place + chunk : place + 1
        runs.append((place..<next, isChunk))
        place = next
      }
    }
    return runs
  }
}

private struct MatrixMemoryKernel {
  let scale: Float
  let epsilon: Float

  /// `0 − ln(1 + e^(0−f))`.
  @inline(__always)
  private func logarithmOfSigmoid(_ x: Float) -> Counted {
    Counted.zero - (Counted.zero - Counted(x)).softplus
  }

  @inline(__always)
  private func greater(_ one: Counted, _ other: Counted) -> Counted { other > one ? other : one }

  /// `max(|d|, e^(0−m)) + ε`.
  @inline(__always)
  private func denominator(_ d: Counted, _ exponent: Counted) -> Counted {
    let negated = Counted.zero - d
    let size = greater(d, negated)
    return greater(size, (Counted.zero - exponent).exponential) + Counted(epsilon)
  }

  func step(
    _ head: MemoryHead, _ state: HeadMemory, into y: Matrix, _ name: String,
    on executor: Executor
  ) {
    let (keySize, valueSize) = (state.matrix.rows, state.matrix.columns)
    let scratch = executor.scratch
    let written = scratch.matrix(keySize, valueSize)
    let query = scratch.matrix(1, keySize)
    let reading = scratch.matrix(1, 1)
    executor.product(
      head.keys.transposed, head.values.transposed, into: written, "\(name).writes")
    executor.meter.literally(name) {
      let kept = logarithmOfSigmoid(head.forgets[0]) + Counted(state.exponent[0])
      let exponent = greater(kept, Counted(head.inputs[0]))
      let (old, new) = (
        (kept - exponent).exponential, (Counted(head.inputs[0]) - exponent).exponential
      )
      for row in 0..<keySize {
        for column in 0..<valueSize {
          let sum =
            old * Counted(state.matrix[row, column]) + new * Counted(written[row, column])
          state.matrix[row, column] = sum.value
        }
        let key = old * Counted(state.keys[row]) + new * Counted(head.keys[0, row])
        state.keys[row] = key.value
        query[0, row] = (Counted(head.queries[0, row]) * Counted(scale)).value
      }
      state.exponent[0] = exponent.value
    }
    executor.product(query, state.matrix.transposed, into: y, "\(name).reads")
    executor.product(
      query, Matrix(state.keys, rows: 1, columns: keySize), into: reading, "\(name).normalizers")
    executor.meter.literally(name) {
      let whole = denominator(Counted(reading[0, 0]), Counted(state.exponent[0]))
      for column in 0..<valueSize { y[0, column] = (Counted(y[0, column]) / whole).value }
    }
  }

  func chunk(
    _ head: MemoryHead, _ state: HeadMemory, into y: Matrix, _ name: String,
    on executor: Executor
  ) {
    let (keySize, valueSize) = (state.matrix.rows, state.matrix.columns)
    let (scratch, count) = (executor.scratch, head.keys.rows)
    var sums: [Counted] = []
    executor.meter.literally(name) {
      var sum = Counted.zero
      for row in 0..<count {
        sum = sum + logarithmOfSigmoid(head.forgets[row])
        sums.append(sum)
      }
    }
    read(head, state, sums, into: y, name, on: executor)
    // The state behind the chunk.
    let gated = scratch.matrix(count, keySize)
    let written = scratch.matrix(keySize, valueSize)
    var fading = Counted.zero
    executor.meter.literally(name) {
      let last = sums[count - 1]
      var ends: [Counted] = []
      var greatest = Counted(-.infinity)
      for row in 0..<count {
        let end = last - sums[row] + Counted(head.inputs[row])
        greatest = greater(greatest, end)
        ends.append(end)
      }
      let kept = last + Counted(state.exponent[0])
      let exponent = greater(kept, greatest)
      fading = (kept - exponent).exponential
      for row in 0..<count {
        let gate = (ends[row] - exponent).exponential
        for place in 0..<keySize {
          gated[row, place] = (Counted(head.keys[row, place]) * gate).value
        }
      }
      state.exponent[0] = exponent.value
    }
    executor.product(
      gated.transposed, head.values.transposed, into: written, "\(name).chunk_writes")
    executor.meter.literally(name) {
      for row in 0..<keySize {
        for column in 0..<valueSize {
          let kept = fading * Counted(state.matrix[row, column])
          state.matrix[row, column] = (kept + Counted(written[row, column])).value
        }
        var added = Counted.zero
        for token in 0..<count { added = added + Counted(gated[token, row]) }
        state.keys[row] = (fading * Counted(state.keys[row]) + added).value
      }
    }
  }

  /// What the queries of a chunk read from the memory before it and from the chunk.
  private func read(
    _ head: MemoryHead, _ state: HeadMemory, _ sums: [Counted], into y: Matrix, _ name: String,
    on executor: Executor
  ) {
    let (keySize, valueSize) = (state.matrix.rows, state.matrix.columns)
    let (scratch, count) = (executor.scratch, head.keys.rows)
    let scores = scratch.matrix(count, count)
    let queries = scratch.matrix(count, keySize)
    let readings = scratch.matrix(count, 1)
    let within = scratch.matrix(count, valueSize)
    var denominators: [Counted] = []
    var exponents: [Counted] = []
    executor.product(head.queries, head.keys, into: scores, "\(name).chunk_scores")
    executor.meter.literally(name) {
      for row in 0..<count {
        var pairs: [Counted] = []
        var greatest = Counted(-.infinity)
        for column in 0..<count {
          let difference = sums[row] - sums[column]
          let hidden = Counted(row >= column ? difference.value : -.infinity)
          let pair = hidden + Counted(head.inputs[column])
          greatest = greater(greatest, pair)
          pairs.append(pair)
        }
        let before = sums[row] + Counted(state.exponent[0])
        let exponent = greater(before, greatest)
        var sum = Counted.zero
        for column in 0..<count {
          let weight = (pairs[column] - exponent).exponential
          let score = Counted(scores[row, column]) * Counted(scale) * weight
          scores[row, column] = score.value
          sum = sum + score
        }
        let gate = (before - exponent).exponential
        for place in 0..<keySize {
          let gated = Counted(head.queries[row, place]) * gate * Counted(scale)
          queries[row, place] = gated.value
        }
        exponents.append(exponent)
        denominators.append(sum)
      }
    }
    executor.product(queries, state.matrix.transposed, into: y, "\(name).chunk_reads")
    executor.product(scores, head.values.transposed, into: within, "\(name).chunk_values")
    executor.product(
      queries, Matrix(state.keys, rows: 1, columns: keySize), into: readings,
      "\(name).chunk_normalizers")
    executor.meter.literally(name) {
      for row in 0..<count {
        let sum = Counted(readings[row, 0]) + denominators[row]
        let whole = denominator(sum, exponents[row])
        for column in 0..<valueSize {
          let both = Counted(y[row, column]) + Counted(within[row, column])
          y[row, column] = (both / whole).value
        }
      }
    }
  }
}
