import Architecture
import Kernels
import Symbolic

extension Executor {
  /// Runs a program for the tokens that enter it, and writes what it returns over them.
  ///
  /// All sequences go together, because experts have a number of slots for the tokens of a pass. Where
  /// nobody enters the parts run on no row, and request their weights.
  ///
  /// Without scores these are the tokens that the last router let in.
  func enter(
    _ x: Matrix, _ scores: Matrix?, _ entrance: Entrance, _ flow: Flow, _ state: LayerState,
    at path: String, _ name: String
  ) throws {
    var entering = entered
    if let scores {
      entering = try scratch.scoped {
        try choose(x, scores, entrance, flow, state, at: path, name)
      }
    } else if let count = entrance.router.leastRecursions {
      entering = assigned(atLeast: count, flow, name)
    } else if let draw = entrance.router.draw {
      entering = try drawn(draw, entrance.router.capacity, flow, name)
    } else if entrance.router.isExit {
      entering = remaining(flow)
    }
    if scores != nil || entrance.router.leastRecursions != nil {
      entered = entering.map { sequence in
        (sequence.rows.map { flow.origins?[$0] ?? $0 }, sequence.scores)
      }
    }
    let (rows, weights) = (entering.flatMap(\.rows), entering.flatMap(\.scores))
    var inner = Flow(
      sequences: flow.sequences, lengths: entering.map(\.rows.count),
      positions: rows.map { flow.positions[$0] }, identifiers: rows.map { flow.identifiers[$0] },
      pass: flow.pass)
    inner.origins = rows.map { flow.origins?[$0] ?? $0 }
    inner.allTokens = flow.allTokens ?? flow.tokens
    for (index, sequence) in flow.sequences.enumerated() {
      let key = LayerState.CacheKey(name: name, sequence: sequence)
      let before = state.entered[key] ?? 0
      let own = inner.rows(of: index)
      meter.decided(
        name, entered: inner.lengths[index], past: before,
        positions: inner.positions[own].map { $0 - past })
      state.entered[key] = before + inner.lengths[index]
    }
    try scratch.scoped {
      let stream = scratch.matrix(rows.count, x.columns)
      for (place, row) in rows.enumerated() {
        stream.row(place).update(from: x.row(row), count: x.columns)
      }
      var run = ProgramRun(entrance.body, inner, state, at: path, weights: weights)
      let result = try run.run(stream, on: self)
      for (place, row) in rows.enumerated() {
        x.row(row).update(from: result.row(place), count: x.columns)
      }
    }
    if let otherwise = entrance.otherwise, rows.count < x.rows {
      try run(otherwise, x, except: rows, flow, state, at: path)
    }
  }

  /// Runs a program for the tokens that do not enter; their rows stay as they are.
  private func run(
    _ program: Program, _ x: Matrix, except entering: [Int], _ flow: Flow, _ state: LayerState,
    at path: String
  ) throws {
    let inside = Set(entering)
    let others = flow.sequences.indices.map { flow.rows(of: $0).filter { !inside.contains($0) } }
    let rows = others.flatMap(\.self)
    var outer = Flow(
      sequences: flow.sequences, lengths: others.map(\.count),
      positions: rows.map { flow.positions[$0] }, identifiers: rows.map { flow.identifiers[$0] },
      pass: flow.pass)
    outer.origins = rows.map { flow.origins?[$0] ?? $0 }
    outer.allTokens = flow.allTokens ?? flow.tokens
    try scratch.scoped {
      let stream = scratch.matrix(rows.count, x.columns)
      for (place, row) in rows.enumerated() {
        stream.row(place).update(from: x.row(row), count: x.columns)
      }
      var run = ProgramRun(program, outer, state, at: path)
      _ = try run.run(stream, on: self)
    }
  }

  /// The rows of each sequence that enter, in order, and their scores.
  ///
  /// While a sequence is known whole, its best *k = max(1, ⌊κ·n⌋)* enter. A token whose future is
  /// unknown enters if its score is no lower than the lowest that entered before, or above the
  /// threshold, or if the predictor says so.
  private func choose(
    _ x: Matrix, _ scores: Matrix, _ entrance: Entrance, _ flow: Flow, _ state: LayerState,
    at path: String, _ name: String
  ) throws -> [(rows: [Int], scores: [Float])] {
    let router = entrance.router
    let isKnown = router.choice == .expert && !flow.pass.isSampling
    var decisions = (0..<x.rows).map { scores[$0, 0] }
    var threshold: Float? = try float(router.bound)
    if let predictor = entrance.predictor {
      try claim(predictor, expert: 0, at: path, runs: false)
      if flow.pass.isSampling {
        let answer = try run(predictor, scratch.copy(x), flow, state, at: path)
        decisions = (0..<x.rows).map { answer[$0, 0] }
        threshold = 0
      }
    } else if router.choice == .expert, !router.isTrainedToDecide {
      threshold = nil
    }
    let share = router.capacity * Formula(Int128(flow.allTokens ?? flow.tokens))
    var count = max(1, try extent(.floor(share)))
    if plantedError == .choosesOneLess { count -= 1 }
    var entering: [(rows: [Int], scores: [Float])] = []
    for (index, sequence) in flow.sequences.enumerated() {
      let key = LayerState.CacheKey(name: name, sequence: sequence)
      let range = flow.rows(of: index)
      let own = Array(decisions[range])
      var rows: [Int] = []
      if router.admitsAll {
        rows = Array(own.indices)
      } else if isKnown {
        rows = best(count, of: own, name)
        let least = rows.map { own[$0] }.min() ?? 0
        state.thresholds[key] = min(least, state.thresholds[key] ?? .infinity)
      } else {
        let bound = threshold ?? (state.thresholds[key] ?? -.infinity).nextDown
        meter.literally(name, rows: own.indices) { row in
          if Counted(own[row]) > Counted(bound) { rows.append(row) }
        }
      }
      entering.append(
        (rows.map { $0 + range.lowerBound }, rows.map { scores[$0 + range.lowerBound, 0] }))
    }
    note(
      RoutingChoice(name, .tokens(entering.map { $0.rows.map { flow.positions[$0] }.sorted() })))
    return entering
  }
}
