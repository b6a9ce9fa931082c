import Symbolic

/// The program of one structure at work, in numbers as wide as it needs.
final class StructureRun {
  private enum Run {
    case narrow(ProgramRun<Int64>)
    case wide(ProgramRun<Int128>)
  }

  private let compiled: CompiledStructure
  private let run: Run

  static var lanes: Int { ProgramRun<Int64>.lanes }

  init(_ compiled: CompiledStructure) {
    self.compiled = compiled
    switch compiled.program.width {
    case .bits64: run = .narrow(ProgramRun(compiled.program))
    case .bits128: run = .wide(ProgramRun(compiled.program))
    }
  }

  func set(_ input: Int, _ value: Int128) {
    switch run {
    case .narrow(let run): run.set(input, value)
    case .wide(let run): run.set(input, value)
    }
  }

  @inline(__always)
  func set(_ input: Int, lane: Int, _ value: Int128) {
    switch run {
    case .narrow(let run): run.set(input, lane: lane, value)
    case .wide(let run): run.set(input, lane: lane, value)
    }
  }

  func runOuter() {
    switch run {
    case .narrow(let run): run.runOuter()
    case .wide(let run): run.runOuter()
    }
  }

  func runLanes(_ count: Int) {
    switch run {
    case .narrow(let run): run.runLanes(count)
    case .wide(let run): run.runLanes(count)
    }
  }

  /// Visits the lanes that the filter lets through, and those that are no models.
  func collect(
    _ count: Int, _ body: (_ lane: Int, _ isModel: Bool, _ values: () -> [Rational?]) -> Void
  ) {
    switch run {
    case .narrow(let run): collect(run, count, body)
    case .wide(let run): collect(run, count, body)
    }
  }

  private func collect<Number>(
    _ run: ProgramRun<Number>, _ count: Int,
    _ body: (_ lane: Int, _ isModel: Bool, _ values: () -> [Rational?]) -> Void
  ) {
    let (kept, models) = (run.values(compiled.isKept), run.values(compiled.isModel))
    let (keepsLanes, modelsLanes) = (run.isLane(compiled.isKept), run.isLane(compiled.isModel))
    for lane in 0..<count {
      let isModel = models[modelsLanes ? lane : 0] == 1
      let isKept = kept[keepsLanes ? lane : 0] == 1
      guard isKept || !isModel else { continue }
      body(lane, isModel) {
        self.compiled.columns.map { place in
          guard let place else { return nil }
          let above = run.value(place.numerator, lane: lane)
          let below = run.value(place.denominator, lane: lane)
          return below == 1 ? Rational(above) : try? Rational(above, over: below)
        }
      }
    }
  }
}
