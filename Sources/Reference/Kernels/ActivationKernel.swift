import Architecture
import Kernels

/// An activation function at work, with the slopes that it has learned.
struct ActivationKernel: Sendable {
  let function: Activation
  /// The slopes of xIELU.
  var positive: Float = 0
  var negative: Float = 0
  /// Its slope at zero, and the number above which it is not taken for negative.
  var linear: Float = 0.5
  var bound: Float = -1e-6
  /// What a bounded gate multiplies by, and its bound.
  private var slope: Float = 1
  private var limit = Float.infinity

  init(_ function: Activation) {
    self.function = function
    if case .signedRoot(.decimal(let least)) = function { bound = Float(least) ?? bound }
    guard case .boundedGate(.decimal(let slope), .decimal(let limit)) = function else { return }
    self.slope = Float(slope) ?? 1
    self.limit = Float(limit) ?? .infinity
  }

  private var isBounded: Bool { if case .boundedGate = function { true } else { false } }

  /// The function of one number; a bounded gate is a function of two.
  @inline(__always)
  func literal(_ x: Counted) -> Counted {
    switch function {
    case .silu: return x / (Counted(1) + (Counted.zero - x).exponential)
    case .sigmoid: return x.logistic
    case .gelu:
      let error = (x * Counted(0.707_106_77)).errorFunction
      return Counted(0.5) * x * (Counted(1) + error)
    case .tanhGelu:
      let inner = x + Counted(0.044_715) * x * x * x
      let bound = (Counted(0.797_884_56) * inner).hyperbolicTangent
      return Counted(0.5) * x * (Counted(1) + bound)
    case .quickGelu: return x * (Counted(1.702) * x).logistic
    case .relu: return x > Counted.zero ? x : Counted.zero
    case .squaredRelu:
      let positive = x > Counted.zero ? x : Counted.zero
      return positive * positive
    case .boundedGate:
      let bounded = x > Counted(limit) ? Counted(limit) : x
      return bounded * (Counted(slope) * bounded).logistic
    case .tanh: return x.hyperbolicTangent
    case .signedRoot:
      let isNegative = Counted.zero > x
      let opposite = Counted.zero - x
      let magnitude = isNegative ? opposite : x
      let root = (Counted(bound) > magnitude ? Counted(bound) : magnitude).squareRoot
      return (x > Counted.zero ? Counted(1) : Counted(isNegative ? -1 : 0)) * root
    case .identity, .unknown: return x
    case .expandedIntegral:
      // Both halves are computed, and one is taken.
      let linear = Counted(linear)
      let above = Counted(positive) * x * x + linear * x
      let bounded = x > Counted(bound) ? Counted(bound) : x
      let below = Counted(negative) * (bounded.exponential - Counted(1) - x) + linear * x
      return x > Counted.zero ? above : below
    }
  }

  /// What the function is multiplied with: the other half of a gated layer.
  @inline(__always)
  func literalFactor(_ x: Counted) -> Counted {
    guard isBounded else { return x }
    let above = Counted(-limit) > x ? Counted(-limit) : x
    let bounded = above > Counted(limit) ? Counted(limit) : above
    return bounded + Counted(1)
  }

  /// The operations of the fast form on each number.
  var each: OperationTally {
    var tally = OperationTally()
    switch function {
    case .silu, .sigmoid: tally = .logistic
    case .gelu:
      tally.multiply = 3
      tally.erf = 1
      tally.add = 1
    case .tanhGelu:
      tally.multiply = 6
      tally.add = 2
      tally.tanh = 1
    case .quickGelu:
      tally = .logistic
      tally.multiply = 2
    case .relu: tally.compare = 1
    case .squaredRelu:
      tally.compare = 1
      tally.multiply = 1
    case .boundedGate:
      tally = .logistic
      tally.compare = 3
      tally.multiply = 2
      tally.add += 1
    case .tanh: tally.tanh = 1
    case .identity, .unknown, .expandedIntegral, .signedRoot: break
    }
    return tally
  }

  /// Whether there is no fast form.
  var isOnlyLiteral: Bool {
    switch function {
    case .expandedIntegral, .signedRoot: true
    case .silu, .sigmoid, .gelu, .tanhGelu, .quickGelu, .relu, .squaredRelu, .boundedGate, .tanh,
      .identity, .unknown:
      false
    }
  }

  /// The function of every number of a row, in place.
  func fast(_ x: UnsafeMutablePointer<Float>, _ count: Int) {
    switch function {
    case .silu: Vectors.silu(x, into: x, count: count)
    case .sigmoid: Vectors.sigmoid(x, into: x, count: count)
    case .gelu: Vectors.gelu(x, into: x, count: count)
    case .tanhGelu: Vectors.tanhGelu(x, into: x, count: count)
    case .quickGelu:
      for index in 0..<count { x[index] *= 1.702 }
      Vectors.silu(x, into: x, count: count)
      for index in 0..<count { x[index] *= 1 / 1.702 }
    case .relu: for index in 0..<count { x[index] = max(x[index], 0) }
    case .squaredRelu:
      for index in 0..<count {
        let positive = max(x[index], 0)
        x[index] = positive * positive
      }
    case .boundedGate:
      for index in 0..<count { x[index] = min(x[index], limit) * slope }
      Vectors.silu(x, into: x, count: count)
      for index in 0..<count { x[index] /= slope }
    case .tanh: Vectors.tanh(x, into: x, count: count)
    case .identity, .unknown, .expandedIntegral, .signedRoot: break
    }
  }

  /// What the function is multiplied with, in place.
  func fastFactor(_ x: UnsafeMutablePointer<Float>, _ count: Int) {
    guard isBounded else { return }
    for index in 0..<count { x[index] = min(max(x[index], -limit), limit) + 1 }
  }
}

extension Executor {
  /// `y ← f(y)`, or `f(y) ∘ factor`, for a function without slopes.
  func activate(_ y: Matrix, _ function: Activation, times factor: Matrix?, _ path: String) {
    activate(y, ActivationKernel(function), times: factor, path)
  }

  /// `y ← f(y)`, or `f(y) ∘ factor` where there is one.
  func activate(_ y: Matrix, _ activation: ActivationKernel, times factor: Matrix?, _ path: String)
  {
    switch activation.isOnlyLiteral ? .literal : evidence {
    case .literal:
      meter.literally(path, rows: 0..<y.rows) { row in
        for column in 0..<y.columns {
          var value = activation.literal(Counted(y[row, column]))
          if let factor {
            value = value * activation.literalFactor(Counted(factor[row, column]))
          }
          y[row, column] = value.value
        }
      }
    case .kernel:
      let done = Total()
      overRows(y.rows, cost: y.columns) { rows in
        var count = 0
        for row in rows {
          if activation.function == .silu, let factor {
            Vectors.silu(
              y.row(row), times: factor.row(row), into: y.row(row), count: y.columns)
          } else {
            activation.fast(y.row(row), y.columns)
            if let factor {
              activation.fastFactor(factor.row(row), y.columns)
              Vectors.multiply(factor.row(row), into: y.row(row), count: y.columns)
            }
          }
          count += y.columns
        }
        done.add(count)
      }
      var each = activation.each
      if factor != nil { each.multiply += 1 }
      meter.record(path, done.value * each)
    }
  }
}
