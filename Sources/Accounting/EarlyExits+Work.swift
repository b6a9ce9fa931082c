import Architecture
import Symbolic

extension Model {
  /// What comes after the layers, or after some of them, for the tokens that come to it.
  ///
  /// - `reaching`: how many tokens come to each exit and to the end, if the data have decided it.
  func exitWork(
    _ stream: Stream, _ assumption: DepthRouter.Assumption, reaching: [Int128]? = nil
  ) -> [(Work, Module?)] {
    guard let exits, let earlyExit, stream.workload.phase == .decode else {
      return ProgramWork(stream).work(of: exit)
    }
    return (0...exits.layers.count).flatMap { number in
      var reached = stream
      if number > 0 {
        reached.entering = .decidedByData
        switch assumption {
        case .none: reached.sequences = 0
        case .expected: reached.sequences = stream.sequences * exits.remaining(before: number)
        case .all: break
        }
        if let reaching { reached.sequences = Formula(reaching[number]) }
      }
      return ProgramWork(reached).work(of: number == exits.layers.count ? exit : earlyExit)
    }
  }
}
