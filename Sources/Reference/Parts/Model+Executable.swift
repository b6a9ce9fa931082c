import Architecture
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
      let rows = try executor.extent(table.rows)
      guard positions <= rows else {
        throw ExecutionError.tooManyPositions(positions, table: rows)
      }
    }
  }

  /// One pass: the scores of the vocabulary.
  func run(_ flow: Flow, on executor: Executor) throws -> Matrix {
    let x = try embed(flow, on: executor)
    try makeRotaryTables(flow, on: executor)
    for index in executor.layers.keys.sorted() {
      guard let layer = executor.layers[index], executor.plantedError != .skipsLayer(index)
      else { continue }
      let state = executor.states[index] ?? LayerState()
      executor.states[index] = state
      try layer.run(x, flow, state, at: "\(layersPath).\(index)", on: executor)
    }
    return try score(x, flow, on: executor)
  }

  /// Embeddings, and what else comes before the layers.
  private func embed(_ flow: Flow, on executor: Executor) throws -> Matrix {
    var x: Matrix?
    for branch in head {
      switch (branch.module, x) {
      case (.embedding(let table), _):
        x = try table.run(x, flow, at: branch.path, on: executor)
      case (.normalization(let norm), let y?):
        try executor.normalize(y, norm, at: branch.path)
      case (.linear(let map), let y?): x = try executor.linear(y, map, at: branch.path)
      default: preconditionFailure("an obstacle names such a branch before the layers")
      }
    }
    guard let x else { preconditionFailure("\(name) has no token table") }
    return x
  }

  /// The table of each rotation that some layer uses.
  private func makeRotaryTables(_ flow: Flow, on executor: Executor) throws {
    for index in executor.layers.keys.sorted() {
      for branch in executor.layers[index]?.branches ?? [] {
        switch branch.module {
        case .selfAttention(let attention):
          guard case .rotary(let size, let table) = attention.position else { continue }
          _ = executor.rotaryTable(
            RotaryTable.Key(size: try executor.extent(size), table: table), flow.tokens)
        case .latentAttention(let attention) where attention.isRotated:
          _ = executor.rotaryTable(
            RotaryTable.Key(size: try executor.extent(attention.rotarySize), table: ""),
            flow.tokens)
        default: continue
        }
      }
    }
  }

  /// The final norm and the scores of the vocabulary.
  private func score(_ x: Matrix, _ flow: Flow, on executor: Executor) throws -> Matrix {
    var y = x
    for branch in tail {
      switch branch.module {
      case .normalization(let norm): try executor.normalize(y, norm, at: branch.path)
      case .linear(let map): y = try executor.linear(y, map, at: branch.path)
      case .head(let map, let isTied):
        if flow.pass.scoresLastOnly || logits.isLastOnly { y = lastRows(y, flow, executor) }
        y = try score(y, map, isTied, at: branch.path, on: executor)
      default: preconditionFailure("an obstacle names such a branch after the layers")
      }
    }
    return y
  }

  /// The last row of each sequence.
  private func lastRows(_ x: Matrix, _ flow: Flow, _ executor: Executor) -> Matrix {
    let y = executor.scratch.matrix(flow.sequences.count, x.columns)
    for index in flow.sequences.indices {
      y.row(index).update(
        from: x.row(flow.rows(of: index).upperBound - 1), count: x.columns)
    }
    return y
  }

  private func score(
    _ x: Matrix, _ map: Linear, _ isTied: Bool, at path: String, on executor: Executor
  ) throws -> Matrix {
    let name = path.appending(map.name)
    // A tied head has the numbers of the token table.
    let table = isTied ? tokenTable?.appending("weight") : nil
    let y = try executor.linear(x, map, at: path, sharing: table)
    if logits.isScaled { executor.scale(y, by: Constants.logitScale, name) }
    if logits.isCapped { executor.bound(y, by: Constants.logitCap, name) }
    return y
  }

  private var tokenTable: String? {
    head.first { branch in
      if case .embedding(let table) = branch.module { table.index == .token } else { false }
    }?.path
  }
}
