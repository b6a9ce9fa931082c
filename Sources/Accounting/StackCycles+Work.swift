import Architecture
import Symbolic

extension StackCycles {
  /// Everything that the fast stack executes, and what begins and ends the runs of both; the layers
  /// of the slow stack are those of the model.
  func work(over stream: Stream) -> [Work] {
    let pass = ProgramWork(stream)
    func work(of program: Program) -> [Work] { pass.work(of: program).map(\.0) }
    let one = work(of: layer.program)
    let stack = (0..<count).flatMap { index in
      one.map { work in
        var work = work.within("\(fastLayers).\(index)")
        work.isOfLayer = true
        return work
      }
    }
    let runs = slowRuns * fastRuns
    let fast = stack + work(of: close(.fast))
    // The first run of the fast stack begins with a state of its own.
    let joins =
      work(of: begin) + work(of: join(.fast)).map { $0.times(runs - 1) }
    let slow = (work(of: join(.slow)) + work(of: close(.slow))).map { $0.times(slowRuns) }
    guard stream.workload.phase == .train else {
      return joins + fast.map { $0.times(runs) } + slow
    }
    return joins + fast.map { $0.times(learningRuns) }
      + fast.map { $0.times(runs - learningRuns).notKept } + slow
  }
}
