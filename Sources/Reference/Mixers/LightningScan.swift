import Architecture
import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Linear attention with a fixed decay for each head, in blocks.
///
/// - Source: MiniMax 2025, §2.2, <https://arxiv.org/abs/2501.08313>.
struct LightningScan {
  let heads: Int
  let size: Int
  let block: Int

  func run(
    _ mixer: Mixer, _ x: Matrix, _ flow: Flow, _ layer: LayerState, at path: String,
    on executor: Executor
  ) throws -> Matrix {
    let scratch = executor.scratch
    let width = heads * size
    let name = path.appending("scan")
    let projected = try executor.linear(x, mixer.linears[0], at: path)
    executor.activate(projected, .silu, times: nil, name)
    // The tables follow from the heads; they are stored with a model, and not trained.
    for weight in mixer.vectors {
      executor.weights.claim(
        path.appending(weight.name), try executor.extent(weight.count), isBuffer: true)
    }
    let slopes = (1...heads).map { powf(2, -8 * Float($0) / Float(heads)) }
    let y = scratch.matrix(x.rows, width)
    // Each block's decay follows from its length, and is made once for all sequences.
    let starts =
      executor.past > 0 ? [0] : Array(stride(from: 0, to: flow.tokens, by: block))
    var totals: [[Float]] = []
    executor.meter.literally(name) {
      for first in starts {
        let length = executor.past > 0 ? 1 : min(block, flow.tokens - first)
        totals.append(
          slopes.map { slope in
            (Counted.zero - Counted(slope * Float(length))).exponential.value
          })
      }
    }
    for (index, sequence) in flow.sequences.enumerated() {
      let own = projected.rows(flow.rows(of: index))
      let answer = y.rows(flow.rows(of: index))
      for head in 0..<heads {
        let key = "\(name).\(head)"
        var carried = layer.carried(key, sequence, count: size * size)
        carried.withUnsafeMutableBufferPointer { buffer in
          guard let start = buffer.baseAddress else { return }
          let memory = Matrix(start, rows: size, columns: size)
          let columns = head * size..<(head + 1) * size
          let queries = own.columns(columns)
          let keys = own.columns(width + head * size..<width + (head + 1) * size)
          let values = own.columns(2 * width + head * size..<2 * width + (head + 1) * size)
          if executor.past > 0 {
            for row in 0..<flow.tokens {
              let one = row..<row + 1
              scratch.scoped {
                step(
                  queries.rows(one), keys.rows(one), values.rows(one), memory, totals[0][head],
                  into: answer.columns(columns).rows(one), name, on: executor)
              }
            }
          } else {
            for (number, first) in starts.enumerated() {
              let rows = first..<min(first + block, flow.tokens)
              scratch.scoped {
                run(
                  queries.rows(rows), keys.rows(rows), values.rows(rows), memory, slopes[head],
                  totals[number][head], into: answer.columns(columns).rows(rows), name,
                  on: executor)
              }
            }
          }
        }
        layer.carry(carried, key, sequence)
      }
    }
    if let norm = mixer.norms.first { try executor.normalize(y, norm, at: path) }
    let gates = try executor.linear(x, mixer.linears[1], at: path)
    try mixer.finish(y, gatedBy: gates, at: path, on: executor)
    return try executor.linear(y, mixer.linears[2], at: path)
  }

  /// One token: the memory fades, takes k·v, and answers q.
  private func step(
    _ query: Matrix, _ key: Matrix, _ value: Matrix, _ memory: Matrix, _ decay: Float,
    into y: Matrix, _ name: String, on executor: Executor
  ) {
    let written = executor.scratch.matrix(size, size)
    executor.product(key.transposed, value.transposed, into: written, "\(name).writes")
    fade(memory, decay, written, name, on: executor)
    executor.product(query, memory.transposed, into: y, "\(name).reads")
  }

  /// A block of tokens: attention within it, and what it reads from the memory before it.
  private func run(
    _ queries: Matrix, _ keys: Matrix, _ values: Matrix, _ memory: Matrix, _ slope: Float,
    _ total: Float, into y: Matrix, _ name: String, on executor: Executor
  ) {
    let (scratch, count, size) = (executor.scratch, queries.rows, size)
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
    let size = size
    executor.meter.literally(name) {
      for row in 0..<size {
        for column in 0..<size {
          let kept = Counted(memory[row, column]) * Counted(decay)
          memory[row, column] = (kept + Counted(written[row, column])).value
        }
      }
    }
  }
}
