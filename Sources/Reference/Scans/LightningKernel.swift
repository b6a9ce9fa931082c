import Architecture
import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Executor {
  /// Linear attention with a fixed decay for each head, of every sequence: `[rows, heads · size]`.
  ///
  /// - Source: MiniMax 2025, §2.2, <https://arxiv.org/abs/2501.08313>.
  func lightning(
    _ attention: Scan.Lightning, _ operands: [Matrix], _ flow: Flow, _ layer: LayerState,
    at path: String, _ name: String
  ) throws -> Matrix {
    let (queries, keys, values) = (operands[0], operands[1], operands[2])
    let (heads, size) = (try extent(attention.heads), try extent(attention.size))
    let block = try extent(attention.block)
    // The tables follow from the slopes; they are stored with a model, and not trained.
    for weight in attention.tables {
      weights.claim(path.appending(weight.name), try extent(weight.count), isBuffer: true)
    }
    let scale = try float(attention.slopeScale)
    let slopes = (1...heads).map { powf(2, -8 * Float($0) / Float(heads)) * scale }
    let y = scratch.matrix(queries.rows, heads * size)
    // Each block's decay follows from its length, and is made once for all sequences.
    let starts = past > 0 ? [0] : Array(stride(from: 0, to: flow.tokens, by: block))
    var totals: [[Float]] = []
    meter.literally(name) {
      for first in starts {
        let length = past > 0 ? 1 : min(block, flow.tokens - first)
        totals.append(
          slopes.map { (Counted.zero - Counted($0 * Float(length))).exponential.value })
      }
    }
    for (index, sequence) in flow.sequences.enumerated() {
      let own = flow.rows(of: index)
      for head in 0..<heads {
        let columns = head * size..<(head + 1) * size
        let kernel = LightningKernel(
          queries: queries.rows(own).columns(columns), keys: keys.rows(own).columns(columns),
          values: values.rows(own).columns(columns))
        let answer = y.rows(own).columns(columns)
        layer.carrying("\(name).\(head)", sequence, size, size) { memory in
          if past > 0 {
            for row in 0..<flow.tokens {
              scratch.scoped {
                kernel.step(
                  row, memory, totals[0][head], into: answer.rows(row..<row + 1), name, on: self)
              }
            }
          } else {
            for (number, first) in starts.enumerated() {
              let rows = first..<min(first + block, flow.tokens)
              scratch.scoped {
                kernel.run(
                  rows, memory, slopes[head], totals[number][head], into: answer.rows(rows), name,
                  on: self)
              }
            }
          }
        }
      }
    }
    return y
  }
}

/// One head of one sequence, with tokens as rows.
private struct LightningKernel {
  let queries: Matrix
  let keys: Matrix
  let values: Matrix

  /// One token: the memory fades, takes k·v, and answers q.
  func step(
    _ row: Int, _ memory: Matrix, _ decay: Float, into y: Matrix, _ name: String,
    on executor: Executor
  ) {
    let one = row..<row + 1
    let written = executor.scratch.matrix(memory.rows, memory.columns)
    executor.product(
      keys.rows(one).transposed, values.rows(one).transposed, into: written, "\(name).writes")
    fade(memory, decay, written, name, on: executor)
    executor.product(queries.rows(one), memory.transposed, into: y, "\(name).reads")
  }

  /// A block of tokens: attention within it, and what it reads from the memory before it.
  func run(
    _ rows: Range<Int>, _ memory: Matrix, _ slope: Float, _ total: Float, into y: Matrix,
    _ name: String, on executor: Executor
  ) {
    let (queries, keys, values) = (queries.rows(rows), keys.rows(rows), values.rows(rows))
    let (scratch, count, size) = (executor.scratch, rows.count, memory.rows)
    let scores = scratch.matrix(count, count)
    let early = scratch.matrix(count, size)
    let late = scratch.matrix(count, size)
    let read = scratch.matrix(count, size)
    let written = scratch.matrix(size, size)
    executor.product(queries, keys, into: scores, "\(name).scores")
    executor.meter.literally(name) {
      for row in 0..<count {
        for column in 0..<count {
          let decay: Float = row >= column ? expf(-slope * Float(row - column)) : 0
          scores[row, column] = (Counted(scores[row, column]) * Counted(decay)).value
        }
        let (first, last) = (
          Counted(expf(-slope * Float(row + 1))), Counted(expf(-slope * Float(count - row - 1)))
        )
        for place in 0..<size {
          early[row, place] = (Counted(queries[row, place]) * first).value
          late[row, place] = (Counted(keys[row, place]) * last).value
        }
      }
    }
    executor.product(scores, values.transposed, into: y, "\(name).values")
    executor.product(early, memory.transposed, into: read, "\(name).reads")
    executor.add(read, to: y, name)
    executor.product(late.transposed, values.transposed, into: written, "\(name).writes")
    fade(memory, total, written, name, on: executor)
  }

  private func fade(
    _ memory: Matrix, _ decay: Float, _ written: Matrix, _ name: String, on executor: Executor
  ) {
    executor.meter.literally(name) {
      for row in 0..<memory.rows {
        for column in 0..<memory.columns {
          let kept = Counted(memory[row, column]) * Counted(decay)
          memory[row, column] = (kept + Counted(written[row, column])).value
        }
      }
    }
  }
}
