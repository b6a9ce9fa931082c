/// A program at work: the values of all its operations, for one setting of the outer inputs and
/// many lanes.
package final class FormulaRun {
  /// How many lanes are computed at once.
  package static let lanes = 256

  private enum Width {
    case bits64(FormulaLanes<Int64>)
    case bits128(FormulaLanes<Int128>)
  }

  private let width: Width

  package init(_ program: CompiledFormulas) {
    switch program.width {
    case .bits64: width = .bits64(FormulaLanes(program))
    case .bits128: width = .bits128(FormulaLanes(program))
    }
  }

  /// Sets an input that is the same for all lanes: a value times the input's scale.
  package func set(_ input: Int, _ value: Int128) {
    switch width {
    case .bits64(let lanes): lanes.set(input, value)
    case .bits128(let lanes): lanes.set(input, value)
    }
  }

  /// Sets an input for the first lanes.
  package func set(_ input: Int, _ values: UnsafePointer<Int128>, count: Int) {
    switch width {
    case .bits64(let lanes): lanes.set(input, values, count: count)
    case .bits128(let lanes): lanes.set(input, values, count: count)
    }
  }

  /// Computes what does not depend on the lane; to be called when an outer input has changed.
  package func runOuter() {
    switch width {
    case .bits64(let lanes): lanes.runOuter()
    case .bits128(let lanes): lanes.runOuter()
    }
  }

  /// Computes the first lanes.
  package func runLanes(_ count: Int) {
    switch width {
    case .bits64(let lanes): lanes.runLanes(count)
    case .bits128(let lanes): lanes.runLanes(count)
    }
  }

  /// The value of an operation in a lane.
  package func value(_ place: Int, lane: Int) -> Int128 {
    switch width {
    case .bits64(let lanes): lanes.value(place, lane: lane)
    case .bits128(let lanes): lanes.value(place, lane: lane)
    }
  }

  /// Lists the lanes in which an answer is one, or zero; returns how many there are.
  ///
  /// The list has room for as many as are looked at, and one more.
  package func lanes(
    where place: Int, are answer: Bool, count: Int, _ list: UnsafeMutablePointer<Int32>
  ) -> Int {
    switch width {
    case .bits64(let lanes): lanes.lanes(where: place, are: answer, count: count, list)
    case .bits128(let lanes): lanes.lanes(where: place, are: answer, count: count, list)
    }
  }
}
