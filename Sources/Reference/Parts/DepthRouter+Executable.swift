import Architecture
import Kernels
import Symbolic

extension DepthRouter {
  /// The rows of each sequence that enter the layer, in order, and their scores.
  ///
  /// While a sequence is known whole, its best *k = max(1, ⌊κ·n⌋)* enter. A token whose future is
  /// unknown enters if its score is no lower than the lowest that entered before, or above zero,
  /// or if the predictor says so.
  func choose(
    _ x: Matrix, _ flow: Flow, _ state: LayerState, at path: String, on executor: Executor
  ) throws -> [(rows: [Int], scores: [Float])] {
    let name = path.appending("mod_router")
    let router = Linear("mod_router", width, 1)
    let scores = try executor.linear(x, router, at: path)
    let isKnown = choice == .expert && !flow.pass.isSampling
    var decisions = (0..<x.rows).map { scores[$0, 0] }
    var threshold: Float? = 0
    if let predictor {
      let first = Linear("mod_predictor.fc1", width, predictor)
      let second = Linear("mod_predictor.fc2", predictor, 1)
      for map in [first, second] {
        executor.claim(
          map, at: path, try executor.extent(map.input), try executor.extent(map.output))
      }
      if flow.pass.isSampling {
        let inner = try executor.linear(x, first, at: path)
        executor.activate(
          inner, .silu, times: nil, path.appending("mod_predictor.activation"))
        let answer = try executor.linear(inner, second, at: path)
        decisions = (0..<x.rows).map { answer[$0, 0] }
      }
    } else if choice == .expert {
      threshold = nil
    }
    var count = max(
      1, try executor.extent(.floor(capacity * Formula(Int128(flow.tokens)))))
    if executor.plantedError == .choosesOneLess { count -= 1 }
    var entering: [(rows: [Int], scores: [Float])] = []
    for (index, sequence) in flow.sequences.enumerated() {
      let range = flow.rows(of: index)
      let own = Array(decisions[range])
      var rows: [Int] = []
      if isKnown {
        rows = executor.best(count, of: own, name)
        let least = rows.map { own[$0] }.min() ?? 0
        state.thresholds[sequence] = min(least, state.thresholds[sequence] ?? .infinity)
      } else {
        let bound = threshold ?? (state.thresholds[sequence] ?? -.infinity).nextDown
        executor.meter.literally(name, rows: own.indices) { row in
          if Counted(own[row]) > Counted(bound) { rows.append(row) }
        }
      }
      entering.append(
        (rows.map { $0 + range.lowerBound }, rows.map { scores[$0 + range.lowerBound, 0] }))
    }
    executor.note(
      RoutingChoice(path, .tokens(entering.map { $0.rows.map { flow.positions[$0] }.sorted() })))
    return entering
  }
}
