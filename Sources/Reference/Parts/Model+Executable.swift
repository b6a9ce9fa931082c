import Architecture
import Symbolic
import Kernels

extension Model {
  /// The tokens of the vocabulary.
  func vocabularySize(_ executor: Executor) throws -> Int {
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
    for index in executor.programs.keys.sorted() {
      guard let program = executor.programs[index], executor.plantedError != .skipsLayer(index)
      else { continue }
      executor.layer = index
      let state = executor.states[index] ?? LayerState()
      executor.states[index] = state
      executor.values[.layer] = Rational(Int128(index))
      executor.weights.alias = executor.layers[index]?.sharing.map {
        WeightSource.Alias($0, layer: index, in: layersPath)
      }
      try executor.scratch.scoped {
        let y = try executor.run(program, x, flow, state, at: "\(layersPath).\(index)")
        if y.start != x.start { y.copy(into: x) }
      }
    }
    executor.weights.alias = nil
    return try executor.run(executor.exit, x, flow, outside, at: "")
  }

  /// The path of the token table, whose numbers a tied head has.
  var tokenTable: String? {
    head.first { branch in
      if case .embedding(let table) = branch.module { table.index == .token } else { false }
    }?.path
  }
}

extension Module {
  /// Runs a part whose lowering is not written yet: from `[rows, d]` to `[rows, d]`.
  func run(
    _ x: Matrix, _ flow: Flow, _ state: LayerState, at path: String, on executor: Executor
  ) throws -> Matrix {
    switch self {
    case .mixer(let module): try module.run(x, flow, state, at: path, on: executor)
    case .embedding, .normalization, .linear, .head, .selfAttention, .latentAttention, .feedForward,
      .mixtureOfExperts, .depthRouter, .recurrent, .stream:
      preconditionFailure("an obstacle names such a part before the pass")
    }
  }
}
