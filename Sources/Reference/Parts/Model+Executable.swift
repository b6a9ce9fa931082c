import Architecture
import Symbolic
import Kernels

extension Model {
  /// The tokens of the vocabulary.
  func vocabularySize(_ executor: Executor) throws -> Int {
    if let prompt { return try executor.extent(prompt.vocabulary) }
    for branch in head {
      if case .embedding(let table) = branch.module, table.index == .token {
        return try executor.extent(table.rows)
      }
    }
    throw ExecutionError.notExecuted(modelType: modelType, what: "the missing token table")
  }

  /// - Throws: `ExecutionError.tooManyPositions` if a table of positions has fewer.
  func require(positions: Int, _ executor: Executor) throws {
    for branch in head {
      guard case .embedding(let table) = branch.module, table.index == .position else { continue }
      if table.waves?.grows == true { continue }
      let rows = try executor.extent(table.rows) - table.offset
      guard positions <= rows else {
        throw ExecutionError.tooManyPositions(positions, table: rows)
      }
    }
  }

  /// One pass: the scores of the vocabulary.
  func run(_ flow: Flow, on executor: Executor) throws -> Matrix {
    let outside = LayerState()
    let x = try executor.run(executor.entrance, nil, flow, outside, at: "")
    defer { executor.weights.alias = nil }
    for angles in executor.rotations { _ = try executor.rotaryTable(angles, flow.tokens) }
    if let cycles {
      try run(cycles, x, flow, on: executor)
    } else {
      try runLayers(x, flow, firstState: 0, on: executor)
    }
    executor.weights.alias = nil
    if exits != nil, flow.pass.isSampling { return try scoresOfAll(x, flow, on: executor) }
    return try executor.run(executor.exit, x, flow, outside, at: "")
  }

  /// All layers, one after the other, in the memory of the stream.
  ///
  /// Layers that run several times have as many states, numbered from `firstState`.
  private func runLayers(
    _ x: Matrix, _ flow: Flow, firstState: Int, on executor: Executor
  ) throws {
    for index in executor.programs.keys.sorted() {
      guard let program = executor.programs[index], executor.plantedError != .skipsLayer(index)
      else { continue }
      executor.weights.alias = executor.layers[index].map {
        WeightSource.Alias($0.sharings, layer: index, in: layersPath)
      }
      try executor.run(
        program, in: x, flow, layer: index, state: firstState + index,
        at: "\(layersPath).\(index)")
      try leave(behind: index, x, flow, on: executor)
    }
  }

  /// Both stacks in turn; the stream becomes the state of the slow one.
  private func run(
    _ cycles: StackCycles, _ slow: Matrix, _ flow: Flow, on executor: Executor
  ) throws {
    let (slowRuns, fastRuns) = (
      try executor.extent(cycles.slowRuns), try executor.extent(cycles.fastRuns)
    )
    guard let layer = executor.fastProgram else { return }
    let outside = LayerState()
    let fast = executor.scratch.copy(slow)
    var (isFirst, state) = (true, 0)
    func run(_ program: Program, _ x: Matrix, other: Matrix) throws {
      executor.legacies[.otherState] = (.numbers(other), nil)
      try executor.scratch.scoped {
        let y = try executor.run(program, x, flow, outside, at: "")
        if y.start != x.start { y.copy(into: x) }
      }
    }
    for _ in 0..<slowRuns {
      for _ in 0..<fastRuns {
        try run(isFirst ? cycles.begin : cycles.join(.fast), fast, other: slow)
        isFirst = false
        for index in 0..<cycles.count {
          try executor.run(
            layer, in: fast, flow, layer: index, state: state,
            at: "\(cycles.fastLayers).\(index)")
          state += 1
        }
        try run(cycles.close(.fast), fast, other: slow)
      }
      try run(cycles.join(.slow), slow, other: fast)
      try runLayers(slow, flow, firstState: state, on: executor)
      state += executor.programs.count
      try run(cycles.close(.slow), slow, other: fast)
    }
  }

  /// The path of the token table, whose elements a tied head has.
  var tokenTable: String? {
    head.first { branch in
      if case .embedding(let table) = branch.module { table.index == .token } else { false }
    }?.path
  }
}

extension Executor {
  /// Runs the program of a layer in the memory of the stream.
  fileprivate func run(
    _ program: Program, in x: Matrix, _ flow: Flow, layer index: Int, state number: Int,
    at path: String
  ) throws {
    layer = index
    let state = states[number] ?? LayerState()
    states[number] = state
    values[.layer] = Rational(Int128(index))
    try scratch.scoped {
      let y = try run(program, x, flow, state, at: path)
      if y.start != x.start { y.copy(into: x) }
    }
  }
}
