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
  let cosines: Matrix
  let sines: Matrix
  /// The position of the first row.
  let first: Int
}

extension Executor {
  /// The table of some angles, made once for all layers of a pass.
  func rotaryTable(_ angles: RotaryAngles, _ tokens: Int) throws -> RotaryTable {
    if let table = rotaryTables[angles] { return table }
    var frequencies = try RotaryFrequencies(angles, positions: past + tokens, self)
    let path = angles.table.isEmpty ? "rotary" : "rotary_\(angles.table)"
    if angles.isStretched {
      let factors = try numbers(leftAs: .angleFactors)
      meter.literally(path) {
        for pair in frequencies.each.indices {
          let stretched = Counted(frequencies.each[pair]) * Counted(factors[0, pair])
          frequencies.each[pair] = stretched.value
        }
      }
    }
    let pairs = frequencies.each.count
    let (cosines, sines) = (scratch.matrix(tokens, pairs), scratch.matrix(tokens, pairs))
    let first = past
    meter.literally(path, rows: 0..<tokens) { row in
      let position = Counted(Float(first + row))
      for pair in 0..<pairs {
        let angle = position * Counted(frequencies.each[pair])
        var (cosine, sine) = (angle.cosine, angle.sine)
        if let factor = frequencies.magnitude {
          cosine = cosine * Counted(factor)
          sine = sine * Counted(factor)
        }
        cosines[row, pair] = cosine.value
        sines[row, pair] = sine.value
      }
    }
    let table = RotaryTable(cosines: cosines, sines: sines, first: first)
    rotaryTables[angles] = table
    return table
  }

  /// Turns each pair of the rotated elements of each head by the angle of its row's position.
  func rotate(
    _ y: Matrix, _ rotation: Rotation, _ positions: [Int], _ path: String
  ) throws {
    guard var table = rotaryTables[rotation.angles.unpaired] else {
      preconditionFailure("the tables of a pass are made before its layers run")
    }
    if rotation.isBackwards {
      // The sine of the negative angle; a sign is no operation.
      let sines = scratch.copy(table.sines)
      for row in 0..<sines.rows {
        for pair in 0..<sines.columns { sines[row, pair] = -sines[row, pair] }
      }
      table = RotaryTable(cosines: table.cosines, sines: sines, first: table.first)
    }
    rotate(
      y, heads: try extent(rotation.heads), width: try extent(rotation.width),
      offset: try extent(rotation.offset), size: 2 * table.cosines.columns, table, positions, path,
      rotation.angles.pairing)
  }

  /// The same for `size` elements of each head of `width`, from its element `offset` on.
  func rotate(
    _ y: Matrix, heads: Int, width: Int, offset: Int = 0, size: Int, _ table: RotaryTable,
    _ positions: [Int], _ path: String, _ pairing: RotaryAngles.Pairing = .halves
  ) {
    let pairs = size / 2
    // Elements of a pair are so far apart, and the first ones of two pairs so far.
    let (apart, step) = pairing == .halves ? (pairs, 1) : (1, 2)
    switch evidence {
    case .literal:
      meter.literally(path, rows: 0..<y.rows) { row in
        let angle = positions[row] - table.first
        for head in 0..<heads {
          let start = y.row(row) + head * width + offset
          for pair in 0..<pairs {
            let (low, high) = (start + step * pair, start + step * pair + apart)
            let (cosine, sine) = (
              Counted(table.cosines[angle, pair]), Counted(table.sines[angle, pair])
            )
            let (a, b) = (Counted(low.pointee), Counted(high.pointee))
            low.pointee = (a * cosine - b * sine).value
            high.pointee = (b * cosine + a * sine).value
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
            let start = y.row(row) + head * width + offset
            switch pairing {
            case .halves:
              Vectors.rotate(
                start, start + pairs, cosines: table.cosines.row(angle),
                sines: table.sines.row(angle), count: pairs)
            case .neighbours:
              let (cosines, sines) = (table.cosines.row(angle), table.sines.row(angle))
              for pair in 0..<pairs {
                let (a, b) = (start[2 * pair], start[2 * pair + 1])
                start[2 * pair] = a * cosines[pair] - b * sines[pair]
                start[2 * pair + 1] = b * cosines[pair] + a * sines[pair]
              }
            }
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
