import Architecture
import Kernels

extension Executor {
  /// Normalizes parts of each row of a matrix in place.
  ///
  /// A row holds `vectors` heads, each of the norm's width and in as many groups as it says; where
  /// the norm has a weight for several of them, each takes its own part of it.
  func normalize(_ y: Matrix, _ norm: Normalization, at path: String) throws {
    let name = path.appending(norm.name.replacing(".#", with: ""))
    let shape = try norm.shape.map { try extent($0) }
    let (width, groups) = (shape.last ?? 1, try extent(norm.groups))
    let (size, count) = (shape.reduce(1, *), try extent(norm.copies))
    let part = width / max(groups, 1)
    guard part > 0, y.columns.isMultiple(of: part) else {
      throw ExecutionError.notExecuted(
        modelType: model.modelType, what: "the norm '\(name)' whose width does not fit")
    }
    try scratch.scoped {
      let weight = try self.weight(of: norm, "\(name).weight", size, count)
      let bias = try vector(norm.hasBias, "\(name).bias", size, count, center: 0)
      let kernel = NormKernel(
        kind: norm.kind, width: part, epsilon: try float(norm.epsilon ?? "1e-5"), weight: weight,
        bias: bias,
        weightSize: size * count)
      switch evidence {
      case .literal:
        meter.literally(name, rows: 0..<y.rows) { row in
          kernel.literal(y.row(row), y.columns)
        }
      case .kernel:
        let done = Total()
        overRows(y.rows, cost: y.columns / 2) { rows in
          var vectors = 0
          for row in rows { vectors += kernel.fast(y.row(row), y.columns) }
          done.add(vectors)
        }
        meter.record(name, done.value * kernel.each)
      }
    }
  }

  private func vector(
    _ exists: Bool, _ name: String, _ size: Int, _ copies: Int, center: Float
  ) throws -> UnsafeMutablePointer<Float>? {
    guard exists else { return nil }
    weights.claim(name, size * copies)
    return weights.matrix(
      name, rows: 1, columns: size * copies, spread: 0.1, center: center, scratch
    ).start
  }

  /// The weight of a norm, with the one that is added to what is stored.
  private func weight(
    of norm: Normalization, _ name: String, _ size: Int, _ copies: Int
  ) throws -> UnsafeMutablePointer<Float>? {
    guard norm.addsOne else { return try vector(norm.hasWeight, name, size, copies, center: 1) }
    guard let stored = try vector(norm.hasWeight, name, size, copies, center: 0) else { return nil }
    let whole = scratch.numbers(size * copies)
    for index in 0..<size * copies { whole[index] = stored[index] + 1 }
    return whole
  }

  /// A vector of a part.
  func vector(
    _ weight: Weight, at path: String, spread: Float = 0.5, center: Float = 0
  ) throws -> UnsafeMutablePointer<Float> {
    let count = try extent(weight.count)
    let full = path.appending(weight.name)
    weights.claim(full, count, isBuffer: weight.isBuffer)
    return weights.matrix(
      full, rows: 1, columns: count, spread: spread, center: center, scratch
    ).start
  }
}

/// A norm of vectors that follow each other.
private struct NormKernel: @unchecked Sendable {
  let kind: Normalization.Kind
  let width: Int
  let epsilon: Float
  let weight: UnsafeMutablePointer<Float>?
  let bias: UnsafeMutablePointer<Float>?
  let weightSize: Int

  /// The operations on one vector: those of its elements, and those done once.
  var each: OperationTally {
    var number = OperationTally()
    var once = OperationTally()
    number.multiply = weight == nil ? 2 : 3
    number.add = 1
    once.divide = 2
    once.add = 1
    once.sqrt = 1
    if kind == .layer {
      number.add += 1
      number.subtract = 1
      once.divide += 1
    }
    if bias != nil { number.add += 1 }
    once += width * number
    return once
  }

  /// Normalizes a row; returns how many vectors it had.
  func fast(_ row: UnsafeMutablePointer<Float>, _ columns: Int) -> Int {
    var vectors = 0
    var first = 0
    while first + width <= columns {
      let offset = weightSize == width ? 0 : first % weightSize
      switch kind {
      case .rootMeanSquare:
        Vectors.rootMeanSquareNorm(
          row + first, weight: weight.map { UnsafePointer($0 + offset) },
          epsilon: epsilon, into: row + first, count: width)
        if let bias { Vectors.add(bias + offset, into: row + first, count: width) }
      case .layer:
        Vectors.layerNorm(
          row + first, weight: weight.map { UnsafePointer($0 + offset) },
          bias: bias.map { UnsafePointer($0 + offset) }, epsilon: epsilon,
          into: row + first, count: width)
      }
      vectors += 1
      first += width
    }
    return vectors
  }

  @inline(__always)
  func literal(_ row: UnsafeMutablePointer<Float>, _ columns: Int) {
    var first = 0
    let size = Counted(Float(width))
    while first + width <= columns {
      let x = row + first
      let offset = weightSize == width ? 0 : first % weightSize
      if kind == .layer {
        var sum = Counted.zero
        for index in 0..<width { sum = sum + Counted(x[index]) }
        let mean = sum / size
        for index in 0..<width { x[index] = (Counted(x[index]) - mean).value }
      }
      var squares = Counted.zero
      for index in 0..<width { squares = squares + Counted(x[index]) * Counted(x[index]) }
      let root = (squares / size + Counted(epsilon)).squareRoot
      let inverse = Counted(1) / root
      for index in 0..<width { x[index] = (Counted(x[index]) * inverse).value }
      if let weight {
        for index in 0..<width {
          x[index] = (Counted(x[index]) * Counted(weight[offset + index])).value
        }
      }
      if let bias {
        for index in 0..<width {
          x[index] = (Counted(x[index]) + Counted(bias[offset + index])).value
        }
      }
      first += width
    }
  }
}
