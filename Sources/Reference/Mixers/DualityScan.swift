import Architecture
import Kernels

/// A state space with a decay for each head, as structured masked attention in chunks.
///
/// - Source: Dao and Gu 2024, listing 1, <https://arxiv.org/abs/2405.21060>.
struct DualityScan {
  let heads: Int
  let size: Int
  let state: Int
  let chunk: Int

  /// What enters the scan of one sequence: `Δ·A` `[n, h]`, `Δ·x` `[n, h·size]`, B and C
  /// `[n, groups·state]`.
  private struct Inputs {
    var decays: Matrix
    var driven: Matrix
    var inputs: Matrix
    var outputs: Matrix
    var groups: Int
  }

  /// From x, δ, B and C of every row: `[rows, heads · size]`.
  func run(
    _ scan: Scan.Duality, _ entering: [Matrix], _ flow: Flow, _ layer: LayerState,
    at scope: String, _ name: String, on executor: Executor
  ) throws -> Matrix {
    let (scratch, inner) = (executor.scratch, heads * size)
    let (values, steps, inputs, outputs) = (entering[0], entering[1], entering[2], entering[3])
    let groups = inputs.columns / state
    let rates = try executor.vector(scan.rates, at: scope)
    let skip = try executor.vector(scan.skip, at: scope)
    let biases = try executor.vector(scan.stepBias, at: scope)
    let y = scratch.matrix(values.rows, inner)
    let decays = scratch.matrix(values.rows, heads)
    let driven = scratch.matrix(values.rows, inner)
    let (heads, size) = (heads, size)
    let least = try scan.steps.least.map { try executor.float($0) } ?? -.infinity
    let most = try scan.steps.most.map { try executor.float($0) } ?? .infinity
    // The step of one token has no bounds.
    let isBounded = !executor.isStep(flow)
    executor.meter.literally(name) {
      let decayRates = (0..<heads).map { (Counted.zero - Counted(rates[$0]).exponential).value }
      for row in 0..<values.rows {
        for head in 0..<heads {
          var step = (Counted(steps[row, head]) + Counted(biases[head])).softplus
          if isBounded {
            if Counted(least) > step { step = Counted(least) }
            if step > Counted(most) { step = Counted(most) }
          }
          decays[row, head] = (step * Counted(decayRates[head])).value
          for place in head * size..<(head + 1) * size {
            driven[row, place] = (step * Counted(values[row, place])).value
          }
        }
      }
    }
    for (index, sequence) in flow.sequences.enumerated() {
      scratch.scoped {
        let rows = flow.rows(of: index)
        let entering = Inputs(
          decays: decays.rows(rows), driven: driven.rows(rows),
          inputs: inputs.rows(rows), outputs: outputs.rows(rows), groups: groups)
        var carried = layer.carried(name, sequence, count: heads * size * state)
        if executor.isStep(flow) {
          step(entering, &carried, into: y.rows(rows), name, on: executor)
        } else {
          chunks(entering, &carried, into: y.rows(rows), name, on: executor)
        }
        layer.carry(carried, name, sequence)
      }
    }
    executor.meter.literally(name) {
      for row in 0..<values.rows {
        for head in 0..<heads {
          for place in head * size..<(head + 1) * size {
            let skipped = Counted(skip[head]) * Counted(values[row, place])
            y[row, place] = (Counted(y[row, place]) + skipped).value
          }
        }
      }
    }
    return y
  }

  /// One token: `h ← e^(Δ·A)·h + (Δ·x)·B`, and `y = h·C` as a product.
  private func step(
    _ entering: Inputs, _ carried: inout [Float], into y: Matrix, _ name: String,
    on executor: Executor
  ) {
    let (heads, size, state) = (heads, size, state)
    carried.withUnsafeMutableBufferPointer { h in
      executor.meter.literally(name) {
        for head in 0..<heads {
          let group = head / (heads / entering.groups)
          let decay = Counted(entering.decays[0, head]).exponential
          for place in head * size..<(head + 1) * size {
            var sum = Counted.zero
            for index in 0..<state {
              let input = Counted(entering.inputs[0, group * state + index])
              let next =
                decay * Counted(h[place * state + index])
                + Counted(entering.driven[0, place]) * input
              h[place * state + index] = next.value
              sum = sum + next * Counted(entering.outputs[0, group * state + index])
            }
            y[0, place] = sum.value
          }
        }
      }
    }
  }

  /// Chunks of tokens, the last one padded: within a chunk as attention, between chunks by states.
  private func chunks(
    _ entering: Inputs, _ carried: inout [Float], into y: Matrix, _ name: String,
    on executor: Executor
  ) {
    let scratch = executor.scratch
    let count = (y.rows + chunk - 1) / chunk
    let padded = count * chunk
    for head in 0..<heads {
      scratch.scoped {
        let group = head / (heads / entering.groups)
        func part(_ matrix: Matrix, _ columns: Range<Int>) -> Matrix {
          let copy = scratch.zeros(padded, columns.count)
          matrix.columns(columns).copy(into: copy.rows(0..<matrix.rows))
          return copy
        }
        let values = part(entering.driven, head * size..<(head + 1) * size)
        let inputs = part(entering.inputs, group * state..<(group + 1) * state)
        let outputs = part(entering.outputs, group * state..<(group + 1) * state)
        let decays = part(entering.decays, head..<head + 1)
        let answer = scratch.matrix(padded, size)
        // States before each chunk, and after the last: [count + 1, size · state].
        let states = scratch.matrix(count + 1, size * state)
        let place = head * size * state
        carried.withUnsafeBufferPointer { buffer in
          guard let start = buffer.baseAddress else { return }
          states.start.update(from: start + place, count: size * state)
        }
        // Sums of decays within each chunk, and their totals with that before the first.
        let sums = scratch.matrix(count, chunk)
        for index in 0..<count {
          let rows = index * chunk..<(index + 1) * chunk
          within(
            values.rows(rows), inputs.rows(rows), outputs.rows(rows), decays.rows(rows),
            sums.rows(index..<index + 1), states.row(index + 1), into: answer.rows(rows), name,
            on: executor)
        }
        let passed = pass(states, sums, count, name, on: executor)
        for index in 0..<count {
          let rows = index * chunk..<(index + 1) * chunk
          read(
            outputs.rows(rows), passed.row(index), sums.row(index), into: answer.rows(rows), name,
            on: executor)
        }
        answer.rows(0..<y.rows).copy(into: y.columns(head * size..<(head + 1) * size))
        for index in 0..<size * state { carried[place + index] = passed[count, index] }
      }
    }
  }

  /// The answer of a chunk to itself `[chunk, size]`, and the state that it adds `[size, state]`.
  private func within(
    _ values: Matrix, _ inputs: Matrix, _ outputs: Matrix, _ decays: Matrix, _ sums: Matrix,
    _ added: UnsafeMutablePointer<Float>, into answer: Matrix, _ name: String,
    on executor: Executor
  ) {
    let (scratch, chunk, state) = (executor.scratch, chunk, state)
    scratch.scoped {
      let scores = scratch.matrix(chunk, chunk)
      let segments = scratch.zeros(chunk, chunk)
      let weighed = scratch.matrix(chunk, state)
      executor.product(outputs, inputs, into: scores, "\(name).scores")
      executor.meter.literally(name) {
        var sum = Counted.zero
        for row in 0..<chunk {
          sum = sum + Counted(decays[row, 0])
          sums[0, row] = sum.value
        }
        // The sum of the decays after a column up to a row, for every pair.
        for row in 0..<chunk {
          for column in 0..<chunk {
            let above = row == 0 ? 0 : segments[row - 1, column]
            let own = row > column ? decays[row, 0] : 0
            segments[row, column] = (Counted(above) + Counted(own)).value
          }
        }
        for row in 0..<chunk {
          for column in 0..<chunk {
            let hidden: Float = row >= column ? segments[row, column] : -.infinity
            scores[row, column] =
              (Counted(scores[row, column]) * Counted(hidden).exponential).value
          }
        }
        let last = Counted(sums[0, chunk - 1])
        for row in 0..<chunk {
          let decay = (last - Counted(sums[0, row])).exponential
          for column in 0..<state {
            weighed[row, column] = (Counted(inputs[row, column]) * decay).value
          }
        }
      }
      executor.product(scores, values.transposed, into: answer, "\(name).values")
      executor.product(
        values.transposed, weighed.transposed,
        into: Matrix(added, rows: values.columns, columns: state), "\(name).states")
    }
  }

  /// The states before each chunk, from those that the chunks add: `[count + 1, size · state]`.
  private func pass(
    _ states: Matrix, _ sums: Matrix, _ count: Int, _ name: String, on executor: Executor
  ) -> Matrix {
    let (scratch, chunk) = (executor.scratch, chunk)
    let passed = scratch.matrix(count + 1, states.columns)
    scratch.scoped {
      let decays = scratch.zeros(count + 1, count + 1)
      executor.meter.literally(name) {
        for row in 0...count {
          for column in 0...count {
            let above = row == 0 ? 0 : decays[row - 1, column]
            let own = row > column ? sums[row - 1, chunk - 1] : 0
            decays[row, column] = (Counted(above) + Counted(own)).value
          }
        }
        for row in 0...count {
          for column in 0...count {
            let hidden: Float = row >= column ? decays[row, column] : -.infinity
            decays[row, column] = Counted(hidden).exponential.value
          }
        }
      }
      executor.product(decays, states.transposed, into: passed, "\(name).passing")
    }
    return passed
  }

  /// Adds what a chunk reads from the state before it.
  private func read(
    _ outputs: Matrix, _ before: UnsafeMutablePointer<Float>, _ sums: UnsafeMutablePointer<Float>,
    into answer: Matrix, _ name: String, on executor: Executor
  ) {
    let (scratch, chunk, size) = (executor.scratch, chunk, size)
    scratch.scoped {
      let read = scratch.matrix(chunk, size)
      executor.product(
        outputs, Matrix(before, rows: size, columns: state), into: read, "\(name).outputs")
      executor.meter.literally(name) {
        for row in 0..<chunk {
          let decay = Counted(sums[row]).exponential
          for column in 0..<size {
            answer[row, column] =
              (Counted(answer[row, column]) + Counted(read[row, column]) * decay).value
          }
        }
      }
    }
  }
}
