#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A number that counts: every operation on it increments the counter of its kind, and is done.
///
/// This is the literal form of the evidence. The counters are global, because a counter carried in
/// each number, or reached through a pointer, doubles the time; `Meter.literally` lets one thread at
/// a time use them.
struct Counted {
  var value: Float

  /// Everything executed since the counters were last set to zero.
  nonisolated(unsafe) static var tally = OperationTally()

  static let zero = Counted(0)

  @inline(__always)
  init(_ value: Float) { self.value = value }

  @inline(__always)
  static func * (left: Counted, right: Counted) -> Counted {
    tally.multiply &+= 1
    return Counted(left.value * right.value)
  }

  @inline(__always)
  static func + (left: Counted, right: Counted) -> Counted {
    tally.add &+= 1
    return Counted(left.value + right.value)
  }

  @inline(__always)
  static func - (left: Counted, right: Counted) -> Counted {
    tally.subtract &+= 1
    return Counted(left.value - right.value)
  }

  @inline(__always)
  static func / (left: Counted, right: Counted) -> Counted {
    tally.divide &+= 1
    return Counted(left.value / right.value)
  }

  @inline(__always)
  static func > (left: Counted, right: Counted) -> Bool {
    tally.compare &+= 1
    return left.value > right.value
  }

  @inline(__always)
  var squareRoot: Counted {
    Counted.tally.sqrt &+= 1
    return Counted(value.squareRoot())
  }

  @inline(__always)
  var exponential: Counted {
    Counted.tally.exp &+= 1
    return Counted(expf(value))
  }

  @inline(__always)
  var logarithm: Counted {
    Counted.tally.log &+= 1
    return Counted(logf(value))
  }

  @inline(__always)
  var hyperbolicTangent: Counted {
    Counted.tally.tanh &+= 1
    return Counted(tanhf(value))
  }

  @inline(__always)
  var errorFunction: Counted {
    Counted.tally.erf &+= 1
    return Counted(erff(value))
  }

  @inline(__always)
  var sine: Counted {
    Counted.tally.sin &+= 1
    return Counted(sinf(value))
  }

  @inline(__always)
  var cosine: Counted {
    Counted.tally.cos &+= 1
    return Counted(cosf(value))
  }
}

// MARK: - Functions of several operations

extension Counted {
  /// `1/(1 + e^(0−x))`.
  @inline(__always)
  var logistic: Counted { Counted(1) / (Counted(1) + (Counted.zero - self).exponential) }

  /// `ln(1 + eˣ)`.
  @inline(__always)
  var softplus: Counted {
    let sum = Counted(1) + exponential
    // Where eˣ is beyond a Float, the logarithm of 1 + eˣ is x to the last bit.
    let logarithm = sum.logarithm
    return sum.value.isInfinite ? self : logarithm
  }

  /// `c·tanh(x/c)`.
  @inline(__always)
  func bounded(by limit: Float) -> Counted {
    Counted(limit) * (self / Counted(limit)).hyperbolicTangent
  }
}
