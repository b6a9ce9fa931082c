import Architecture
import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Element-wise kernels.
///
/// Each has a literal form and a fast one that records one set of operations for each number that
/// its loops ran over.
extension Executor {
  /// Runs a body over the rows of a matrix, in parallel if there is enough to do.
  ///
  /// The nanoseconds that a row costs, about.
  func overRows(_ rows: Int, cost: Int, _ body: (Range<Int>) -> Void) {
    let pieces = min(rows, max(1, rows * cost / 50_000), 16 * workers.count)
    guard workers.count > 1, pieces > 1 else { return body(0..<rows) }
    workers.forEach(pieces) { piece in
      body(rows * piece / pieces..<rows * (piece + 1) / pieces)
    }
  }

  /// Runs a loop over the elements of a matrix: `y ← literal(y, other)`, or a fast row kernel.
  @inline(__always)
  func elementwise(
    _ y: Matrix, _ path: String, each: OperationTally,
    literal: (_ row: Int, _ column: Int) -> Void, fast: (_ row: Int) -> Int
  ) {
    switch evidence {
    case .literal:
      meter.literally(path, rows: 0..<y.rows) { row in
        for column in 0..<y.columns { literal(row, column) }
      }
    case .kernel:
      let done = Total()
      overRows(y.rows, cost: y.columns / 4) { rows in
        var count = 0
        for row in rows { count += fast(row) }
        done.add(count)
      }
      meter.record(path, done.value * each)
    }
  }

  /// `y ← y + x`.
  func add(_ x: Matrix, to y: Matrix, _ path: String) {
    var each = OperationTally()
    each.add = 1
    elementwise(y, path, each: each) { row, column in
      y[row, column] = (Counted(y[row, column]) + Counted(x[row, column])).value
    } fast: { row in
      Vectors.add(x.row(row), into: y.row(row), count: y.columns)
      return y.columns
    }
  }

  /// `y ← y − x`.
  func subtract(_ x: Matrix, from y: Matrix, _ path: String) {
    var each = OperationTally()
    each.subtract = 1
    elementwise(y, path, each: each) { row, column in
      y[row, column] = (Counted(y[row, column]) - Counted(x[row, column])).value
    } fast: { row in
      Vectors.addScaled(x.row(row), by: -1, into: y.row(row), count: y.columns)
      return y.columns
    }
  }

  /// `y ← y + c`.
  func shift(_ y: Matrix, by constant: Float, _ path: String) {
    var each = OperationTally()
    each.add = 1
    elementwise(y, path, each: each) { row, column in
      y[row, column] = (Counted(y[row, column]) + Counted(constant)).value
    } fast: { row in
      let numbers = y.row(row)
      for column in 0..<y.columns { numbers[column] += constant }
      return y.columns
    }
  }

  /// `y ← y − w·x`.
  func subtract(_ x: Matrix, times weight: Float, from y: Matrix, _ path: String) {
    var each = OperationTally()
    each.multiply = 1
    each.subtract = 1
    elementwise(y, path, each: each) { row, column in
      y[row, column] =
        (Counted(y[row, column]) - Counted(weight) * Counted(x[row, column])).value
    } fast: { row in
      Vectors.addScaled(x.row(row), by: -weight, into: y.row(row), count: y.columns)
      return y.columns
    }
  }

  /// `y ← y + v` for each row; a number of the vector is for as many side by side as it takes.
  func addVector(
    _ vector: UnsafeMutablePointer<Float>, of count: Int? = nil, to y: Matrix, _ path: String
  ) {
    var each = OperationTally()
    each.add = 1
    guard y.columns > 0 else { return }
    let width = max(1, y.columns / max(1, count ?? y.columns))
    elementwise(y, path, each: each) { row, column in
      y[row, column] = (Counted(y[row, column]) + Counted(vector[column / width])).value
    } fast: { row in
      if width == 1 {
        Vectors.add(vector, into: y.row(row), count: y.columns)
      } else {
        let numbers = y.row(row)
        for column in 0..<y.columns { numbers[column] += vector[column / width] }
      }
      return y.columns
    }
  }

  /// `y ← y ∘ v` for each row; a number of the vector is for as many side by side as it takes.
  func multiplyVector(
    _ vector: UnsafeMutablePointer<Float>, of count: Int, to y: Matrix, _ path: String
  ) {
    var each = OperationTally()
    each.multiply = 1
    guard y.columns > 0 else { return }
    let width = max(1, y.columns / max(1, count))
    elementwise(y, path, each: each) { row, column in
      y[row, column] = (Counted(y[row, column]) * Counted(vector[column / width])).value
    } fast: { row in
      if width == 1 {
        Vectors.multiply(vector, into: y.row(row), count: y.columns)
      } else {
        let numbers = y.row(row)
        for column in 0..<y.columns { numbers[column] *= vector[column / width] }
      }
      return y.columns
    }
  }

  /// `y ← y · factor`.
  func scale(_ y: Matrix, by factor: Float, _ path: String) {
    var each = OperationTally()
    each.multiply = 1
    elementwise(y, path, each: each) { row, column in
      y[row, column] = (Counted(y[row, column]) * Counted(factor)).value
    } fast: { row in
      Vectors.scale(y.row(row), by: factor, count: y.columns)
      return y.columns
    }
  }

  /// `y ← y / divisor`.
  func divide(_ y: Matrix, by divisor: Float, _ path: String) {
    var each = OperationTally()
    each.divide = 1
    elementwise(y, path, each: each) { row, column in
      y[row, column] = (Counted(y[row, column]) / Counted(divisor)).value
    } fast: { row in
      let numbers = y.row(row)
      for column in 0..<y.columns { numbers[column] /= divisor }
      return y.columns
    }
  }

  /// `y ← y ∘ x`.
  func multiplyElements(_ y: Matrix, by x: Matrix, _ path: String) {
    var each = OperationTally()
    each.multiply = 1
    elementwise(y, path, each: each) { row, column in
      y[row, column] = (Counted(y[row, column]) * Counted(x[row, column])).value
    } fast: { row in
      Vectors.multiply(x.row(row), into: y.row(row), count: y.columns)
      return y.columns
    }
  }

  /// `y[row] ← y[row] · factors[row]`.
  func multiplyRows(_ y: Matrix, by factors: [Float], _ path: String) {
    var each = OperationTally()
    each.multiply = 1
    elementwise(y, path, each: each) { row, column in
      y[row, column] = (Counted(y[row, column]) * Counted(factors[row])).value
    } fast: { row in
      Vectors.scale(y.row(row), by: factors[row], count: y.columns)
      return y.columns
    }
  }

  /// `y[places[row]] ← y[places[row]] + x[row] · factors[row]`, or without factors the sum alone.
  ///
  /// No place occurs twice.
  func addScaled(
    _ x: Matrix, _ factors: [Float]?, to y: Matrix, at places: [Int], _ path: String
  ) {
    var each = OperationTally()
    each.add = 1
    each.multiply = factors == nil ? 0 : 1
    elementwise(x, path, each: each) { row, column in
      var term = Counted(x[row, column])
      if let factors { term = term * Counted(factors[row]) }
      let place = places[row]
      y[place, column] = (Counted(y[place, column]) + term).value
    } fast: { row in
      Vectors.addScaled(
        x.row(row), by: factors?[row] ?? 1, into: y.row(places[row]), count: x.columns)
      return x.columns
    }
  }

  /// `y ← c·tanh(y/c)`.
  func bound(_ y: Matrix, by limit: Float, _ path: String) {
    var each = OperationTally()
    each.divide = 1
    each.tanh = 1
    each.multiply = 1
    elementwise(y, path, each: each) { row, column in
      y[row, column] = Counted(y[row, column]).bounded(by: limit).value
    } fast: { row in
      Vectors.bound(y.row(row), by: limit, count: y.columns)
      return y.columns
    }
  }

  /// `y ← max(−c, min(y, c))`, or `min(y, c)`.
  func clip(_ y: Matrix, to limit: Float, isAboveOnly: Bool = false, _ path: String) {
    var each = OperationTally()
    each.compare = isAboveOnly ? 1 : 2
    let least = isAboveOnly ? -Float.infinity : -limit
    elementwise(y, path, each: each) { row, column in
      let isBelow = !isAboveOnly && Counted(-limit) > Counted(y[row, column])
      let above = isBelow ? -limit : y[row, column]
      y[row, column] = Counted(above) > Counted(limit) ? limit : above
    } fast: { row in
      let numbers = y.row(row)
      for index in 0..<y.columns { numbers[index] = min(max(numbers[index], least), limit) }
      return y.columns
    }
  }

  /// The numbers of a tensor of rows.
  func elements(of weight: Weight, at scope: String) throws -> Matrix {
    let numbers = try vector(weight, at: scope, spread: 0.5)
    let columns = try weight.shape.last.map { try extent($0) } ?? 1
    return Matrix(numbers, rows: try extent(weight.count) / columns, columns: columns)
  }

  /// *e* to the power of each number of a tensor: `[1, n]`.
  func exponentials(of weight: Weight, at scope: String, _ path: String) throws -> Matrix {
    // A buffer is what the class makes of it where nothing is stored.
    let logarithms = try vector(weight, at: scope, spread: weight.isBuffer ? 0 : 0.5)
    let y = scratch.matrix(1, try extent(weight.count))
    meter.literally(path) {
      for index in 0..<y.columns { y[0, index] = Counted(logarithms[index]).exponential.value }
    }
    return y
  }

  /// The factors of each row's position: `[rows, 1]`, or one for each head.
  func factors(
    of scale: PositionScale, _ positions: [Int], at scope: String, _ path: String
  ) throws -> Matrix {
    let y = scratch.matrix(positions.count, try extent(scale.width))
    switch scale {
    case .steps(let weight, let length, let fromOne):
      let (weight, length) = (try float(weight), try float(length))
      meter.literally(path, rows: 0..<y.rows) { row in
        var position = Counted(Float(positions[row]))
        if fromOne { position = position + Counted(1) }
        let step = Counted((position / Counted(length)).value.rounded(.down))
        let stretch = (Counted(1) + step).logarithm
        y[row, 0] = (Counted(1) + Counted(weight) * stretch).value
      }
    case .power(let exponent, let length):
      let (exponent, length) = (try float(exponent), try float(length))
      meter.literally(path, rows: 0..<y.rows) { row in
        let position = Counted(Float(positions[row])) + Counted(1)
        let stretch = (Counted(1) + position / Counted(length)).logarithm
        y[row, 0] = (Counted(exponent) * stretch).exponential.value
      }
    case .logarithm(let weight, let floor):
      let (weight, floor) = (try float(weight), try float(floor))
      meter.literally(path, rows: 0..<y.rows) { row in
        let share = (Counted(Float(positions[row])) + Counted(1)) / Counted(floor)
        let stretch = (share > Counted(1) ? share : Counted(1)).logarithm
        y[row, 0] = (Counted(1) + Counted(weight) * stretch).value
      }
    case .learned(let slope, let offset):
      let slopes = try vector(slope, at: scope, spread: 0.5)
      let offsets = try vector(offset, at: scope, spread: 0.5, center: 1)
      meter.literally(path, rows: 0..<y.rows) { row in
        let length = (Counted(Float(positions[row])) + Counted(1)).logarithm
        for head in 0..<y.columns {
          y[row, head] = (Counted(slopes[head]) * length + Counted(offsets[head])).value
        }
      }
    }
    return y
  }

  /// Every vector of a row no longer than a bound.
  func shorten(_ y: Matrix, _ bound: LengthBound, _ path: String) throws {
    let (vectors, width) = (try extent(bound.vectors), try extent(bound.width))
    let (limit, epsilon) = (try float(bound.limit), try float(bound.epsilon))
    meter.literally(path, rows: 0..<y.rows) { row in
      for vector in 0..<vectors {
        let numbers = y.row(row) + vector * width
        var squares = Counted.zero
        for index in 0..<width {
          squares = squares + Counted(numbers[index]) * Counted(numbers[index])
        }
        let share = Counted(limit) / (squares.squareRoot + Counted(epsilon))
        let factor = share > Counted(1) ? Counted(1) : share
        for index in 0..<width { numbers[index] = (Counted(numbers[index]) * factor).value }
      }
    }
  }

  /// The sum of the products of two matrices in each part of a row: `[rows, parts]`.
  func dot(_ x: Matrix, _ other: Matrix, parts: Int, _ path: String) -> Matrix {
    let y = scratch.matrix(x.rows, parts)
    let width = x.columns / max(1, parts)
    meter.literally(path, rows: 0..<x.rows) { row in
      for part in 0..<parts {
        var sum = Counted.zero
        for index in part * width..<(part + 1) * width {
          sum = sum + Counted(x[row, index]) * Counted(other[row, index])
        }
        y[row, part] = sum.value
      }
    }
    return y
  }

  /// `y ← y · f(gate)`, with a gate for each element, or one for each of `width` elements.
  func gate(_ y: Matrix, by gates: Matrix, _ function: GateFunction, _ path: String) {
    let width = y.columns / gates.columns
    switch evidence {
    case .literal:
      meter.literally(path, rows: 0..<y.rows) { row in
        for head in 0..<gates.columns {
          let gate = Counted(gates[row, head])
          let open =
            switch function {
            case .logistic: gate.logistic
            case .softplus: gate.softplus
            case .identity: gate
            }
          for column in head * width..<(head + 1) * width {
            y[row, column] = (Counted(y[row, column]) * open).value
          }
        }
      }
    case .kernel:
      var tally = OperationTally()
      for row in 0..<y.rows {
        scratch.scoped {
          let open = scratch.numbers(gates.columns)
          open.update(from: gates.row(row), count: gates.columns)
          switch function {
          case .logistic:
            Vectors.sigmoid(open, into: open, count: gates.columns)
            tally += gates.columns * .logistic
          case .softplus:
            for head in 0..<gates.columns where open[head] < 80 {
              open[head] = logf(1 + expf(open[head]))
            }
            tally += gates.columns * .softplus
          case .identity: break
          }
          for head in 0..<gates.columns {
            let part = y.row(row) + head * width
            for column in 0..<width { part[column] *= open[head] }
            tally.multiply += width
          }
        }
      }
      meter.record(path, tally)
    }
  }
}

extension Vectors {
  /// `x ← c·tanh(x/c)`.
  static func bound(_ x: UnsafeMutablePointer<Float>, by limit: Float, count: Int) {
    for index in 0..<count { x[index] /= limit }
    tanh(x, into: x, count: count)
    scale(x, by: limit, count: count)
  }
}

extension OperationTally {
  /// `ln(1 + eˣ)`.
  static var softplus: OperationTally {
    var tally = OperationTally()
    tally.exp = 1
    tally.add = 1
    tally.log = 1
    return tally
  }

  /// One logistic function: `1/(1 + e^(0−x))`.
  static var logistic: OperationTally {
    var tally = OperationTally()
    tally.subtract = 1
    tally.exp = 1
    tally.add = 1
    tally.divide = 1
    return tally
  }
}
