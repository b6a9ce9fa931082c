import Architecture
import Kernels

/// Compressed convolutional attention between its projections and its scores.
extension Executor {
  /// Queries and keys, convolved, with their means, and in one length.
  func convolveHeads(
    _ x: Matrix, _ heads: ConvolvedHeads, _ flow: Flow, _ state: LayerState, at path: String
  ) throws -> Matrix {
    let (count, groups) = (try extent(heads.heads), try extent(heads.keyValueHeads))
    let (size, channels) = (try extent(heads.headSize), x.columns)
    let (first, second) = (try extent(heads.channelKernel), try extent(heads.headKernel))
    let vectors = try heads.convolutions.map { weight in
      try vector(weight, at: path, spread: 0.3)
    }
    let carriedRows = first + second - 2
    let name = path.appending("conv_qk")
    let y = scratch.matrix(x.rows, channels)
    for (index, sequence) in flow.sequences.enumerated() {
      let rows = flow.rows(of: index)
      guard !rows.isEmpty else { continue }
      scratch.scoped {
        let inputs = scratch.zeros(carriedRows + rows.count, channels)
        let carried = state.carried(name, sequence, count: carriedRows * channels)
        for (place, number) in carried.enumerated() {
          inputs[place / channels, place % channels] = number
        }
        x.rows(rows).copy(into: inputs.rows(carriedRows..<inputs.rows))
        state.carry(
          (rows.count * channels..<(rows.count + carriedRows) * channels).map {
            inputs[$0 / channels, $0 % channels]
          }, name, sequence)
        let single = scratch.matrix(rows.count + second - 1, channels)
        meter.literally(path.appending("conv_qk_depthwise"), rows: 0..<single.rows) { row in
          for channel in 0..<channels {
            var sum = Counted.zero
            for tap in 0..<first {
              sum =
                sum + Counted(inputs[row + tap, channel])
                * Counted(vectors[0][channel * first + tap])
            }
            single[row, channel] = sum.value
          }
        }
        addVector(vectors[1], to: single, name)
        let own = y.rows(rows)
        meter.literally(path.appending("conv_qk_grouped"), rows: 0..<rows.count) { row in
          for channel in 0..<channels {
            let start = channel / size * size
            var sum = Counted.zero
            for inner in 0..<size {
              for tap in 0..<second {
                sum =
                  sum + Counted(single[row + tap, start + inner])
                  * Counted(vectors[2][(channel * size + inner) * second + tap])
              }
            }
            own[row, channel] = sum.value
          }
        }
        addVector(vectors[3], to: own, name)
      }
    }
    addMeans(of: x, to: y, count, groups, size, path.appending("means"))
    lengthen(y, size, path.appending("qk_norm"))
    return y
  }

  /// Adds half the sum of query and key to each head of queries, and the mean of these over those that
  /// share a key to each head of keys.
  private func addMeans(
    of x: Matrix, to y: Matrix, _ heads: Int, _ groups: Int, _ size: Int, _ path: String
  ) {
    let shared = heads / groups
    meter.literally(path, rows: 0..<x.rows) { row in
      for group in 0..<groups {
        for index in 0..<size {
          let key = (heads + group) * size + index
          var sum = Counted.zero
          for head in group * shared..<(group + 1) * shared {
            let query = head * size + index
            let half = (Counted(x[row, query]) + Counted(x[row, key])) * Counted(0.5)
            sum = sum + half
            y[row, query] = (Counted(y[row, query]) + half).value
          }
          y[row, key] = (Counted(y[row, key]) + sum / Counted(Float(shared))).value
        }
      }
    }
  }

  /// Gives every vector of a size its root as length.
  private func lengthen(_ y: Matrix, _ size: Int, _ path: String) {
    let (root, least) = (Float(size).squareRoot(), Counted(Float.ulpOfOne))
    meter.literally(path, rows: 0..<y.rows) { row in
      for first in stride(from: 0, to: y.columns, by: size) {
        var sum = Counted.zero
        for column in first..<first + size {
          sum = sum + Counted(y[row, column]) * Counted(y[row, column])
        }
        let length = sum.squareRoot
        let factor = Counted(root) / (least > length ? least : length)
        for column in first..<first + size {
          y[row, column] = (Counted(y[row, column]) * factor).value
        }
      }
    }
  }

  /// The rows of the tokens before; the first of a sequence has that of nothing.
  func delay(
    _ x: Matrix, _ map: Linear, _ flow: Flow, _ state: LayerState, at path: String
  ) throws -> Matrix {
    let name = path.appending("\(map.name).before")
    let y = scratch.matrix(x.rows, x.columns)
    let start =
      past == 0
      ? try linear(scratch.zeros(flow.sequences.count, extent(map.input)), map, at: path) : nil
    for (index, sequence) in flow.sequences.enumerated() {
      let rows = flow.rows(of: index)
      guard let first = rows.first, let last = rows.last else { continue }
      let before = state.carried(name, sequence, count: x.columns)
      for column in 0..<x.columns {
        y[first, column] = start.map { $0[index, column] } ?? before[column]
      }
      for row in rows.dropFirst() {
        y.row(row).update(from: x.row(row - 1), count: x.columns)
      }
      state.carry((0..<x.columns).map { x[last, $0] }, name, sequence)
    }
    return y
  }
}
