/// The values of all operations of a program, as integers of one width.
///
/// `Number` is wide enough for the program; nothing is checked here, because the builder has
/// proved that nothing can overflow.
final class FormulaLanes<Number: FixedWidthInteger & Sendable> {
  private struct Step {
    var kind: Kind
    var first: Int32
    var second: Int32
    var target: Int32
    /// Which of the operands, and the result, have a value for each lane.
    var shape: Shape
  }

  private enum Kind: UInt8 {
    case add, subtract, multiply, floor, minimum, maximum, atMost, equal, multiple
  }

  private enum Shape: UInt8 {
    case single, laneLane, laneSingle, singleLane
  }

  private let outerSteps: [Step]
  private let laneSteps: [Step]
  private let storage: UnsafeMutablePointer<Number>
  /// Where the values of an operation begin.
  private let offsets: [Int]
  private let isLane: [Bool]
  private let inputs: [Int?]

  init(_ program: CompiledFormulas) {
    var offsets: [Int] = []
    var used = 0
    for isLane in program.isLane {
      offsets.append(used)
      used += isLane ? FormulaRun.lanes : 1
    }
    storage = .allocate(capacity: max(used, 1))
    storage.initialize(repeating: 1, count: max(used, 1))
    var inputs = [Int?](repeating: nil, count: program.scales.count)
    var outer: [Step] = []
    var lane: [Step] = []
    for (place, operation) in program.operations.enumerated() {
      func append(_ kind: Kind, _ a: Int, _ b: Int) {
        let shape: Shape =
          switch (program.isLane[a], program.isLane[b]) {
          case (false, false): .single
          case (true, true): .laneLane
          case (true, false): .laneSingle
          case (false, true): .singleLane
          }
        let step = Step(
          kind: kind, first: Int32(offsets[a]), second: Int32(offsets[b]),
          target: Int32(offsets[place]), shape: shape)
        if shape == .single { outer.append(step) } else { lane.append(step) }
      }
      switch operation {
      case .constant(let value): storage[offsets[place]] = Number(value)
      case .input(let index): inputs[index] = place
      case .add(let a, let b): append(.add, a, b)
      case .subtract(let a, let b): append(.subtract, a, b)
      case .multiply(let a, let b): append(.multiply, a, b)
      case .floor(let a, let b): append(.floor, a, b)
      case .minimum(let a, let b): append(.minimum, a, b)
      case .maximum(let a, let b): append(.maximum, a, b)
      case .atMost(let a, let b): append(.atMost, a, b)
      case .equal(let a, let b): append(.equal, a, b)
      case .multiple(let a, let b): append(.multiple, a, b)
      }
    }
    (outerSteps, laneSteps) = (outer, lane)
    (self.offsets, isLane, self.inputs) = (offsets, program.isLane, inputs)
  }

  deinit { storage.deallocate() }

  /// Sets an input that is the same for all lanes: a value times the input's scale.
  func set(_ input: Int, _ value: Int128) {
    guard let place = inputs[input] else { return }
    storage[offsets[place]] = Number(truncatingIfNeeded: value)
  }

  /// Sets an input for the first lanes.
  func set(_ input: Int, _ values: UnsafePointer<Int128>, count: Int) {
    guard let place = inputs[input] else { return }
    let target = storage + offsets[place]
    for lane in 0..<count { target[lane] = Number(truncatingIfNeeded: values[lane]) }
  }

  /// The value of an operation in a lane.
  func value(_ place: Int, lane: Int) -> Int128 {
    Int128(storage[offsets[place] + (isLane[place] ? lane : 0)])
  }

  /// Lists the lanes in which an answer is one, or zero; returns how many there are.
  func lanes(
    where place: Int, are answer: Bool, count: Int, _ list: UnsafeMutablePointer<Int32>
  ) -> Int {
    let values = storage + offsets[place]
    let wanted: Number = answer ? 1 : 0
    if !isLane[place] {
      guard values[0] == wanted else { return 0 }
      for lane in 0..<count { list[lane] = Int32(lane) }
      return count
    }
    var found = 0
    for lane in 0..<count {
      list[found] = Int32(truncatingIfNeeded: lane)
      found &+= values[lane] == wanted ? 1 : 0
    }
    return found
  }

  /// Computes what does not depend on the lane; to be called when an outer input has changed.
  func runOuter() {
    for step in outerSteps {
      let (a, b) = (storage[Int(step.first)], storage[Int(step.second)])
      storage[Int(step.target)] = Self.result(step.kind, a, b)
    }
  }

  @inline(__always)
  private static func result(_ kind: Kind, _ a: Number, _ b: Number) -> Number {
    switch kind {
    case .add: a &+ b
    case .subtract: a &- b
    case .multiply: a &* b
    case .floor: floor(a, b)
    case .minimum: a < b ? a : b
    case .maximum: a < b ? b : a
    case .atMost: a <= b ? 1 : 0
    case .equal: a == b ? 1 : 0
    case .multiple: a % b == 0 ? 1 : 0
    }
  }

  @inline(__always)
  private static func floor(_ a: Number, _ b: Number) -> Number {
    let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
    return remainder < 0 ? quotient &- 1 : quotient
  }

  /// Computes the first lanes.
  func runLanes(_ count: Int) {
    for step in laneSteps {
      switch step.kind {
      case .add: run(step, count) { $0 &+ $1 }
      case .subtract: run(step, count) { $0 &- $1 }
      case .multiply: run(step, count) { $0 &* $1 }
      case .floor: run(step, count) { Self.floor($0, $1) }
      case .minimum: run(step, count) { $0 < $1 ? $0 : $1 }
      case .maximum: run(step, count) { $0 < $1 ? $1 : $0 }
      case .atMost: run(step, count) { $0 <= $1 ? 1 : 0 }
      case .equal: run(step, count) { $0 == $1 ? 1 : 0 }
      case .multiple: run(step, count) { $0 % $1 == 0 ? 1 : 0 }
      }
    }
  }

  @inline(__always)
  private func run(_ step: Step, _ count: Int, _ body: (Number, Number) -> Number) {
    let first = storage + Int(step.first)
    let second = storage + Int(step.second)
    let target = storage + Int(step.target)
    switch step.shape {
    case .laneLane: for lane in 0..<count { target[lane] = body(first[lane], second[lane]) }
    case .laneSingle:
      let b = second[0]
      for lane in 0..<count { target[lane] = body(first[lane], b) }
    case .singleLane:
      let a = first[0]
      for lane in 0..<count { target[lane] = body(a, second[lane]) }
    case .single: target[0] = body(first[0], second[0])
    }
  }
}
