import Architecture
import Kernels
import Symbolic

extension Executor {
  /// Runs a layer for the tokens that enter it, and adds their weighed answers to the stream.
  ///
  /// All sequences go together, because experts have so many places for the tokens of a pass. Where
  /// nobody enters the parts run on no row, and ask for their weights.
  func enter(
    _ x: Matrix, _ scores: Matrix, _ entrance: Entrance, _ flow: Flow, _ state: LayerState,
    at path: String, _ name: String
  ) throws {
    let entering = try scratch.scoped {
      try choose(x, scores, entrance, flow, state, at: path, name)
    }
    let (rows, weights) = (entering.flatMap(\.rows), entering.flatMap(\.scores))
    let inner = Flow(
      sequences: flow.sequences, lengths: entering.map(\.rows.count),
      positions: rows.map { flow.positions[$0] }, identifiers: rows.map { flow.identifiers[$0] },
      pass: flow.pass)
    for (index, sequence) in flow.sequences.enumerated() {
      let before = state.entered[sequence] ?? 0
      meter.decided(path, entered: inner.lengths[index], past: before)
      state.entered[sequence] = before + inner.lengths[index]
    }
    try scratch.scoped {
      let stream = scratch.matrix(rows.count, x.columns)
      for (place, row) in rows.enumerated() {
        stream.row(place).update(from: x.row(row), count: x.columns)
      }
      let answer = try run(entrance.body, stream, inner, state, at: path)
      // x + r·f, in the two halves that the router's weighting has.
      multiplyRows(answer, by: weights, name)
      addScaled(answer, nil, to: x, at: rows, name)
    }
  }

  /// The rows of each sequence that enter the layer, in order, and their scores.
  ///
  /// While a sequence is known whole, its best *k = max(1, ⌊κ·n⌋)* enter. A token whose future is
  /// unknown enters if its score is no lower than the lowest that entered before, or above zero,
  /// or if the predictor says so.
  private func choose(
    _ x: Matrix, _ scores: Matrix, _ entrance: Entrance, _ flow: Flow, _ state: LayerState,
    at path: String, _ name: String
  ) throws -> [(rows: [Int], scores: [Float])] {
    let router = entrance.router
    let isKnown = router.choice == .expert && !flow.pass.isSampling
    var decisions = (0..<x.rows).map { scores[$0, 0] }
    var threshold: Float? = 0
    if let predictor = entrance.predictor {
      try claim(predictor, expert: 0, at: path, runs: false)
      if flow.pass.isSampling {
        let answer = try run(predictor, scratch.copy(x), flow, state, at: path)
        decisions = (0..<x.rows).map { answer[$0, 0] }
      }
    } else if router.choice == .expert, !router.isTrainedToDecide {
      threshold = nil
    }
    let share = router.capacity * Formula(Int128(flow.tokens))
    var count = max(1, try extent(.floor(share)))
    if plantedError == .choosesOneLess { count -= 1 }
    var entering: [(rows: [Int], scores: [Float])] = []
    for (index, sequence) in flow.sequences.enumerated() {
      let range = flow.rows(of: index)
      let own = Array(decisions[range])
      var rows: [Int] = []
      if isKnown {
        rows = best(count, of: own, name)
        let least = rows.map { own[$0] }.min() ?? 0
        state.thresholds[sequence] = min(least, state.thresholds[sequence] ?? .infinity)
      } else {
        let bound = threshold ?? (state.thresholds[sequence] ?? -.infinity).nextDown
        meter.literally(name, rows: own.indices) { row in
          if Counted(own[row]) > Counted(bound) { rows.append(row) }
        }
      }
      entering.append(
        (rows.map { $0 + range.lowerBound }, rows.map { scores[$0 + range.lowerBound, 0] }))
    }
    note(
      RoutingChoice(path, .tokens(entering.map { $0.rows.map { flow.positions[$0] }.sorted() })))
    return entering
  }
}
