import Architecture
import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The cosines and sines of the rotary angles of the new positions, `[T, r/2]` each.
struct RotaryTable {
  struct Key: Hashable {
    var size: Int
    var table: String
  }

  let cosines: Matrix
  let sines: Matrix
  /// The position of the first row.
  let first: Int
}

extension Executor {
  /// The table for so many numbers of a head, made once for all layers of a pass.
  ///
  /// A table of another name has other angles: here the base is larger.
  func rotaryTable(_ scheme: RotaryTable.Key, _ tokens: Int) -> RotaryTable {
    if let table = rotaryTables[scheme] { return table }
    let pairs = scheme.size / 2
    let (cosines, sines) = (scratch.matrix(tokens, pairs), scratch.matrix(tokens, pairs))
    let base = scheme.table.isEmpty ? Constants.rotaryBase : 10 * Constants.rotaryBase
    let frequencies = (0..<pairs).map { pair in
      powf(base, -Float(2 * pair) / Float(scheme.size))
    }
    let first = past
    let path = scheme.table.isEmpty ? "rotary" : "rotary_\(scheme.table)"
    meter.literally(path, rows: 0..<tokens) { row in
      let position = Counted(Float(first + row))
      for pair in 0..<pairs {
        let angle = position * Counted(frequencies[pair])
        cosines[row, pair] = angle.cosine.value
        sines[row, pair] = angle.sine.value
      }
    }
    let table = RotaryTable(cosines: cosines, sines: sines, first: first)
    rotaryTables[scheme] = table
    return table
  }

  /// Turns each pair of the first `size` numbers of each head of `width` by the angle of its row's
  /// position: number *i* and number *i + size/2* of them.
  func rotate(
    _ y: Matrix, heads: Int, width: Int, offset: Int = 0, size: Int, _ table: RotaryTable,
    _ positions: [Int], _ path: String
  ) {
    let pairs = size / 2
    switch evidence {
    case .literal:
      meter.literally(path, rows: 0..<y.rows) { row in
        let angle = positions[row] - table.first
        for head in 0..<heads {
          let low = y.row(row) + head * width + offset
          let high = low + pairs
          for pair in 0..<pairs {
            let (cosine, sine) = (
              Counted(table.cosines[angle, pair]), Counted(table.sines[angle, pair])
            )
            let (a, b) = (Counted(low[pair]), Counted(high[pair]))
            low[pair] = (a * cosine - b * sine).value
            high[pair] = (b * cosine + a * sine).value
          }
        }
      }
    case .kernel:
      let done = Total()
      overRows(y.rows, cost: heads * size / 2) { rows in
        var count = 0
        for row in rows {
          let angle = positions[row] - table.first
          for head in 0..<heads {
            let low = y.row(row) + head * width + offset
            Vectors.rotate(
              low, low + pairs, cosines: table.cosines.row(angle), sines: table.sines.row(angle),
              count: pairs)
            count += pairs
          }
        }
        done.add(count)
      }
      var each = OperationTally()
      each.multiply = 4
      each.subtract = 1
      each.add = 1
      meter.record(path, done.value * each)
    }
  }
}
